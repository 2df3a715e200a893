import type { InstallTrace, PluginFailure, PluginView } from '@jami-plugin-store/contract';
import { useEffect, useId } from 'react';
import { addressOf } from '../frame/screens.js';
import { Button, buttonClass } from '../look/button.js';
import { CopyButton } from '../look/copy-button.js';
import { Dialog } from '../look/dialog.js';
import { SealRing } from '../look/ring.js';
import { CodeWord } from '../look/tag.js';
import { useShell, useTrace } from '../page/page-queries.js';
import { usePluginWish } from '../page/page-wishes.js';
import { actionsOf } from '../plugin/plugin-actions.js';
import { Rich } from '../texts/rich.js';
import { useWords } from '../texts/use-words.js';
import classes from './failure-dialog.module.css';
import { failureReport } from './failure-report.js';
import { adviceKeysOf, explanationOf, type Reason, sentenceOf } from './failure-words.js';
import { HowFar } from './how-far.js';
import { PublisherQuestion } from './publisher-question.js';

/** A failed install, explained: the reason in words, what to do next, how far it got, and everything exact. */
export default function FailureDialog({ view, onClose }: { view: PluginView; onClose: () => void }) {
  const heading = useId();
  const { failure } = view.snapshot;
  const reason: Reason | undefined = failure ?? view.installed?.disabled;
  const { data: trace } = useTrace(view.job);
  const wish = usePluginWish();
  const isOver = reason === undefined;
  // Retried or dismissed elsewhere: there is nothing to explain any more.
  useEffect(() => {
    if (isOver) onClose();
  }, [isOver, onClose]);
  if (isOver) return null;
  if (failure?.code === 'PUBLISHER_CHANGED' && failure.publisher !== undefined) {
    return (
      <Dialog labelledBy={heading} onClose={onClose}>
        <PublisherQuestion
          name={view.name}
          change={failure}
          heading={heading}
          version={view.snapshot.installed?.version}
          onAccept={(acceptPublisher) => {
            wish.mutate({ view, action: 'retry', request: { acceptPublisher } });
            onClose();
          }}
          onStay={() => {
            wish.mutate({ view, action: 'dismiss' });
            onClose();
          }}
        />
      </Dialog>
    );
  }
  return (
    <Dialog labelledBy={heading} isWide onClose={onClose}>
      <div className={classes.fail}>
        <Explanation view={view} reason={reason} trace={trace} heading={heading} onClose={onClose} />
        <section className={classes.side}>
          {trace !== undefined && <HowFar trace={trace} />}
          <Exact failure={failure} reason={reason} />
        </section>
      </div>
    </Dialog>
  );
}

function titleOf({ name, snapshot, installed }: PluginView, t: ReturnType<typeof useWords>['t']): string {
  if (snapshot.failure === undefined) return t('failure.turnedOff', { name });
  if (snapshot.installed === undefined && installed === undefined) return t('failure.notInstalled', { name });
  return t(snapshot.target === undefined ? 'failure.notRemoved' : 'failure.notUpdated', { name });
}

function Explanation({
  view,
  reason,
  trace,
  heading,
  onClose,
}: {
  view: PluginView;
  reason: Reason;
  trace: InstallTrace | undefined;
  heading: string;
  onClose: () => void;
}) {
  const { t } = useWords();
  const { platform } = useShell();
  const wish = usePluginWish();
  const can = actionsOf(view);
  const again = can.has('retry') ? 'retry' : can.has('install') ? 'install' : undefined;
  const hasOther = view.snapshot.installed !== undefined || view.installed !== undefined;
  return (
    <section className={classes.words}>
      <div className={classes.top}>
        <SealRing seal={sealOf(view, reason)} size={60} />
        <div>
          <h2 id={heading}>{titleOf(view, t)}</h2>
          <CodeWord>{reason.code}</CodeWord>
        </div>
      </div>
      <p className={classes.say}>
        <b>{sentenceOf(reason, t)}</b> {explanationOf(reason, t)}{' '}
        {view.snapshot.failure?.source === 'daemon' && t(hasOther ? 'failure.kept' : 'failure.untouched')}
      </p>
      <h3>{t('failure.next')}</h3>
      <ol className={classes.todo}>
        {adviceKeysOf(reason, t).map((key) => (
          <li key={key}>
            <span>
              <Rich t={t} text={key} />
            </span>
          </li>
        ))}
      </ol>
      <div className={classes.acts}>
        {again !== undefined && (
          <Button
            face="fill"
            onClick={() => {
              wish.mutate({ view, action: again });
              onClose();
            }}
          >
            {t(again === 'retry' ? 'actions.tryAgain' : 'actions.installAgain')}
          </Button>
        )}
        <CopyButton face="quiet" label={t('actions.copyReport')} text={failureReport(view, platform, trace)}>
          {t('actions.copyReport')}
        </CopyButton>
        {view.job !== undefined && (
          <a
            className={buttonClass('plain')}
            href={addressOf({ name: 'how', job: view.job })}
            onClick={onClose}
          >
            {t('actions.seeSteps')}
          </a>
        )}
        {can.has('dismiss') && (
          <Button
            face="plain"
            onClick={() => {
              wish.mutate({ view, action: 'dismiss' });
              onClose();
            }}
          >
            {t('actions.dismiss')}
          </Button>
        )}
      </div>
    </section>
  );
}

/** The seal of what was refused: what is known of it, and where nothing is, that nobody has signed for it. */
function sealOf(view: PluginView, { code }: Reason) {
  if (code === 'CERTIFICATE_REVOKED') return 'revoked';
  if (view.seal === 'changed' || view.seal === 'revoked') return view.seal;
  return view.snapshot.failure?.source === 'daemon' ? 'changed' : 'none';
}

function Exact({
  failure,
  reason,
}: {
  failure: PluginFailure | undefined;
  reason: Reason & Partial<PluginFailure>;
}) {
  const { t } = useWords();
  const rows: [string, string | undefined][] = [
    [t('failure.code'), reason.code],
    [t('failure.message'), reason.message],
    [t('failure.source'), failure && t(`failure.sources.${failure.source}`)],
    [t('failure.entry'), reason.entry],
    [t('failure.certificate'), reason.certificate],
    [t('failure.resultCode'), failure?.resultCode?.toString()],
  ];
  return (
    <details className={classes.exact} open>
      <summary>{t('failure.exact')}</summary>
      <dl>
        {rows.map(
          ([name, value]) =>
            value !== undefined && (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ),
        )}
      </dl>
    </details>
  );
}
