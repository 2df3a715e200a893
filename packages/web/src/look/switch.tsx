import { Switch } from '@mantine/core';
import classes from './switch.module.css';

/** On or off, at once. `label` is its whole name; what stands beside it on the screen says the same to the eye. */
export function OnOff({
  label,
  isOn,
  isDisabled = false,
  isBusy = false,
  onChange,
}: {
  label: string;
  isOn: boolean;
  isDisabled?: boolean;
  /** What was asked for is under way: it stays where it is and takes no other wish. */
  isBusy?: boolean;
  onChange: (isOn: boolean) => void;
}) {
  return (
    <Switch
      classNames={{
        root: classes.root,
        body: classes.body,
        input: classes.input,
        track: classes.track,
        thumb: classes.thumb,
      }}
      aria-label={label}
      checked={isOn}
      disabled={isDisabled}
      aria-busy={isBusy || undefined}
      onChange={(event) => {
        if (!isBusy) onChange(event.currentTarget.checked);
      }}
    />
  );
}
