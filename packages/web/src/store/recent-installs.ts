import type { PluginView } from '@jami-plugin-store/contract';
import { useEffect, useState } from 'react';
import { keyOfView } from '../page/page-cache.js';

/** A plugin that became installed while somebody looked. */
export interface RecentInstall {
  /** Files its verification went through, where that was seen. */
  readonly files: number | undefined;
  /** Its card is still among the available ones, sealed. */
  readonly isSealed: boolean;
}

type Recent = ReadonlyMap<string, RecentInstall>;

interface Seen {
  readonly plugins: readonly PluginView[];
  readonly snapshots: ReadonlyMap<string, PluginView['snapshot']>;
  readonly recent: Recent;
}

const sealedMs = 3_000;
const freshMs = 4_000;

/** Which became installed between two looks: their cards are never gone for a moment, and keep what they have focused. */
function look({ snapshots, recent }: Seen, plugins: readonly PluginView[]): Seen {
  const added = plugins.flatMap((view) => {
    const before = snapshots.get(keyOfView(view));
    const isNew = before?.state === 'installing' && view.snapshot.state === 'installed';
    return isNew ? [[keyOfView(view), { files: before.verification?.of, isSealed: true }] as const] : [];
  });
  return {
    plugins,
    snapshots: new Map(plugins.map((view) => [keyOfView(view), view.snapshot])),
    recent: added.length === 0 ? recent : new Map([...recent, ...added]),
  };
}

const nothing: Seen = { plugins: [], snapshots: new Map(), recent: new Map() };

/** Follows installs as they end: sealed for three seconds where they were, fresh for four where they are now. */
export function useRecentInstalls(plugins: readonly PluginView[]): Recent {
  const [known, setSeen] = useState(nothing);
  const seen = known.plugins === plugins ? known : look(known, plugins);
  // While rendering, so that no picture is drawn in between.
  if (seen !== known) setSeen(seen);
  const { recent } = seen;
  useEffect(() => {
    const change = (apply: (all: Map<string, RecentInstall>) => void): void =>
      setSeen((all) => {
        const next = new Map(all.recent);
        apply(next);
        return { ...all, recent: next };
      });
    const timers = [...recent].map(([key, install]) =>
      setTimeout(
        () =>
          change((all) =>
            install.isSealed ? all.set(key, { ...install, isSealed: false }) : all.delete(key),
          ),
        install.isSealed ? sealedMs : freshMs - sealedMs,
      ),
    );
    return () => {
      for (const timer of timers) clearTimeout(timer);
    };
  }, [recent]);
  return recent;
}
