import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rejection, temporaryFolder } from '../network/test-server-fixtures.js';
import { ClientSettings } from './client-settings.js';

const none = { pinned: false, skippedVersion: null, holdDays: 0 };

test('decisions survive, private to the user, and only what differs is kept', async () => {
  await using folder = await temporaryFolder();
  const settings = new ClientSettings(folder.path);
  await settings.reload();
  expect([settings.autoUpdate, settings.language, settings.policy('Greeter')]).toEqual([
    false,
    undefined,
    none,
  ]);
  await settings.change({ autoUpdate: true, language: 'fr' });
  await settings.changePolicy('Greeter', { pinned: true, skippedVersion: '2.0.0' });
  await settings.changePolicy('Painter', { holdDays: 3 });
  await settings.changePolicy('Painter', { holdDays: 0 });
  const again = new ClientSettings(folder.path);
  expect(await again.reload()).toBe(true);
  expect(await again.reload()).toBe(false);
  expect([again.autoUpdate, again.language, again.policyIds()]).toEqual([true, 'fr', ['Greeter']]);
  expect(again.policy('Greeter')).toEqual({ pinned: true, skippedVersion: '2.0.0', holdDays: 0 });
  await again.changePolicy('Greeter', { skippedVersion: null });
  expect(again.policy('Greeter')).toEqual({ ...none, pinned: true });
  expect((await stat(join(folder.path, 'jpl', 'settings.json'))).mode & 0o777).toBe(0o600);
});

test('of two programs that decide at once, neither undoes the other', async () => {
  await using folder = await temporaryFolder();
  const programs = Array.from({ length: 12 }, () => new ClientSettings(folder.path));
  await Promise.all(programs.map((program, index) => program.changePolicy(`P${index}`, { pinned: true })));
  const last = new ClientSettings(folder.path);
  await last.reload();
  expect(last.policyIds()).toHaveLength(12);
});

test('names that are special to objects are names like others', async () => {
  await using folder = await temporaryFolder();
  const settings = new ClientSettings(folder.path);
  await settings.changePolicy('constructor', { holdDays: 1 });
  expect([settings.policy('constructor'), settings.policy('toString')]).toEqual([
    { ...none, holdDays: 1 },
    none,
  ]);
});

test.each(['{', '[]', '{"format":1,"autoUpdate":"yes","policies":{}}', 'x'.repeat(5_000_000)])(
  'a file that was changed by hand is refused, not mended',
  async (text) => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'jpl', 'settings.json');
    await mkdir(join(folder.path, 'jpl'));
    await writeFile(path, text);
    const settings = new ClientSettings(folder.path);
    const refusal = { name: 'ClientError', code: 'CLIENT_FILE_INVALID' };
    expect(await rejection(settings.reload())).toMatchObject(refusal);
    expect(await rejection(settings.change({ autoUpdate: true }))).toMatchObject(refusal);
    expect(await readFile(path, 'utf8')).toBe(text);
  },
);
