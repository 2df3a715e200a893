import type { ComponentPropsWithRef } from 'react';
import { classNames } from './class-names.js';
import classes from './text-field.module.css';

/** One line of text. */
export function TextField({ className, ...rest }: ComponentPropsWithRef<'input'>) {
  return (
    <input autoComplete="off" spellCheck={false} {...rest} className={classNames(classes.field, className)} />
  );
}
