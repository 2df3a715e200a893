import { SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';
import { classNames } from './class-names.js';
import classes from './segments.module.css';

/** A choice of a few, all of them seen. */
export function Segments<Value extends string>({
  label,
  value,
  options,
  onChange,
  face = 'small',
}: {
  label: string;
  value: Value;
  options: readonly { readonly value: Value; readonly label: ReactNode }[];
  onChange: (value: Value) => void;
  face?: 'small' | 'large' | 'full';
}) {
  return (
    <SegmentedControl<Value>
      aria-label={label}
      classNames={{
        root: classNames(classes.root, classes[face]),
        control: classes.control,
        input: classes.input,
        label: classes.label,
        innerLabel: classes.inner,
        indicator: classes.indicator,
      }}
      value={value}
      data={[...options]}
      onChange={onChange}
    />
  );
}
