import type { ReactNode } from 'react';
import classes from './section-head.module.css';

/** A section's name, a word beside it, and what can be done with the whole of it. */
export function SectionHead({
  id,
  title,
  aside,
  children,
}: {
  id: string;
  title: string;
  aside?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className={classes.head}>
      <h2 id={id}>
        {title} {aside !== undefined && <small>{aside}</small>}
      </h2>
      <span className={classes.grow} />
      {children}
    </div>
  );
}
