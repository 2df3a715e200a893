import { type ReactNode, useId } from 'react';
import { classNames } from '../look/class-names.js';
import panel from '../look/panel.module.css';
import { CodeWord } from '../look/tag.js';
import classes from './empty-panel.module.css';

/**
 * What takes a list's place: a picture, what is wrong, what still works, at most two actions. Its foot says how it heals by
 * itself, and the exact code.
 */
export function EmptyPanel({
  picture,
  title,
  say,
  actions,
  heal,
  figure,
  code,
  level = 'h2',
}: {
  picture: ReactNode;
  title: string;
  say: ReactNode;
  actions?: ReactNode;
  /** How it goes away; `figure` stands before it. */
  heal: string;
  figure: ReactNode;
  code?: string | undefined;
  /** `h1` where it takes the place of a whole screen. */
  level?: 'h1' | 'h2';
}) {
  const heading = useId();
  const Heading = level;
  return (
    <section className={classNames(panel.panel, classes.empty)} aria-labelledby={heading}>
      {picture}
      <Heading id={heading}>{title}</Heading>
      <p className={classes.say}>{say}</p>
      <div className={classes.acts}>{actions}</div>
      <div className={classes.heal}>
        {figure}
        <p role="status">{heal}</p>
        {code !== undefined && (
          <span className={classes.code}>
            <CodeWord tone="neutral">{code}</CodeWord>
          </span>
        )}
      </div>
    </section>
  );
}
