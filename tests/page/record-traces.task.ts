import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { InstallTrace } from '@jami-plugin-store/contract';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PageWorld, storeName } from './page-world.js';
import { tamperInTransit } from './tampering.js';

/**
 * Installs for real what "How it works" shows where nothing was installed yet, and keeps what was sent. Delivered with the page:
 * `packages/web/src/how-it-works/recorded`.
 */
const recorded = fileURLToPath(new URL('../../packages/web/src/how-it-works/recorded/', import.meta.url));

let world: PageWorld;
beforeAll(async () => {
  world = await PageWorld.open();
  await world.publish(
    { id: 'WatercolorBackground', bulk: 2_000_000, files: 1_000 },
    { id: 'Whiteboard', organization: 'Papillon Collective', bulk: 4_000_000 },
    { id: 'TamperedSample', files: 200 },
    { id: 'RevokedSample', organization: 'Papillon Collective', files: 200 },
  );
  await world.startDaemon();
  await world.startUser();
});
afterAll(() => world[Symbol.asyncDispose]());

/** Installs a plugin and keeps everything that was sent, without what only this machine has. */
async function record(
  scenario: string,
  id: string,
  meanwhile = async () => undefined,
): Promise<InstallTrace> {
  const { plugins } = world.client.stores.get(storeName);
  await plugins.beginInstall(id);
  await meanwhile();
  await plugins.registry.rested(id);
  const job = world.client.traces.jobOf(id) ?? '';
  const trace = await world.client.traces.read(job, world.client.mirror.daemon, world.client.signal);
  const text = JSON.stringify({ ...trace, job: `recorded-${scenario}` }).replaceAll(
    world.folder,
    '/home/you',
  );
  await writeFile(`${recorded}${scenario}.json`, text);
  return JSON.parse(text) as InstallTrace;
}

test('all well', async () => {
  expect((await record('normal', 'WatercolorBackground')).code).toBeNull();
});

test('a file that was changed on the way', async () => {
  await using _tampering = await tamperInTransit(world, 'TamperedSample', 'data/preferences.json');
  expect((await record('tampered', 'TamperedSample')).code).toBe('SIGNATURE_INVALID');
});

test('a certificate that was revoked', async () => {
  await world.publisher.revoke('RevokedSample');
  expect((await record('revoked', 'RevokedSample')).code).toBe('CERTIFICATE_REVOKED');
});

test('a network that goes and comes', async () => {
  const { registry } = world.client.stores.get(storeName).plugins;
  world.front.mischief.cutAfter = 1_500_000;
  const trace = await record('offline', 'Whiteboard', async () => {
    await vi.waitFor(() => expect(registry.snapshot('Whiteboard')?.download?.broken).toBeDefined(), 20_000);
    world.front.mischief.cutAfter = undefined;
  });
  expect(trace.code).toBeNull();
  expect(trace.messages.map(({ kind }) => kind)).toContain('download-broken');
});
