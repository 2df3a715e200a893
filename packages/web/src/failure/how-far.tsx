import type { InstallTrace, TraceKind, TraceMessage } from '@jami-plugin-store/contract';
import { factName } from '../how-it-works/trace-words.js';
import { classNames } from '../look/class-names.js';
import { Icon } from '../look/icon.js';
import { useWords } from '../texts/use-words.js';
import classes from './how-far.module.css';

const milestones = [
  { key: 'downloaded', kinds: ['download-answer'] },
  { key: 'read', kinds: ['archive-read'] },
  { key: 'path', kinds: ['path-found'] },
  { key: 'revocation', kinds: ['ocsp-answer', 'crl-answer', 'ocsp-failed', 'crl-failed'] },
  { key: 'files', kinds: ['signatures-verified'] },
  { key: 'installed', kinds: ['switched'] },
] as const satisfies readonly { readonly key: string; readonly kinds: readonly TraceKind[] }[];

interface Step {
  readonly key: (typeof milestones)[number]['key'];
  readonly state: 'done' | 'refused' | 'later';
  readonly message: TraceMessage | undefined;
}

/** Where an install stood when it ended: what was done, what refused it, and what was never reached. */
function stepsOf({ messages }: InstallTrace): Step[] {
  const isTold = messages.some(({ from, to }) => from === 'daemon' && to === 'daemon');
  const steps = milestones.map(({ key, kinds }): Step => {
    const told = messages.filter(({ kind }) => (kinds as readonly TraceKind[]).includes(kind));
    const refused = told.find(({ outcome }) => outcome === 'refused');
    const message = refused ?? told.at(-1);
    if (message === undefined) return { key, state: 'later', message };
    return {
      key,
      state: refused === undefined && message.outcome !== 'failed' ? 'done' : 'refused',
      message,
    };
  });
  // A daemon that tells nothing of its steps may have done any of them: they are not called "not reached".
  return isTold ? steps : steps.filter(({ message }) => message !== undefined);
}

export function HowFar({ trace }: { trace: InstallTrace }) {
  const { t, number } = useWords();
  return (
    <>
      <h3 className={classes.title}>{t('failure.howFar')}</h3>
      <ol className={classes.steps}>
        {stepsOf(trace).map(({ key, state, message }) => (
          <li key={key} className={classNames(classes[state])}>
            <span className={classes.mark} aria-hidden="true">
              <Icon name={state === 'done' ? 'check' : state === 'refused' ? 'cross' : 'more'} size={15} />
            </span>
            <b>{t(state === 'refused' ? `failure.steps.${key}.no` : `failure.steps.${key}.yes`)}</b>
            <span className={classes.at}>
              {message !== undefined &&
                t('how.ms', { number: number(Math.round(message.untilMs ?? message.atMs)) })}
            </span>
            <span className={classes.detail}>
              <Detail state={state} message={message} />
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Detail({ state, message }: Pick<Step, 'state' | 'message'>) {
  const { t, number, sizes } = useWords();
  if (message === undefined) return state === 'later' ? t('failure.notReached') : null;
  if (state === 'refused' && message.code !== undefined) return <code>{message.code}</code>;
  if (message.done !== undefined && message.of !== undefined) {
    if (message.kind === 'download-answer') {
      const { part, whole } = sizes(message.done, message.of);
      return t('common.bytesOf', { received: part, total: whole });
    }
    return t('common.bytesOf', { received: number(message.done), total: number(message.of) });
  }
  const [fact] = message.facts;
  return fact === undefined ? null : `${factName(fact.name, t)}: ${fact.value}`;
}
