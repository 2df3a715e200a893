import { cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { type Authority, DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { type Disk, nodeDisk } from '../disk/disk.js';
import { type OnStep, steppedDisk } from '../faults/stepped-disk.js';
import { layoutOf } from '../installed/layout.js';

const id = 'Greeter';
const account = 'abc';
const files = {
  'data/preferences.json': JSON.stringify([{ type: 'EditText', key: 'word', defaultValue: 'default' }]),
  'data/accountpreferences.json': JSON.stringify([{ type: 'EditText', key: 'nick', defaultValue: 'none' }]),
};

let fixtures: DaemonFixtures;
let authority: Authority;
/** A data folder with the plugin and a value, copied for each fault. */
let before: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  before = fixtures.path('before');
  await using daemon = await start(before);
  await daemon.install({ path: await writePackage(fixtures, signer, { files }) });
  await daemon.setPreference(id, undefined, 'word', 'old');
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const start = (dataDir: string, disk: Disk = nodeDisk()): Promise<Daemon> =>
  startDaemon(fixtures, [authority.anchor], { dataDir, disk });

const wish = { account, values: { word: 'new', nick: 'new' } };

/** Sets values on a disk that is told of each step of it. */
async function setOn(dataDir: string, onStep: OnStep): Promise<unknown> {
  let skipped = 0;
  let isSetting = false;
  const disk = steppedDisk(nodeDisk(), (step) => {
    if (isSetting) return onStep({ ...step, number: step.number - skipped });
    skipped = step.number;
  });
  await using daemon = await start(dataDir, disk);
  isSetting = true;
  const outcome = await daemon.setPreferences(id, wish).catch((error: unknown) => error);
  isSetting = false;
  return outcome;
}

async function copyOf(folder: string): Promise<string> {
  const dataDir = fixtures.path('data');
  await cp(folder, dataDir, { recursive: true, verbatimSymlinks: true });
  return dataDir;
}

describe('values that are being set', () => {
  it('are the old or the new ones, whole, wherever the disk ends', async () => {
    let steps = 0;
    await setOn(await copyOf(before), (step) => {
      steps = step.number;
    });
    expect(steps).toBeGreaterThan(8);
    for (let last = 1; last <= steps; last += 1) {
      for (const isHalf of [false, true]) {
        const dataDir = await copyOf(before);
        // From one step on nothing works any more, as after a crash.
        const outcome = await setOn(dataDir, async ({ number, half }) => {
          if (number < last) return;
          if (number === last && isHalf) await half?.();
          throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'write' });
        });
        expect(outcome).toMatchObject({ code: 'IO_ERROR' });
        await using daemon = await start(dataDir);
        const { values, problems } = await daemon.preferences(id, account);
        expect(problems).toEqual([]);
        // The global values go first; each file is whole.
        expect([
          ['old', 'none'],
          ['new', 'none'],
          ['new', 'new'],
        ]).toContainEqual([values.word, values.nick]);
        expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
        expect(await daemon.check(id)).toMatchObject({ state: 'installed' });
        expect((await daemon.setPreferences(id, wish)).values).toMatchObject(wish.values);
      }
    }
  });

  it('never lose a file that cannot be read', async () => {
    const damaged = await copyOf(before);
    const file = join(damaged, account, 'plugins', id, 'preferences.msgpack');
    await mkdir(dirname(file), { recursive: true });
    for (const path of [layoutOf(damaged).preferences(id), file]) await writeFile(path, 'damaged');
    let steps = 0;
    await setOn(await copyOf(damaged), (step) => {
      steps = step.number;
    });
    for (let last = 1; last <= steps; last += 1) {
      const dataDir = await copyOf(damaged);
      await setOn(dataDir, ({ number }) => {
        if (number >= last)
          throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'write' });
      });
      await using _daemon = await start(dataDir);
      for (const folder of [layoutOf(dataDir).home(id), join(dataDir, account, 'plugins', id)]) {
        const names = (await readdir(folder)).filter((name) => name.startsWith('preferences.msgpack'));
        const contents = await Promise.all(
          names.map((name) => nodeDisk().readFile(join(folder, name), 1_000)),
        );
        expect(contents.map(String)).toContain('damaged');
      }
    }
  });

  it('are not more than can be stored', async () => {
    const dataDir = await copyOf(before);
    const file = layoutOf(dataDir).preferences(id);
    // As another program may have filled it (MessagePack: map 16, fixstr, str 16): all of a mebibyte but a few bytes.
    const pair = (key: string, length: number): Buffer =>
      Buffer.concat([
        Buffer.from([0xa3, ...Buffer.from(key), 0xda, length >> 8, length & 0xff]),
        Buffer.alloc(length, 'x'),
      ]);
    const pairs = Array.from({ length: 17 }, (_, index) => pair(String(100 + index), 61_600));
    const full = Buffer.concat([Buffer.from([0xde, 0, pairs.length]), ...pairs]);
    await writeFile(file, full);
    await using daemon = await start(dataDir);
    await expect(daemon.setPreference(id, undefined, 'word', 'y'.repeat(4_096))).rejects.toMatchObject({
      code: 'PREFERENCES_TOO_LARGE',
    });
    expect(await nodeDisk().readFile(file, 2 ** 20)).toEqual(full);
    await daemon.setPreference(id, undefined, 'word', 'y');
  });
});
