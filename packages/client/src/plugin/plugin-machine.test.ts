import { PluginSnapshot, pluginStates } from '@jami-plugin-store/contract';
import { Check } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { createActor, type EventFromLogic, type SnapshotFrom, waitFor } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';
import {
  type PluginContext,
  type PluginEvent,
  type PluginWork,
  pluginMachine,
  providePluginWork,
  toPluginSnapshot,
} from './plugin-machine.js';

type Snapshot = SnapshotFrom<typeof pluginMachine>;
type MachineEvent = EventFromLogic<typeof pluginMachine>;

const v1 = { version: '1.9.0' };
const v2 = { version: '1.10.0' };
const refusal = new DaemonRefusal({
  type: 'urn:jpl:error:SIGNATURE_INVALID',
  title: 'A signature does not hold',
  status: 422,
  detail: 'data/icon.png was changed after signing',
  code: 'SIGNATURE_INVALID',
  resultCode: 300,
  entry: 'data/icon.png',
});
const broken = new ClientError('CONNECTION_LOST', 'The connection broke');
const unanswered = new ClientError('DAEMON_UNAVAILABLE', 'The daemon went away');

const done = (id: string, output?: unknown) =>
  ({ type: `xstate.done.actor.${id}`, output }) as unknown as MachineEvent;
const failed = (id: string, error: unknown) =>
  ({ type: `xstate.error.actor.${id}`, error }) as unknown as MachineEvent;
const archive = { path: '/cache/x.jpl', sha256: 'ab'.repeat(32) };

/** Everything that may happen to a plugin: the user, the store, the daemon, the ends of its work. */
const events: MachineEvent[] = [
  { type: 'install' },
  { type: 'install', consent: { force: true } },
  { type: 'update' },
  { type: 'retry' },
  { type: 'cancel' },
  { type: 'dismiss' },
  { type: 'uninstall' },
  { type: 'store.offers', release: v1 },
  { type: 'store.offers', release: v2 },
  { type: 'store.offers', release: undefined },
  { type: 'daemon.installed', version: '1.9.0' },
  { type: 'daemon.installed', version: '1.10.0' },
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
];

function serializeState(snapshot: Snapshot): string {
  return JSON.stringify([snapshot.value, snapshot.context]);
}
const serializeEvent = (event: MachineEvent): string =>
  JSON.stringify(event, (_, value) => (value instanceof Error ? value.name : value));
const options = { events, serializeState, serializeEvent, input: { id: 'Greeter' }, limit: 500_000 };

describe('the walk through every transition', () => {
  const map = getAdjacencyMap(pluginMachine, options) as unknown as Walk;
  const steps = Object.values(map).flatMap(({ state, transitions }) =>
    Object.values(transitions).map(({ event, state: next }) => ({ from: state, event, to: next })),
  );

  test('sees every state, and every transition of the definition', () => {
    const seen = new Set(steps.map(({ to }) => String(to.value)));
    expect([...seen].sort()).toEqual([...pluginStates].sort());
    const taken = new Set(
      steps
        .filter(({ from, to }) => from !== to)
        .map(({ from, event, to }) => `${from.value} ${event.type} ${to.value}`),
    );
    const defined = pluginStates.flatMap((state) => definedTransitions(state));
    expect(defined.filter((transition) => !covers(taken, transition))).toEqual([]);
    expect(Object.keys(map).length).toBeGreaterThan(300);
  });

  test('every snapshot fits the contract', () => {
    const unfit = Object.values(map)
      .map(({ state }) => JSON.parse(JSON.stringify(toPluginSnapshot(state))))
      .filter((snapshot) => !Check(PluginSnapshot, snapshot));
    expect(unfit).toEqual([]);
  });

  test('holds what must always hold', () => {
    const broken = steps.flatMap(({ from, event, to }) => {
      const { context } = to;
      const laws = {
        'a failure stands in failed, and only there':
          (to.value === 'failed') === (context.failure !== undefined),
        'what is installed rests as such':
          !atRest(to) || (context.installed !== undefined) === (to.value !== 'installable'),
        'only what is older can be updated':
          to.value !== 'updatable' ||
          (context.installed?.version === '1.9.0' && context.offered?.version === '1.10.0'),
        'only an archive is installed': to.value !== 'installing' || context.archive !== undefined,
        'only downloading can be canceled':
          event.type !== 'cancel' || from.value === 'downloading' || to === from,
        "only the daemon's answer, or its loss, ends an installation":
          from.value !== 'installing' || to.value === 'installing' || event.type.endsWith('.actor.install'),
        'the daemon is believed when it has removed':
          event.type !== 'daemon.removed' || context.installed === undefined,
        'the daemon is believed when it has installed':
          event.type !== 'daemon.installed' || context.installed?.version === event.version,
      };
      return Object.entries(laws)
        .filter(([, holds]) => !holds)
        .map(([law]) => `${law}: ${from.value} --${serializeEvent(event)}--> ${to.value}`);
    });
    expect(broken).toEqual([]);
  });

  test('every failure can be left by the user', () => {
    for (const { state } of Object.values(map)) {
      if (state.value === 'failed') expect(state.can({ type: 'dismiss' })).toBe(true);
    }
  });
});

const atRest = ({ value }: Snapshot): boolean =>
  ['installable', 'installed', 'updatable'].includes(String(value));

type Walk = Record<
  string,
  { state: Snapshot; transitions: Record<string, { event: MachineEvent; state: Snapshot }> }
>;
type Transition = [from: string, event: string, to: string];

function definedTransitions(state: (typeof pluginStates)[number]): Transition[] {
  const transitions: Transition[] = [];
  for (const [event, candidates] of pluginMachine.states[state]?.transitions ?? []) {
    for (const { target } of candidates) transitions.push([state, event, target?.[0]?.key ?? state]);
  }
  return transitions;
}

function covers(taken: Set<string>, [from, event, to]: Transition): boolean {
  const targets = to === 'settled' ? ['installable', 'installed', 'updatable'] : [to];
  // The definition names the ends of work by the path of the state, a running actor by its own id.
  const name = event.replace(/^xstate\.(done|error)\.actor\..*?([a-z]+)$/, 'xstate.$1.actor.$2');
  return targets.some((target) => taken.has(`${from} ${name} ${target}`));
}

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

function start(input: Partial<Pick<PluginContext, 'offered' | 'installed'>>) {
  const { work, running, last } = createWork();
  const actor = createActor(providePluginWork(work), { input: { id: 'Greeter', ...input } });
  actor.start();
  return { actor, running, last, snapshot: () => toPluginSnapshot(actor.getSnapshot()) };
}

describe('a plugin from offer to removal', () => {
  test('downloads with progress, installs with progress, and is installed', async () => {
    const { actor, last, snapshot } = start({ offered: v1 });
    expect(snapshot()).toEqual({ id: 'Greeter', state: 'installable', actions: ['install'], offered: v1 });
    actor.send({ type: 'install', consent: { acceptPublisher: 'ab'.repeat(32) } });
    expect(snapshot()).toMatchObject({ state: 'downloading', actions: ['cancel'], target: v1 });
    last().report?.({ type: 'download.target', release: v2 });
    last().report?.({ type: 'download.progress', received: 5, total: 10 });
    expect(snapshot()).toMatchObject({ target: v2, download: { received: 5, total: 10 } });
    last().report?.({
      type: 'download.broken',
      broken: { code: 'CONNECTION_LOST', network: 'NETWORK_ERROR', attempt: 2, delayMs: 500 },
    });
    expect(snapshot().download).toMatchObject({ received: 5, broken: { attempt: 2 } });
    last().report?.({ type: 'download.progress', received: 6, total: 10 });
    expect(snapshot().download).toEqual({ received: 6, total: 10 });
    last().settle.resolve(archive);
    await waitFor(actor, (now) => now.value === 'installing');
    expect(snapshot()).toMatchObject({ state: 'installing', actions: [] });
    expect(last().input).toMatchObject({
      archive,
      target: v2,
      consent: { acceptPublisher: 'ab'.repeat(32) },
    });
    actor.send({ type: 'cancel' });
    last().report?.({ type: 'install.progress', done: 3, of: 7 });
    expect(snapshot()).toMatchObject({ state: 'installing', verification: { done: 3, of: 7 } });
    last().settle.resolve(v2);
    await waitFor(actor, (now) => now.value === 'installed');
    expect(snapshot()).toEqual({
      id: 'Greeter',
      state: 'installed',
      actions: ['uninstall'],
      offered: v2,
      installed: v2,
    });
    actor.send({ type: 'uninstall' });
    last().settle.resolve(undefined);
    await waitFor(actor, (now) => now.value === 'installable');
  });

  test('cancel goes back to where it was, and calls the download off', () => {
    for (const [input, action, rest] of [
      [{ offered: v2 }, 'install', 'installable'],
      [{ offered: v2, installed: v1 }, 'update', 'updatable'],
    ] as const) {
      const { actor, last, snapshot } = start(input);
      actor.send({ type: action });
      const { signal } = last();
      actor.send({ type: 'cancel' });
      expect([snapshot().state, signal.aborted]).toEqual([rest, true]);
    }
  });

  test('a refused archive fails with its exact reason, and can be tried again', async () => {
    const { actor, last, snapshot } = start({ offered: v2 });
    actor.send({ type: 'install' });
    last().settle.resolve(archive);
    await waitFor(actor, (now) => now.value === 'installing');
    last().settle.reject(refusal);
    await waitFor(actor, (now) => now.value === 'failed');
    expect(snapshot()).toMatchObject({
      actions: ['install', 'retry', 'dismiss'],
      failure: {
        source: 'daemon',
        code: 'SIGNATURE_INVALID',
        message: 'data/icon.png was changed after signing',
        resultCode: 300,
        entry: 'data/icon.png',
      },
    });
    actor.send({ type: 'retry', consent: { force: true } });
    expect(snapshot().failure).toBeUndefined();
    expect(actor.getSnapshot().context.consent).toEqual({ force: true });
    last().settle.reject(broken);
    await waitFor(actor, (now) => now.value === 'failed');
    expect(snapshot().failure).toEqual({
      source: 'network',
      code: 'CONNECTION_LOST',
      network: 'NETWORK_ERROR',
      message: 'The connection broke',
    });
    actor.send({ type: 'dismiss' });
    expect(snapshot().state).toBe('installable');
  });

  test('a failed removal is retried as a removal', async () => {
    const { actor, last, running, snapshot } = start({ offered: v2, installed: v1 });
    actor.send({ type: 'uninstall' });
    last().settle.reject(refusal);
    await waitFor(actor, (now) => now.value === 'failed');
    expect(snapshot().actions).toEqual(['update', 'retry', 'dismiss', 'uninstall']);
    actor.send({ type: 'retry' });
    expect(running.map(({ name }) => name)).toEqual(['uninstall', 'uninstall']);
  });

  test("the daemon's event stands when its answer got lost; a refusal stands too", async () => {
    const sameVersion = new DaemonRefusal({ ...refusal.problem, code: 'SAME_VERSION', resultCode: 100 });
    for (const [error, state] of [
      [new ClientError('DAEMON_UNAVAILABLE', 'gone'), 'installed'],
      [sameVersion, 'installed'],
      [refusal, 'failed'],
    ] as const) {
      const { actor, last } = start({ offered: v2 });
      actor.send({ type: 'install' });
      last().settle.resolve(archive);
      await waitFor(actor, (now) => now.value === 'installing');
      actor.send({ type: 'daemon.installed', version: v2.version });
      last().settle.reject(error);
      expect((await waitFor(actor, (now) => !now.hasTag('busy'))).value).toBe(state);
    }
  });

  test('a forced installation of the same version that is refused, or gets no answer, has failed', async () => {
    for (const error of [refusal, new ClientError('DAEMON_UNAVAILABLE', 'gone')]) {
      const { actor, last, snapshot } = start({ offered: v2, installed: v2 });
      actor.send({ type: 'install' });
      expect(snapshot().state).toBe('installed');
      actor.send({ type: 'install', consent: { force: true } });
      last().settle.resolve(archive);
      await waitFor(actor, (now) => now.value === 'installing');
      last().settle.reject(error);
      expect((await waitFor(actor, (now) => !now.hasTag('busy'))).value).toBe('failed');
      expect(snapshot()).toMatchObject({ installed: v2, failure: { code: error.code } });
    }
  });

  test('a download is given up when the daemon has that version from elsewhere', () => {
    const { actor, last, snapshot } = start({ offered: v1 });
    actor.send({ type: 'install' });
    actor.send({ type: 'daemon.installed', version: v2.version });
    expect([snapshot().state, last().signal.aborted]).toEqual(['installed', true]);
  });

  test('versions compare as numbers; one that is none is never newer', () => {
    expect(start({ offered: v2, installed: v1 }).snapshot().state).toBe('updatable');
    expect(start({ offered: v1, installed: v2 }).snapshot().state).toBe('installed');
    expect(start({ offered: { version: '1.10' }, installed: v2 }).snapshot().state).toBe('installed');
    expect(start({ offered: v2, installed: { version: '' } }).snapshot().state).toBe('installed');
  });

  test('work that was not handed in, and an error nobody foresaw, are failures with their own words', async () => {
    const actor = createActor(pluginMachine, { input: { id: 'Greeter', offered: v2 } }).start();
    actor.send({ type: 'install' });
    const { context } = await waitFor(actor, (now) => now.value === 'failed');
    expect(context.failure).toMatchObject({
      source: 'client',
      code: 'INTERNAL',
      message: expect.stringMatching(/work/),
    });
  });
});
