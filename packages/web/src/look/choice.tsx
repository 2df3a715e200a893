import { NativeSelect } from '@mantine/core';
import type { ComponentProps } from 'react';
import classes from './choice.module.css';
import { classNames } from './class-names.js';
import { Icon } from './icon.js';

/** One of several, opened by the system's own list. */
export function Choice<Value extends string>({
  options,
  value,
  onChange,
  face = 'plain',
  ...rest
}: {
  options: readonly { readonly value: Value; readonly label: string }[];
  value: Value;
  onChange: (value: Value) => void;
  face?: 'plain' | 'line';
} & Omit<ComponentProps<typeof NativeSelect>, 'data' | 'value' | 'onChange'>) {
  return (
    <NativeSelect
      {...rest}
      classNames={{
        root: classNames(classes.root, classes[face]),
        wrapper: classes.wrapper,
        input: classes.input,
        section: classes.section,
      }}
      rightSection={<Icon name="down" size={16} />}
      value={value}
      data={[...options]}
      onChange={(event) => onChange(event.currentTarget.value as Value)}
    />
  );
}
