import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { type Authority, DaemonFixtures, fewFiles, startDaemon, writePackage } from '../daemon-fixtures.js';
import { nodeDisk } from '../disk/disk.js';
import { errorOutcome } from '../error-outcome.js';
import { layoutOf } from '../installed/layout.js';
import { inspect } from './inspect-fixtures.js';
import { type DiskStep, type OnStep, steppedDisk } from './stepped-disk.js';

const preferences = '81a16ba176';
let fixtures: DaemonFixtures;
let authority: Authority;
/** A data folder with nothing but a plugin's folder as Jami leaves it. */
let before: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  before = fixtures.path('before');
  await using daemon = await startDaemon(fixtures, [authority.anchor]);
  const { path } = await daemon.install({ path: await writePackage(fixtures, signer, { files: fewFiles }) });
  const folder = layoutOf(before).link('Greeter');
  await cp(path, folder, { recursive: true, dereference: true });
  await writeFile(join(folder, 'preferences.msgpack'), Buffer.from(preferences, 'hex'));
});
afterAll(() => fixtures[Symbol.asyncDispose]());

describe.each([
  ['linux', 'that was never installed', undefined],
  ['win32', 'of which values were kept from before', '81a16ba177'],
] as const)('an adoption on %s of a plugin %s', (system, _which, kept) => {
  const start = (dataDir: string, onStep?: OnStep): Promise<Daemon> => {
    const disk = onStep === undefined ? nodeDisk(system) : steppedDisk(nodeDisk(system), onStep);
    return startDaemon(fixtures, [authority.anchor], { dataDir, disk, system });
  };

  async function attempt(onStep: OnStep) {
    const dataDir = fixtures.path('data');
    await cp(before, dataDir, { recursive: true });
    if (kept !== undefined) {
      await mkdir(layoutOf(dataDir).home('Greeter'), { recursive: true });
      await writeFile(layoutOf(dataDir).preferences('Greeter'), Buffer.from(kept, 'hex'));
    }
    let skipped: number | undefined;
    let last = 0;
    const daemon = await start(dataDir, (step) => {
      last = step.number;
      return skipped === undefined ? undefined : onStep({ ...step, number: step.number - skipped });
    });
    skipped = last;
    return { dataDir, daemon, ended: daemon.adopt('Greeter').catch(errorOutcome) };
  }

  async function stepsOf(): Promise<DiskStep[]> {
    const steps: DiskStep[] = [];
    const { daemon, ended } = await attempt((step) => void steps.push(step));
    expect(await ended).toMatchObject({ version: '1.0.0' });
    await daemon[Symbol.asyncDispose]();
    return steps;
  }

  /** The folder as it was, or the plugin adopted, whole, with its values. */
  async function stateIn(dataDir: string): Promise<'unmanaged' | 'adopted'> {
    const folder = layoutOf(dataDir).link('Greeter');
    if ((await nodeDisk().kindOf(folder)) === 'directory') {
      const names = await readdir(layoutOf(before).link('Greeter'), { recursive: true });
      expect((await readdir(folder, { recursive: true })).sort()).toEqual(names.sort());
      expect(await readFile(join(folder, 'preferences.msgpack'), 'hex')).toBe(preferences);
      return 'unmanaged';
    }
    expect(await inspect(dataDir, 'Greeter')).toEqual({ version: '1.0.0', preferences });
    return 'adopted';
  }

  async function assertUntouched(dataDir: string): Promise<void> {
    const { versions, preferences: values } = layoutOf(dataDir);
    const names = kept === undefined ? [] : ['Greeter', 'Greeter/preferences.msgpack'];
    expect((await readdir(versions, { recursive: true })).sort()).toEqual(names);
    if (kept !== undefined) expect(await readFile(values('Greeter'), 'hex')).toBe(kept);
  }

  async function restart(dataDir: string): Promise<'unmanaged' | 'adopted'> {
    await rm(layoutOf(dataDir).lock, { recursive: true, force: true });
    await using daemon = await start(dataDir);
    const state = await stateIn(dataDir);
    expect(await readdir(layoutOf(dataDir).staging)).toEqual([]);
    expect(await daemon.list()).toMatchObject([{ state: state === 'adopted' ? 'installed' : 'unmanaged' }]);
    const homes = await readdir(layoutOf(dataDir).versions, { recursive: true });
    if (state === 'unmanaged') await assertUntouched(dataDir);
    else expect(homes.filter((name) => /journal|replaced/.test(name))).toEqual([]);
    return state;
  }

  it('that stops dead at any step is undone or finished by the next start', async () => {
    const seen = new Set<string>();
    for (const { number, half } of await stepsOf()) {
      for (const byHalf of half === undefined ? [false] : [false, true]) {
        let give = (): void => undefined;
        let thaw = (): void => undefined;
        const stopped = new Promise<void>((resolve) => {
          give = resolve;
        });
        const thawed = new Promise<void>((resolve) => {
          thaw = resolve;
        });
        const { dataDir, daemon, ended } = await attempt(async (step) => {
          if (step.number < number) return;
          if (step.number === number && byHalf) await step.half?.();
          give();
          await thawed;
          throw Object.assign(new Error('EIO: stopped'), { code: 'EIO', syscall: step.action });
        });
        await stopped;
        seen.add(await restart(dataDir));
        thaw();
        await ended;
        await daemon[Symbol.asyncDispose]();
        await rm(dataDir, { recursive: true });
      }
    }
    expect([...seen].sort()).toEqual(['adopted', 'unmanaged']);
  });

  it('on a disk that fails once says so and changes nothing, or is done', async () => {
    for (const { number } of await stepsOf()) {
      const { dataDir, daemon, ended } = await attempt((step) => {
        if (step.number === number)
          throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC', syscall: step.action });
      });
      const outcome = await ended;
      const state = await stateIn(dataDir);
      if ('resultCode' in outcome) {
        expect(outcome).toMatchObject({ code: 'DISK_FULL', resultCode: -1 });
        // After the commit a step may fail that only cleans up; before it nothing has changed.
        if (state === 'unmanaged') await assertUntouched(dataDir);
      } else expect(state).toBe('adopted');
      await daemon[Symbol.asyncDispose]();
      expect(await restart(dataDir)).toBe(state);
      await rm(dataDir, { recursive: true });
    }
  });
});
