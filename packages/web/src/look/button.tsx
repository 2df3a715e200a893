import type { ComponentPropsWithRef } from 'react';
import classes from './button.module.css';
import { classNames } from './class-names.js';

export type ButtonFace = 'quiet' | 'soft' | 'fill' | 'plain' | 'line' | 'icon' | 'link';

/** A push button. `isBusy` keeps it where it is, focus and all, while what it asked for is under way. */
export function Button({
  face = 'quiet',
  isBusy = false,
  className,
  onClick,
  ...rest
}: ComponentPropsWithRef<'button'> & { face?: ButtonFace; isBusy?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      className={buttonClass(face, className)}
      aria-disabled={isBusy || undefined}
      onClick={isBusy ? undefined : onClick}
    />
  );
}

/** The look of a button, for links that lead somewhere. */
export function buttonClass(face: ButtonFace, more?: string): string {
  return face === 'link' ? classNames(classes.link, more) : classNames(classes.button, classes[face], more);
}
