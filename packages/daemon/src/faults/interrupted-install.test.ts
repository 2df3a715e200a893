import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActivityEntry } from '@jami-plugin-store/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { type Authority, DaemonFixtures, fewFiles, startDaemon, writePackage } from '../daemon-fixtures.js';
import { type Disk, nodeDisk } from '../disk/disk.js';
import { errorOutcome } from '../error-outcome.js';
import { layoutOf } from '../installed/layout.js';
import { inspect } from './inspect-fixtures.js';
import { type DiskStep, type OnStep, steppedDisk } from './stepped-disk.js';

const preferences = '81a16ba176';

let fixtures: DaemonFixtures;
let authority: Authority;
/** A data folder with version 1.0.0 and preferences, copied for each fault. */
let before: string;
let update: string;
let first: string;

beforeAll(async () => {
  // In memory where there is such a file system: thousands of flushes are not what is tested here.
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  const files = fewFiles;
  first = await writePackage(fixtures, signer, { files });
  update = await writePackage(fixtures, signer, { version: '2.0.0', files });
  before = fixtures.path('before');
  await using daemon = await start(before);
  // Two installs: an update then has an older version to remove.
  await daemon.install({ path: await writePackage(fixtures, signer, { version: '0.9.0', files }) });
  const { path } = await daemon.install({ path: first });
  await writeFile(join(path, 'preferences.msgpack'), Buffer.from(preferences, 'hex'));
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const start = (dataDir: string, disk: Disk = nodeDisk()): Promise<Daemon> =>
  startDaemon(fixtures, [authority.anchor], { dataDir, disk });

async function copyOfBefore(): Promise<string> {
  const dataDir = fixtures.path('data');
  await cp(before, dataDir, { recursive: true, verbatimSymlinks: true });
  return dataDir;
}

type Operation = (daemon: Daemon) => Promise<unknown>;
const operations: [name: string, from: 'before' | 'empty', run: Operation, allowed: string[]][] = [
  ['an update', 'before', (daemon) => daemon.install({ path: update }), ['1.0.0', '2.0.0']],
  ['the same again by force', 'before', (daemon) => daemon.install({ path: first, force: true }), ['1.0.0']],
  ['a first install', 'empty', (daemon) => daemon.install({ path: first }), ['absent', '1.0.0']],
  ['a rollback', 'before', (daemon) => daemon.rollback('Greeter'), ['1.0.0', '0.9.0']],
  ['an uninstall', 'before', (daemon) => daemon.uninstall('Greeter'), ['1.0.0', 'absent']],
];

/** Runs an operation on a fresh folder; the steps of starting the daemon are not counted. */
async function attempt(
  from: 'before' | 'empty',
  run: Operation,
  onStep: OnStep,
): Promise<{ dataDir: string; daemon: Daemon; ended: Promise<unknown> }> {
  const dataDir = from === 'before' ? await copyOfBefore() : fixtures.path('data');
  let started = false;
  let skipped = 0;
  const disk = steppedDisk(nodeDisk(), (step) => {
    if (started) return onStep({ ...step, number: step.number - skipped });
    skipped = step.number;
  });
  const daemon = await start(dataDir, disk);
  started = true;
  return { dataDir, daemon, ended: run(daemon).catch(errorOutcome) };
}

async function stepsOf(from: 'before' | 'empty', run: Operation): Promise<DiskStep[]> {
  const steps: DiskStep[] = [];
  const { daemon, ended } = await attempt(from, run, (step) => void steps.push(step));
  await ended;
  await daemon[Symbol.asyncDispose]();
  return steps;
}

async function versionIn(dataDir: string): Promise<string> {
  const seen = await inspect(dataDir, 'Greeter');
  if (seen === 'absent') return seen;
  expect(['80', preferences]).toContain(seen.preferences);
  return seen.version;
}

const isChange = ({ action }: ActivityEntry): boolean => action !== 'refuse';

/** The folder after a restart: at rest, with nothing in it that is not active, previous or preferences. */
async function restart(dataDir: string): Promise<void> {
  await rm(layoutOf(dataDir).lock, { recursive: true, force: true });
  await using daemon = await start(dataDir);
  expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
  const rows = await daemon.list();
  // The log's last word is what stands there, also where it was stopped before it could be written.
  const [lastWord] = daemon.activity(undefined, 100).entries.filter(isChange).slice(-1);
  expect(lastWord?.to ?? null).toBe(rows[0]?.version ?? null);
  for (const { state } of rows) expect(state).toBe('installed');
  const kept = rows.flatMap(({ previousVersion }) => (previousVersion === undefined ? [1] : [1, 2]));
  const homes = await readdir(layoutOf(dataDir).versions, { recursive: true, withFileTypes: true });
  expect(homes.filter(({ name }) => name.endsWith('.record.json'))).toHaveLength(kept.length);
}

describe.each(operations)('%s that stops dead', (_name, from, run, allowed) => {
  it('leaves the old or the new, at every step, before and after a restart', async () => {
    const seen = new Set<string>();
    for (const { number, half } of await stepsOf(from, run)) {
      for (const byHalf of half === undefined ? [false] : [false, true]) {
        const [stopped, thawed] = [signal(), signal()];
        const { dataDir, daemon, ended } = await attempt(from, run, async (step) => {
          if (step.number < number) return;
          if (step.number === number && byHalf) await step.half?.();
          stopped.give();
          // As in a process that was killed, this step and every later one does not happen.
          await thawed.given;
          throw systemError('EIO', step);
        });
        await stopped.given;
        const version = await versionIn(dataDir);
        expect(allowed).toContain(version);
        await restart(dataDir);
        expect(await versionIn(dataDir)).toBe(version);
        seen.add(version);
        thawed.give();
        await ended;
        await daemon[Symbol.asyncDispose]();
        await rm(dataDir, { recursive: true });
      }
    }
    expect([...seen].sort()).toEqual([...allowed].sort());
  });
});

describe.each(operations)('%s on a disk that fails', (_name, from, run, allowed) => {
  it.each([
    ['once, being full', 'ENOSPC', 'DISK_FULL', false],
    ['from some step on', 'EIO', 'IO_ERROR', true],
  ])('%s: says so, or succeeds', async (_how, errno, code, goesOn) => {
    for (const { number } of await stepsOf(from, run)) {
      const { dataDir, daemon, ended } = await attempt(from, run, (step) => {
        if (step.number === number || (goesOn && step.number > number)) throw systemError(errno, step);
      });
      const outcome = await ended;
      const failed = typeof outcome === 'object' && outcome !== null && 'resultCode' in outcome;
      if (failed) expect(outcome).toMatchObject({ code, resultCode: -1 });
      const version = await versionIn(dataDir);
      expect(allowed).toContain(version);
      if (failed) expect(version).toBe(allowed[0]);
      // A disk that works again can be cleaned at once.
      if (failed && !goesOn) expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
      await daemon[Symbol.asyncDispose]();
      await restart(dataDir);
      expect(await versionIn(dataDir)).toBe(version);
      await rm(dataDir, { recursive: true });
    }
  });
});

function systemError(code: string, { action, path }: DiskStep): Error {
  return Object.assign(new Error(`${code}: injected, ${action} '${path}'`), { code, syscall: action, path });
}

function signal(): { given: Promise<void>; give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
