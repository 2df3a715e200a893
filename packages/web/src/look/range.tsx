import type { ComponentPropsWithRef } from 'react';
import { classNames } from './class-names.js';
import classes from './range.module.css';

/** A slider; `share` (0 to 1) is how far its track is filled. */
export function Range({ share, className, ...rest }: ComponentPropsWithRef<'input'> & { share: number }) {
  return (
    <input
      type="range"
      {...rest}
      className={classNames(classes.range, className)}
      style={{ '--share': `${Math.min(1, Math.max(0, share)) * 100}%` } as React.CSSProperties}
    />
  );
}
