import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createPublishing, jpl, type Place, type Publishing, temporaryFolder } from '../cli-fixtures.js';

let shared: Awaited<ReturnType<typeof temporaryFolder>>;
let publishing: Publishing;
let versions: string[];
let place: Place;
let tests = 0;

beforeAll(async () => {
  shared = await temporaryFolder();
  publishing = await createPublishing(shared.path);
  versions = [];
  for (const version of ['1.9.0', '1.10.0']) versions.push(await publishing.sign({ id: 'Demo', version }));
});
afterAll(() => shared[Symbol.asyncDispose]());
beforeEach(async () => {
  tests += 1;
  place = { cwd: join(shared.path, `test-${tests}`) };
  await mkdir(place.cwd);
});

const own = (command: string, ...args: string[]) => jpl(place, command, ...args, '--data-dir', 'data');
const trusting = () => ['--trust-anchor', publishing.root, '--revocation', 'off'];
const installAll = async () => {
  for (const file of versions) expect(await own('install', file, ...trusting())).toMatchObject({ code: 0 });
};
const installed = (...path: string[]) => join(place.cwd, 'data', 'plugins', 'Demo', ...path);
const words = () => readFile(installed('data', 'words.txt'), 'utf8');

it('goes back, says so in the log, and there and back again', async () => {
  await installAll();
  const back = await own('rollback', 'Demo', ...trusting());
  expect(back).toMatchObject({ code: 0, out: 'Demo 1.9.0 is back in place of 1.10.0\n', err: '' });
  expect(await words()).toBe('The words of Demo 1.9.0\n');
  const again = await own('rollback', 'Demo', '--json', ...trusting());
  expect([again.code, again.json()]).toEqual([
    0,
    expect.objectContaining({ id: 'Demo', version: '1.10.0', from: '1.9.0', resultCode: 0 }),
  ]);
  const { out } = await own('log');
  const told = out
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^\S+ {2}/, ''));
  expect(told).toEqual([
    'install  Demo 1.9.0 is installed.  published by Fixture Organization',
    'update  Demo 1.10.0 replaces 1.9.0.  published by Fixture Organization',
    'rollback  Demo 1.9.0 is back in place of 1.10.0.  published by Fixture Organization',
    'rollback  Demo 1.10.0 is back in place of 1.9.0.  published by Fixture Organization',
  ]);
});

it('refuses where there is nothing to go back to, and the log says why', async () => {
  await own('install', versions[0] ?? '', ...trusting());
  expect(await own('rollback', 'Demo', '--json', ...trusting())).toMatchObject({ code: 1 });
  expect(await own('rollback', 'Nobody', ...trusting())).toMatchObject({
    code: 1,
    err: expect.stringContaining('PLUGIN_NOT_INSTALLED'),
  });
  const all = (await own('log', '--json')).json<{ entries: { number: number }[]; hasMore: boolean }>();
  expect(all).toMatchObject({
    entries: [
      { number: 1, action: 'install' },
      { number: 2, action: 'refuse', plugin: 'Demo', code: 'NO_PREVIOUS_VERSION' },
      { number: 3, action: 'refuse', plugin: 'Nobody', code: 'PLUGIN_NOT_INSTALLED' },
    ],
    hasMore: false,
  });
  const one = await own('log', '--after', '1', '--limit', '1');
  expect(one).toMatchObject({ code: 0, err: 'There is more: --after 2\n' });
  expect(one.out).toContain('[NO_PREVIOUS_VERSION]');
  expect(await own('log', '--limit', '0')).toMatchObject({ code: 2 });
});

it('has no log where there is no data folder, and makes none', async () => {
  expect(await own('log')).toMatchObject({ code: 0, out: '', err: 'Nothing is written down.\n' });
  expect((await own('log', '--json')).json()).toEqual({ entries: [], hasMore: false });
});

it('adopts a folder as Jami leaves it, once', async () => {
  await own('install', versions[0] ?? '', ...trusting());
  await cp(installed(), join(place.cwd, 'copy'), { recursive: true, dereference: true });
  await rm(join(place.cwd, 'data'), { recursive: true });
  await cp(join(place.cwd, 'copy'), installed(), { recursive: true });
  expect(await own('adopt', 'Demo')).toMatchObject({
    code: 1,
    err: expect.stringContaining('NO_TRUST_ANCHOR'),
  });
  const adopted = await own('adopt', 'Demo', ...trusting());
  expect(adopted).toMatchObject({ code: 0, out: 'Demo 1.9.0 is adopted\n', err: '' });
  expect(await words()).toBe('The words of Demo 1.9.0\n');
  expect(await own('adopt', 'Demo', '--json', ...trusting())).toMatchObject({ code: 1 });
  expect((await own('list', '--json')).json()).toMatchObject([{ id: 'Demo', state: 'installed' }]);
});
