import type { PluginView, Shell, StoreView } from '@jami-plugin-store/contract';
import { useState } from 'react';
import { sentenceOf } from '../failure/failure-words.js';
import { Button } from '../look/button.js';
import { Icon } from '../look/icon.js';
import { WaitingRing, WatchingRing } from '../look/ring.js';
import { useCheckWish } from '../page/page-wishes.js';
import { platformName } from '../texts/platform-names.js';
import { useWords } from '../texts/use-words.js';
import { Command } from './command.js';
import { HealFigure, useSecondsUntil } from './countdown.js';
import { EmptyPanel } from './empty-panel.js';
import { ClosedShop, EmptyShelf, PulledPlug, SleepingSeal, WrongSocket } from './spots.js';
import classes from './store-empties.module.css';

/** The store does not answer, or only with an error. */
export function StoreUnavailable({
  store,
  onOther,
}: {
  store: StoreView;
  onOther: (() => void) | undefined;
}) {
  const { t, number } = useWords();
  const check = useCheckWish();
  const seconds = useSecondsUntil(store.nextTryAt);
  const [full] = useState(() => seconds ?? 1);
  const reason = store.failure === undefined ? '' : sentenceOf(store.failure, t);
  return (
    <EmptyPanel
      picture={<ClosedShop />}
      title={t('empty.store.title')}
      say={t('empty.store.say', { store: store.name, reason })}
      actions={
        <>
          <Button face="soft" isBusy={check.isPending} onClick={() => check.mutate()}>
            {t('empty.askNow')}
          </Button>
          {onOther && (
            <Button face="plain" onClick={onOther}>
              {t('empty.otherStore')}
            </Button>
          )}
        </>
      }
      figure={<HealFigure seconds={seconds} fromSeconds={full} />}
      heal={
        seconds === undefined || seconds === 0
          ? t('empty.askingNow')
          : t('empty.askingIn', { count: seconds, number: number(seconds) })
      }
      code={store.failure?.code}
    />
  );
}

/** It answers, and has nothing for this computer. */
export function NothingForPlatform({
  store,
  platform,
  onFile,
}: {
  store: StoreView;
  platform: string;
  onFile: () => void;
}) {
  const { t, ago } = useWords();
  const check = useCheckWish();
  return (
    <EmptyPanel
      picture={<WrongSocket />}
      title={t('empty.platform.title', { platform: platformName(platform) })}
      say={t('empty.platform.say', { store: store.name })}
      actions={
        <>
          <Button face="soft" isBusy={check.isPending} onClick={() => check.mutate()}>
            {t('empty.askNow')}
          </Button>
          <Button face="plain" onClick={onFile}>
            {t('empty.installFile')}
          </Button>
        </>
      }
      figure={<Icon name="clock" />}
      heal={
        store.askedAt === undefined ? t('empty.watching') : t('empty.asksDaily', { when: ago(store.askedAt) })
      }
      code={platform}
    />
  );
}

/** No network; downloads that wait are shown with what they keep. */
export function Offline({ waiting }: { waiting: readonly PluginView[] }) {
  const { t, sizes, size } = useWords();
  return (
    <EmptyPanel
      picture={<PulledPlug />}
      title={t('empty.offline.title')}
      say={t('empty.offline.say')}
      actions={waiting.map((view) => {
        const { download } = view.snapshot;
        if (download === undefined) return null;
        const { received, total } = download;
        const { part, whole } = sizes(received, total ?? received);
        const kept =
          total === undefined ? size(received) : t('common.bytesOf', { received: part, total: whole });
        return (
          <span key={view.snapshot.id} className={classes.kept}>
            <WaitingRing share={total ? received / total : undefined} size={34} />
            <span>
              <b>{view.name}</b>
              <span className="num">{t('states.waitingKept', { size: kept })}</span>
            </span>
          </span>
        );
      })}
      figure={<WatchingRing />}
      heal={t('empty.goesOn')}
      code="DISCONNECTED"
    />
  );
}

/** Nobody checks and installs. */
export function DaemonGone({ daemon }: { daemon: Shell['daemon'] }) {
  const { t, number } = useWords();
  const seconds = useSecondsUntil(daemon.nextTryAt);
  const [full] = useState(() => seconds ?? 1);
  return (
    <EmptyPanel
      picture={<SleepingSeal />}
      title={t('empty.daemon.title')}
      say={t('empty.daemon.say')}
      actions={<Command text="jpl daemon" />}
      figure={<HealFigure seconds={seconds} fromSeconds={full} />}
      heal={
        seconds === undefined || seconds === 0
          ? t('empty.watching')
          : t('empty.askingIn', { count: seconds, number: number(seconds) })
      }
      code="DAEMON_UNAVAILABLE"
    />
  );
}

/** Nothing to list, for nobody said from where. */
export function NoStore({ onFile }: { onFile: () => void }) {
  const { t } = useWords();
  return (
    <EmptyPanel
      picture={<EmptyShelf />}
      title={t('empty.noStore.title')}
      say={t('empty.noStore.say')}
      actions={
        <>
          <Command text="jpl store add NAME URL --root PEM --sha256 HEX" />
          <Button face="plain" onClick={onFile}>
            {t('empty.installFile')}
          </Button>
        </>
      }
      figure={<WatchingRing />}
      heal={t('empty.watching')}
      code="STORE_NOT_CONFIGURED"
    />
  );
}
