import type { InstalledRelease } from '@jami-plugin-store/contract';
import { createActor, type EventFromLogic } from 'xstate';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';
import { type pluginMachine, providePluginWork } from './plugin-machine.js';
import type { PluginContext, PluginEvent } from './plugin-machine-setup.js';
import { toPluginSnapshot } from './plugin-snapshot.js';
import type { PluginWork } from './plugin-work.js';

export type MachineEvent = EventFromLogic<typeof pluginMachine>;

export const v1 = { version: '1.9.0' };
export const v2 = { version: '1.10.0' };
export const refusal = new DaemonRefusal({
  type: 'urn:jpl:error:SIGNATURE_INVALID',
  title: 'A signature does not hold',
  status: 422,
  detail: 'data/icon.png was changed after signing',
  code: 'SIGNATURE_INVALID',
  resultCode: 300,
  entry: 'data/icon.png',
});
export const broken = new ClientError('CONNECTION_LOST', 'The connection broke');
const unanswered = new ClientError('DAEMON_UNAVAILABLE', 'The daemon went away');
export const archive = { path: '/cache/x.jpl', sha256: 'ab'.repeat(32), job: 'job-1' };
export const disabled: NonNullable<InstalledRelease['disabled']> = {
  code: 'CERTIFICATE_REVOKED',
  message: 'Its certificate was revoked',
  since: '2026-01-01T00:00:00Z',
  offers: ['reinstall', 'uninstall'],
};

const done = (id: string, output?: unknown) =>
  ({ type: `xstate.done.actor.${id}`, output }) as unknown as MachineEvent;
const failed = (id: string, error: unknown) =>
  ({ type: `xstate.error.actor.${id}`, error }) as unknown as MachineEvent;

/** Everything that may happen to a plugin: the user, the store, the daemon, the ends of its work. */
export const events: MachineEvent[] = [
  { type: 'install' },
  { type: 'install', consent: { force: true } },
  { type: 'update' },
  { type: 'retry' },
  { type: 'cancel' },
  { type: 'dismiss' },
  { type: 'uninstall' },
  { type: 'rollback' },
  { type: 'store.offers', release: v1 },
  { type: 'store.offers', release: v2 },
  { type: 'store.offers', release: undefined },
  { type: 'daemon.installed', release: v1 },
  { type: 'daemon.installed', release: { ...v2, previousVersion: '1.9.0' } },
  { type: 'daemon.disabled', disabled },
  { type: 'daemon.healed' },
  { type: 'daemon.removed' },
  { type: 'download.target', release: v2 },
  { type: 'download.progress', received: 5, total: 10 },
  {
    type: 'download.broken',
    broken: { code: 'CONNECTION_LOST', network: 'NETWORK_ERROR', attempt: 2, delayMs: 500 },
  },
  { type: 'install.progress', done: 3, of: 7 },
  done('download', archive),
  failed('download', broken),
  done('install', v2),
  failed('install', refusal),
  failed('install', unanswered),
  done('uninstall'),
  failed('uninstall', refusal),
  done('rollback', { ...v1, previousVersion: '1.10.0' }),
  failed('rollback', refusal),
  failed('rollback', unanswered),
];

/** Work whose ends the test decides. */
function createWork() {
  const running: {
    name: string;
    signal: AbortSignal;
    input: unknown;
    report?: (event: PluginEvent) => void;
    settle: PromiseWithResolvers;
  }[] = [];
  const begin = <T>(name: string, input: { report?: (event: PluginEvent) => void }, signal: AbortSignal) =>
    new Promise<T>((resolve, reject) => {
      running.push({
        name,
        input,
        signal,
        settle: { resolve: resolve as (value: unknown) => void, reject },
        ...input,
      });
    });
  const work: PluginWork = {
    download: (input, signal) => begin('download', input, signal),
    install: (input, signal) => begin('install', input, signal),
    uninstall: (input, signal) => begin('uninstall', input as { id: string; report?: never }, signal),
    rollback: (input, signal) => begin('rollback', input as { id: string; report?: never }, signal),
  };
  const last = () => {
    const job = running.at(-1);
    if (job === undefined) throw new Error('Nothing runs');
    return job;
  };
  return { work, running, last };
}
interface PromiseWithResolvers {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A plugin's machine at work. */
export function start(input: Partial<Pick<PluginContext, 'offered' | 'installed'>>) {
  const { work, running, last } = createWork();
  const actor = createActor(providePluginWork(work), { input: { id: 'Greeter', ...input } });
  actor.start();
  /** Lets the running work of that name end as the event of its end says. */
  const settle = async (name: string, event: object): Promise<void> => {
    const job = running.findLast((one) => one.name === name);
    if ('error' in event) job?.settle.reject(event.error);
    else job?.settle.resolve('output' in event ? event.output : undefined);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { actor, running, last, settle, snapshot: () => toPluginSnapshot(actor.getSnapshot()) };
}
