import { describe, expect, test } from 'vitest';
import { createActor, waitFor } from 'xstate';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { ClientError } from '../error.js';
import { pluginMachine } from './plugin-machine.js';
import { archive, broken, disabled, refusal, start, v1, v2 } from './plugin-machine-fixtures.js';

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
      actor.send({ type: 'daemon.installed', release: v2 });
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
    actor.send({ type: 'daemon.installed', release: v2 });
    expect([snapshot().state, last().signal.aborted]).toEqual(['installed', true]);
  });

  test('a version that the user chose is downloaded on; as an update only as long as it is higher', () => {
    const v3 = { version: '1.11.0' };
    for (const [onlyHigher, isAborted] of [
      [undefined, false],
      [true, true],
    ] as const) {
      const { actor, last } = start({ offered: v2, installed: v1 });
      actor.send({ type: 'update', consent: { version: v2.version, onlyHigher } });
      actor.send({ type: 'daemon.installed', release: v3 });
      expect(last().signal.aborted).toBe(isAborted);
    }
  });

  test('versions compare as numbers; one that is none is never newer', () => {
    expect(start({ offered: v2, installed: v1 }).snapshot().state).toBe('updatable');
    expect(start({ offered: v1, installed: v2 }).snapshot().state).toBe('installed');
    expect(start({ offered: { version: '1.10' }, installed: v2 }).snapshot().state).toBe('installed');
    expect(start({ offered: v2, installed: { version: '' } }).snapshot().state).toBe('installed');
  });

  test('a download waits in a break, and goes on as the same download', () => {
    const { actor, running, snapshot } = start({ offered: v2 });
    actor.send({ type: 'install' });
    const [job] = running;
    const lost = { code: 'HOST_UNREACHABLE', network: 'DISCONNECTED', attempt: 2, delayMs: 0 } as const;
    job?.report?.({ type: 'download.progress', received: 5, total: 10 });
    job?.report?.({ type: 'download.broken', broken: { ...lost, isOffline: true } });
    expect(snapshot()).toMatchObject({
      state: 'waiting',
      actions: ['cancel'],
      download: { received: 5, total: 10, broken: { code: 'HOST_UNREACHABLE', isOffline: true } },
    });
    job?.report?.({ type: 'download.progress', received: 6, total: 10 });
    expect(snapshot()).toMatchObject({ state: 'downloading', download: { received: 6, total: 10 } });
    job?.report?.({ type: 'download.broken', broken: lost });
    actor.send({ type: 'cancel' });
    expect([snapshot().state, running.length, job?.signal.aborted]).toEqual(['installable', 1, true]);
  });

  test('what the daemon has disabled says why, and is healed by it, by its own version, a newer one, or the one before', () => {
    const { actor, snapshot } = start({ offered: v2, installed: v2 });
    actor.send({ type: 'daemon.disabled', disabled });
    expect(snapshot()).toMatchObject({
      state: 'disabled',
      actions: ['install', 'uninstall'],
      installed: { ...v2, disabled },
    });
    actor.send({ type: 'daemon.healed' });
    expect(snapshot()).toMatchObject({ state: 'installed', installed: v2 });
    actor.send({ type: 'daemon.installed', release: { ...v1, disabled, previousVersion: '1.8.0' } });
    expect(snapshot()).toMatchObject({ state: 'disabled', actions: ['update', 'uninstall', 'rollback'] });
    actor.send({ type: 'update' });
    expect(snapshot().state).toBe('downloading');
    actor.send({ type: 'daemon.installed', release: v2 });
    expect(snapshot()).toMatchObject({ state: 'installed', installed: v2 });
  });

  test('a way back that the daemon refuses has failed, and is retried as one', async () => {
    const installed = { ...v2, previousVersion: '1.9.0' };
    const { actor, running, settle, snapshot } = start({ offered: v2, installed });
    actor.send({ type: 'rollback' });
    expect(snapshot()).toMatchObject({ state: 'restoring', actions: [], target: v1 });
    await settle('rollback', { error: refusal });
    expect(snapshot()).toMatchObject({ state: 'failed', failure: { code: 'SIGNATURE_INVALID' } });
    actor.send({ type: 'retry' });
    expect(running.map(({ name }) => name)).toEqual(['rollback', 'rollback']);
    await settle('rollback', { output: { ...v1, previousVersion: '1.10.0' } });
    expect(snapshot()).toMatchObject({ state: 'updatable', installed: { ...v1, previousVersion: '1.10.0' } });
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
