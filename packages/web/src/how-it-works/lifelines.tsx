import {
  type InstallTrace,
  type TraceMessage,
  type TraceParty,
  traceParties,
} from '@jami-plugin-store/contract';
import { useEffect, useId, useRef } from 'react';
import { classNames } from '../look/class-names.js';
import { Icon, type IconName } from '../look/icon.js';
import { useWords } from '../texts/use-words.js';
import { type LaneWork, laneWork } from './activity-bars.js';
import classes from './lifelines.module.css';
import { isBad, isGood, labelOf, routeOf } from './trace-words.js';
import type { Playback } from './use-playback.js';

const icons = {
  client: 'screen',
  store: 'folder',
  daemon: 'shield',
  responder: 'list',
  authority: 'sprout',
} as const satisfies Record<TraceParty, IconName>;

const laneOf = (party: TraceParty): number => traceParties.indexOf(party);
/** More rows than that scroll in their own box. */
const longList = 26;

/** Who tells whom what, from top to bottom; each message can be chosen. What has not happened yet is dashed. */
export function Lifelines({
  trace,
  playback,
  name,
}: {
  trace: InstallTrace;
  playback: Playback;
  name: string;
}) {
  const { t } = useWords();
  const group = useId();
  const { messages } = trace;
  const work = laneWork(messages);
  const { choose, toggle } = playback;
  return (
    <>
      <Heads />
      <div
        className={classNames(classes.list, messages.length > longList && classes.long)}
        role="radiogroup"
        aria-label={t('how.messages', { name })}
        onKeyDown={(event) => {
          const handled = { ' ': toggle, Home: () => choose(0), End: () => choose(messages.length - 1) }[
            event.key
          ];
          if (handled === undefined) return;
          event.preventDefault();
          handled();
        }}
      >
        {messages.map((message, index) => (
          <Message
            // biome-ignore lint/suspicious/noArrayIndexKey: a message is what stands at its place
            key={index}
            group={group}
            message={message}
            work={work[index] ?? []}
            isChosen={index === playback.index}
            isLater={index > playback.index}
            onChoose={() => choose(index)}
          />
        ))}
      </div>
    </>
  );
}

function Heads() {
  const { t } = useWords();
  return (
    <div className={classes.heads} aria-hidden="true">
      <span />
      <ol>
        {traceParties.map((party) => (
          <li key={party}>
            <span className={classes.avatar}>
              <Icon name={icons[party]} />
            </span>
            <b>{t(`how.parties.${party}.name`)}</b>
            <small>{t(`how.parties.${party}.does`)}</small>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Message({
  group,
  message,
  work,
  isChosen,
  isLater,
  onChoose,
}: {
  group: string;
  message: TraceMessage;
  work: readonly LaneWork[];
  isChosen: boolean;
  isLater: boolean;
  onChoose: () => void;
}) {
  const words = useWords();
  const { t, number } = words;
  const row = useRef<HTMLLabelElement>(null);
  useEffect(() => {
    const list = row.current?.parentElement;
    if (isChosen && list !== null && list !== undefined && list.scrollHeight > list.clientHeight) {
      row.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [isChosen]);
  const [from, to] = [laneOf(message.from), laneOf(message.to)];
  const isOwn = from === to;
  const isLost = message.kind === 'ocsp-failed' || message.kind === 'crl-failed';
  return (
    <label
      ref={row}
      className={classNames(
        classes.message,
        isOwn ? classes.own : to < from && classes.back,
        isGood(message) && classes.good,
        isBad(message) && classes.bad,
        isLater && classes.later,
        isLost && classes.lost,
      )}
    >
      <input type="radio" name={group} className={classes.radio} checked={isChosen} onChange={onChoose} />
      <span className={classNames(classes.at, 'num')}>
        {t('how.ms', { number: number(Math.round(message.atMs)) })}
      </span>
      <span className={classes.lanes}>
        {work.map(({ party, isVerifying }) => (
          <i
            key={party}
            className={classNames(classes.work, isVerifying && classes.verifying)}
            style={{ '--lane': laneOf(party) } as React.CSSProperties}
          />
        ))}
        {isOwn ? (
          <span
            className={classNames(classes.box, from === 0 && classes.first)}
            style={{ '--lane': from } as React.CSSProperties}
          >
            {labelOf(message, words)}
          </span>
        ) : (
          <span
            className={classes.arrow}
            style={{ '--lane': Math.min(from, to), '--span': Math.abs(to - from) } as React.CSSProperties}
          >
            <span className={classes.label}>{labelOf(message, words)}</span>
          </span>
        )}
      </span>
      <span className={classes.route}>{routeOf(message, t)}</span>
    </label>
  );
}
