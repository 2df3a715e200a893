import type { MachineView, OfferedRelease, PluginState } from '@jami-plugin-store/contract';
import { pluginStates } from '@jami-plugin-store/contract';
import type { EventFromLogic, SnapshotFrom } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { ClientError } from '../error.js';
import { pluginMachine } from './plugin-machine.js';
import { pluginStateOf } from './plugin-snapshot.js';

type MachineEvent = EventFromLogic<typeof pluginMachine>;
type Snapshot = SnapshotFrom<typeof pluginMachine>;
type Transition = MachineView['transitions'][number];
interface Way {
  event: MachineEvent;
  state: unknown;
}

const [older, newer]: [OfferedRelease, OfferedRelease] = [{ version: '1' }, { version: '2' }];
const disabled = { code: '', message: '', since: '', offers: [] };
const archive = { path: '', sha256: '', job: '' };
const error = new ClientError('CANCELED', '');
const ended = (id: string, output?: unknown) =>
  ({ type: `xstate.done.actor.${id}`, output }) as unknown as MachineEvent;
const failed = (id: string) => ({ type: `xstate.error.actor.${id}`, error }) as unknown as MachineEvent;

/** One of each thing that may happen, with values enough to come to every state. */
const happenings: MachineEvent[] = [
  ...(['install', 'update', 'retry', 'cancel', 'dismiss', 'uninstall', 'rollback'] as const).map((type) => ({
    type,
  })),
  { type: 'store.offers', release: older },
  { type: 'store.offers', release: newer },
  { type: 'daemon.installed', release: { ...older, previousVersion: '0' } },
  { type: 'daemon.installed', release: newer },
  { type: 'daemon.disabled', disabled },
  { type: 'daemon.healed' },
  { type: 'daemon.removed' },
  { type: 'download.progress', received: 1, total: 1 },
  { type: 'download.broken', broken: { code: '', network: 'NETWORK_ERROR', attempt: 2, delayMs: 0 } },
  ended('download', archive),
  failed('download'),
  ended('install', newer),
  failed('install'),
  ended('uninstall'),
  failed('uninstall'),
  ended('rollback', older),
  failed('rollback'),
];

let drawn: MachineView | undefined;

/**
 * The plugin's machine as a page draws it: the states that are seen, and every way from one to another, found by walking the
 * definition itself. The passing states within it do not appear.
 */
export function machineView(): MachineView {
  drawn ??= draw();
  return drawn;
}

function draw(): MachineView {
  const map = getAdjacencyMap(pluginMachine, {
    events: happenings,
    input: { id: 'plugin' },
    serializeState: ({ value, context }: Snapshot) =>
      JSON.stringify([
        value,
        context.offered?.version,
        context.installed,
        context.attempted,
        context.failure === undefined,
        context.target?.version,
      ]),
    limit: 100_000,
  });
  const transitions = new Map<string, Transition>();
  for (const { state, transitions: ways } of Object.values(map)) {
    for (const { event, state: next } of Object.values(ways) as Way[]) {
      const [from, to] = [pluginStateOf(state as Snapshot), pluginStateOf(next as Snapshot)];
      const transition = { from, to, event: nameOf(event.type), by: causeOf(event.type) };
      if (from !== to) transitions.set(JSON.stringify(transition), transition);
    }
  }
  const place = (name: string): number => pluginStates.indexOf(name as PluginState);
  return {
    states: pluginStates.map((name) => ({ name, isInitial: name === 'installable' })),
    transitions: [...transitions.values()].sort(
      (a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to) || (a.event < b.event ? -1 : 1),
    ),
  };
}

/** `xstate.done.actor.download` is `download.done` to a reader. */
function nameOf(type: string): string {
  const [, end, work] = /^xstate\.(done|error)\.actor\.(\w+)$/.exec(type) ?? [];
  if (work === undefined) return type;
  return `${work}.${end === 'done' ? 'done' : 'failed'}`;
}

function causeOf(type: string): NonNullable<Transition['by']> {
  if (type.startsWith('xstate.')) return 'work';
  if (type.startsWith('store.')) return 'store';
  if (type.startsWith('daemon.')) return 'daemon';
  return type.startsWith('download.') ? 'network' : 'user';
}
