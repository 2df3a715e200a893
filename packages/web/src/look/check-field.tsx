import { Checkbox } from '@mantine/core';
import classes from './check-field.module.css';

/** A box to tick; its name stands beside it, under `labelledBy`. */
export function CheckField({
  labelledBy,
  describedBy,
  isChecked,
  onChange,
}: {
  labelledBy: string;
  describedBy?: string | undefined;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}) {
  return (
    <Checkbox
      classNames={{
        root: classes.root,
        body: classes.body,
        inner: classes.inner,
        input: classes.input,
        icon: classes.icon,
      }}
      aria-labelledby={labelledBy}
      aria-describedby={describedBy}
      checked={isChecked}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  );
}
