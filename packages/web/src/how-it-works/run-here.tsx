import type { PluginView } from '@jami-plugin-store/contract';
import { useEffect, useRef, useState } from 'react';
import { useBrowsing } from '../frame/browsing.js';
import { Button } from '../look/button.js';
import { Icon } from '../look/icon.js';
import { useHost } from '../page/page-context.js';
import { useCatalog, useLivePlugins, useShell } from '../page/page-queries.js';
import { usePluginWish } from '../page/page-wishes.js';
import { mainActionOf } from '../plugin/plugin-actions.js';
import { useWords } from '../texts/use-words.js';
import classes from './how-screen.module.css';
import { type Scenario, sampleOf } from './scenarios.js';

/** Runs a scenario for real, on a plugin of the store, and follows its trace from the first message on. */
export function RunHere({ scenario, onRun }: { scenario: Scenario; onRun: (job: string) => void }) {
  const { t } = useWords();
  const { listen } = useHost();
  const wish = usePluginWish();
  const candidate = useCandidate(scenario);
  const [awaited, setAwaited] = useState<string>();
  const told = useRef(onRun);
  told.current = onRun;
  useEffect(() => {
    if (awaited === undefined) return;
    return listen((event) => {
      if (event.type !== 'trace' || event.trace.plugin !== awaited || event.trace.endedAt !== undefined)
        return;
      setAwaited(undefined);
      told.current(event.trace.job);
    });
  }, [awaited, listen]);
  if (scenario === 'offline') return <p className={classes.hint}>{t('how.offlineHint')}</p>;
  if (candidate === undefined) {
    return (
      <p className={classes.hint}>
        {t(sampleOf[scenario] === undefined ? 'how.nothingToRun' : 'how.cannotRun')}
      </p>
    );
  }
  const { view, action } = candidate;
  return (
    <Button
      face="soft"
      isBusy={awaited !== undefined || wish.isPending}
      title={view.name}
      onClick={() => {
        setAwaited(view.snapshot.id);
        wish.mutate({ view, action }, { onError: () => setAwaited(undefined) });
      }}
    >
      <Icon name="play" size={17} />
      {t(awaited === undefined ? 'how.run' : 'how.running')}
    </Button>
  );
}

/** What can be asked for to see a scenario: its sample, or for one that goes well anything that can be had. */
function useCandidate(
  scenario: Scenario,
): { view: PluginView; action: 'install' | 'update' | 'retry' } | undefined {
  const { stores } = useShell();
  const { browsing } = useBrowsing();
  const live = useLivePlugins();
  const sample = sampleOf[scenario];
  const store = stores.find(({ name }) => name === browsing.store) ?? stores[0];
  const { plugins } = useCatalog(
    {
      store: store?.name ?? '',
      q: sample ?? '',
      category: undefined,
      sort: 'name',
    },
    live,
  );
  const samples = new Set(Object.values(sampleOf));
  const isWanted = ({ snapshot }: PluginView): boolean =>
    sample === undefined ? !samples.has(snapshot.id) && snapshot.state !== 'failed' : snapshot.id === sample;
  for (const view of [...plugins, ...(sample === undefined ? live : [])].filter(isWanted)) {
    const action = mainActionOf(view);
    if (action !== undefined) return { view, action };
  }
  return undefined;
}
