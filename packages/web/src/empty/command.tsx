import { CopyButton } from '../look/copy-button.js';
import { useWords } from '../texts/use-words.js';
import classes from './command.module.css';

/** A command for a terminal, and a button that copies it. */
export function Command({ text }: { text: string }) {
  const { t } = useWords();
  return (
    <span className={classes.command}>
      <code>{text}</code>
      <CopyButton text={text} label={t('empty.copyCommand')} />
    </span>
  );
}
