import { Chip } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './chips.module.css';

interface ChipOption<Value extends string> {
  readonly value: Value;
  readonly label: ReactNode;
}

const faces = (look: string | undefined) => ({ root: classes.chip, input: classes.input, label: look });

/** One of many, in a row that wraps. */
export function ChipChoice<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: Value;
  options: readonly ChipOption<Value>[];
  onChange: (value: Value) => void;
}) {
  return (
    <div className={classes.row} role="radiogroup" aria-label={label}>
      <Chip.Group value={value} onChange={(chosen) => onChange(chosen as Value)}>
        {options.map((option) => (
          <Chip key={option.value} value={option.value} icon={null} classNames={faces(classes.tab)}>
            {option.label}
          </Chip>
        ))}
      </Chip.Group>
    </div>
  );
}

/** Some of many. */
export function ChipSet({
  labelledBy,
  describedBy,
  values,
  options,
  onChange,
}: {
  labelledBy: string;
  describedBy?: string | undefined;
  values: readonly string[];
  options: readonly ChipOption<string>[];
  onChange: (values: string[]) => void;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset takes its name from a legend inside; this one's stands beside it.
    <div className={classes.set} role="group" aria-labelledby={labelledBy} aria-describedby={describedBy}>
      <Chip.Group multiple value={[...values]} onChange={onChange}>
        {options.map((option) => (
          <Chip key={option.value} value={option.value} icon={null} classNames={faces(classes.pick)}>
            {option.label}
          </Chip>
        ))}
      </Chip.Group>
    </div>
  );
}
