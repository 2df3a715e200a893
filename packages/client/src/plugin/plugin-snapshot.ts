import { type PluginSnapshot, type PluginState, pluginActions } from '@jami-plugin-store/contract';
import type { SnapshotFrom } from 'xstate';
import type { pluginMachine } from './plugin-machine.js';
import type { PluginContext } from './plugin-machine-setup.js';

/** A machine's snapshot as it crosses the wire to a page. */
export function toPluginSnapshot(snapshot: SnapshotFrom<typeof pluginMachine>): PluginSnapshot {
  const { context } = snapshot;
  const state = pluginStateOf(snapshot);
  const { offered, installed, target, download, verification, failure } = context;
  const isFetching = state === 'downloading' || state === 'waiting';
  return {
    id: context.id,
    state,
    actions: pluginActions.filter((type) => snapshot.can({ type })),
    ...(offered === undefined ? {} : { offered }),
    ...(installed === undefined ? {} : { installed }),
    ...(target === undefined ? {} : { target }),
    ...(isFetching && download !== undefined ? { download: withoutGaps(download) } : {}),
    ...(state === 'installing' && verification !== undefined ? { verification } : {}),
    ...(failure === undefined ? {} : { failure }),
  };
}

/** The state that is seen: of a fetching plugin, whether its download goes on. */
export function pluginStateOf({ value }: SnapshotFrom<typeof pluginMachine>): PluginState {
  if (value === 'settled') throw new Error('A plugin never rests in the passing state "settled"');
  return typeof value === 'string' ? value : value.fetching;
}

function withoutGaps(
  download: NonNullable<PluginContext['download']>,
): NonNullable<PluginSnapshot['download']> {
  const { received, total, broken } = download;
  return {
    received,
    ...(total === undefined ? {} : { total }),
    ...(broken === undefined ? {} : { broken }),
  };
}
