import type { ReactNode } from 'react';
import { classNames } from './class-names.js';
import classes from './tag.module.css';

export type Tone = 'neutral' | 'good' | 'bad' | 'warn' | 'accent';

/** A word or two beside a name. */
export function Tag({ tone = 'neutral', children }: { tone?: Tone | undefined; children: ReactNode }) {
  return <span className={classNames(classes.tag, classes[tone])}>{children}</span>;
}

/** The exact code beneath a sentence, the same in every language. */
export function CodeWord({
  children,
  tone = 'bad',
}: {
  children: string;
  tone?: 'bad' | 'neutral' | undefined;
}) {
  return <code className={classNames(classes.code, classes[`${tone}Code`])}>{children}</code>;
}
