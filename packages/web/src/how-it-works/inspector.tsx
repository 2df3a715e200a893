import type { InstallTrace } from '@jami-plugin-store/contract';
import { useId } from 'react';
import { classNames } from '../look/class-names.js';
import { CopyButton } from '../look/copy-button.js';
import { Icon } from '../look/icon.js';
import panel from '../look/panel.module.css';
import { SealMark } from '../look/seal-mark.js';
import { useWords } from '../texts/use-words.js';
import classes from './inspector.module.css';
import { factName, isBad, isGood, labelOf, wordsOf } from './trace-words.js';
import type { Playback } from './use-playback.js';

/** The chosen message: in plain words, by its facts, and as it was really sent. */
export function Inspector({ trace, playback }: { trace: InstallTrace; playback: Playback }) {
  const words = useWords();
  const { t, number } = words;
  const heading = useId();
  const { messages } = trace;
  const { index, choose } = playback;
  const message = messages[index];
  if (message === undefined) {
    return <section className={classNames(panel.panel, classes.inspect)}>{t('how.noMessages')}</section>;
  }
  const { title, say } = wordsOf(message, words);
  const party = (name: typeof message.from): string => t(`how.parties.${name}.name`);
  const [before, after] = [messages[index - 1], messages[index + 1]];
  // What a party did by itself was recorded; what went over a wire was sent.
  const isSent = message.from !== message.to;
  return (
    <section className={classNames(panel.panel, classes.inspect)} aria-labelledby={heading}>
      <p className={classes.route}>
        <span>{party(message.from)}</span>
        {isSent && (
          <>
            <Icon name="arrow" size={15} />
            <span>{party(message.to)}</span>
          </>
        )}
        <span className={classNames(classes.nth, 'num')}>
          {t('how.nth', { number: number(index + 1), of: number(messages.length) })}
        </span>
      </p>
      <h2 id={heading} className={classNames(isBad(message) && classes.bad, isGood(message) && classes.good)}>
        {isGood(message) && <SealMark seal="verified" size={20} />}
        {isBad(message) && <SealMark seal="revoked" size={20} />}
        {title}
      </h2>
      <p className={classes.say}>{say}</p>
      {(message.facts.length > 0 || message.code !== undefined) && (
        <dl aria-label={t('how.facts')} tabIndex={0}>
          {message.code !== undefined && (
            <div>
              <dt>{factName('code', t)}</dt>
              <dd>{message.code}</dd>
            </div>
          )}
          {message.facts
            .filter(({ name }) => name !== 'code')
            .map(({ name, value }, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: one name may come several times
              <div key={place}>
                <dt>{factName(name, t)}</dt>
                <dd>{value}</dd>
              </div>
            ))}
        </dl>
      )}
      {message.raw !== undefined && (
        <div className={classes.raw}>
          <p>
            <span>{t(isSent ? 'how.asSent' : 'how.asRecorded')}</span>
            <CopyButton text={message.raw} label={t('common.copy')} />
          </p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
          <section tabIndex={0} aria-label={t(isSent ? 'how.asSent' : 'how.asRecorded')}>
            <pre>
              <code>{message.raw}</code>
            </pre>
          </section>
        </div>
      )}
      <div className={classes.turn}>
        {before !== undefined && (
          <button
            type="button"
            onClick={() => choose(index - 1)}
            aria-label={t('how.previous', { label: labelOf(before, words) })}
          >
            <Icon name="back" size={16} />
            <span>{labelOf(before, words)}</span>
          </button>
        )}
        {after !== undefined && (
          <button
            type="button"
            className={classes.next}
            onClick={() => choose(index + 1)}
            aria-label={t('how.next', { label: labelOf(after, words) })}
          >
            <span>{labelOf(after, words)}</span>
            <Icon name="next" size={16} />
          </button>
        )}
      </div>
    </section>
  );
}
