import { spawn } from 'node:child_process';
import {
  access,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostEnvironment } from './host-environment.js';
import { type HostProcess, type HostWish, startHost } from './host-process.js';
import { compileFixture, noCompiler } from './native-fixtures.js';
import { maxRegistrations } from './registration-bounds.js';

const limits = { bootMs: 20_000, entryMs: 10_000, exitMs: 5_000 };
let root: string;
let compiled: string;
let withoutEntry: string;

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'jpl-host-')));
  if (noCompiler !== undefined) return;
  compiled = await compileFixture(join(root, 'any.so'));
  withoutEntry = await compileFixture(join(root, 'none.so'), ['-DNO_ENTRY']);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function wishFor(mode: string, wish: Partial<HostWish> = {}): Promise<HostWish> {
  const folder = await mkdtemp(join(root, `${mode}-`));
  const library = join(folder, `lib${mode}.so`);
  await copyFile(mode === 'no-entry' ? withoutEntry : compiled, library);
  return {
    library,
    folder,
    environment: hostEnvironment(process.env, 'fr'),
    limits,
    onRegistered: () => undefined,
    signal: new AbortController().signal,
    ...wish,
  };
}

const start = async (mode: string, wish: Partial<HostWish> = {}): Promise<HostProcess> =>
  startHost(await wishFor(mode, wish));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** States of the processes in a group, those only waiting to be collected left out (proc(5), stat). */
async function groupOf(leader: number): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats
    .map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' '))
    .filter(([state, , group]) => Number(group) === leader && state !== 'Z')
    .map(([state = '']) => state);
}

/** Processes that have opened the library of a folder. */
async function commandsWith(names: readonly string[], folder: string): Promise<string[]> {
  const pids = names.filter((name) => /^\d+$/.test(name));
  const maps = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/maps`, 'utf8').catch(() => '')));
  return pids.filter((_pid, index) => maps[index]?.includes(folder));
}

describe.skipIf(noCompiler !== undefined)(
  `a library's process${noCompiler ? ` (${noCompiler})` : ''}`,
  () => {
    it('loads it, knows what it registered, and lets its exit function run', async () => {
      const wish = await wishFor('exit-writes');
      const host = await startHost(wish);
      expect(host.registrations.components.map(({ manager }) => manager)).toEqual([
        'CallMediaHandlerManager',
        'ChatHandlerManager',
      ]);
      for (const { id } of host.registrations.components) expect(id).toMatch(/^[1-9][0-9]+$/);
      expect(isAlive(host.pid)).toBe(true);
      expect(await host.stop()).toMatchObject({ because: 'asked' });
      expect(isAlive(host.pid)).toBe(false);
      await access(join(wish.folder, 'exited'));
    });

    it('answers its calls as the ABI says', async () => {
      const host = await start('registers');
      expect(host.registrations).toMatchObject({
        factories: ['Codec'],
        refusedServices: ['getPluginPreferences'],
      });
      await host.stop();
    });

    it('remembers a bounded number of registrations', async () => {
      const host = await start('registers-much');
      expect(host.registrations.components).toHaveLength(maxRegistrations);
      await host.stop();
    });

    it.each([
      ['crashes', 'LIBRARY_CRASHED', { signal: 'SIGSEGV' }],
      ['aborts', 'LIBRARY_CRASHED', { signal: 'SIGABRT' }],
      ['exits', 'LIBRARY_EXITED', { exitCode: 0 }],
      ['exits-orderly', 'LIBRARY_EXITED', { exitCode: 3 }],
      ['corrupts', 'LIBRARY_MISBEHAVED', { because: 'misbehaved' }],
      ['floods', 'LIBRARY_MISBEHAVED', { because: 'misbehaved' }],
      ['forges', 'LIBRARY_MISBEHAVED', { because: 'misbehaved' }],
      ['refuses', 'LIBRARY_REFUSED', undefined],
      ['foreign-abi', 'LIBRARY_ABI_UNSUPPORTED', undefined],
      ['no-entry', 'LIBRARY_WITHOUT_ENTRY', undefined],
    ])('ends alone when the library %s', async (mode, code, loadEnd) => {
      const wish = await wishFor(mode);
      const error = await startHost(wish).catch((refusal: unknown) => refusal);
      expect(error).toMatchObject({ name: 'DaemonError', code });
      expect((error as { loadEnd?: object }).loadEnd).toEqual(loadEnd && expect.objectContaining(loadEnd));
      // No core file in the plugin's folder: it would look like a file nobody signed.
      expect(await readdir(wish.folder)).toEqual([`lib${mode}.so`]);
    });

    it('says what the library said last, with nothing a terminal would obey', async () => {
      const error = await start('aborts').catch((refusal: Error) => refusal.message);
      expect(error).toBe("The plugin's library crashed (SIGABRT). It said: it went wrong?[2J");
    });

    it('is ended when the library hangs in its entry', async () => {
      const hanging = start('hangs', { limits: { ...limits, entryMs: 50 } });
      await expect(hanging).rejects.toMatchObject({
        code: 'LIBRARY_TIMED_OUT',
        loadEnd: { signal: 'SIGKILL' },
      });
    });

    it('is ended when its daemon gives up', async () => {
      const giveUp = new AbortController();
      const wish = await wishFor('hangs', { signal: giveUp.signal });
      const hanging = startHost(wish);
      giveUp.abort(new Error('enough'));
      await expect(hanging).rejects.toThrow('enough');
      await expect(startHost(wish)).rejects.toThrow('enough');
    });

    it('is ended when the library hangs or crashes in its exit function', async () => {
      const hanging = await start('exit-hangs', { limits: { ...limits, exitMs: 50 } });
      expect(await hanging.stop()).toMatchObject({ because: 'silent', signal: 'SIGKILL' });
      const crashing = await start('exit-crashes');
      expect(await crashing.stop()).toMatchObject({ because: 'asked', signal: 'SIGABRT' });
    });

    it('lets a library print what it likes', async () => {
      const host = await start('prints');
      expect(host.registrations.components).toHaveLength(2);
      expect((await host.stop()).said.length).toBeLessThanOrEqual(2_000);
    });

    it('does not outlive a library that closes its channel', async () => {
      await expect(start('closes-channel')).rejects.toMatchObject({ name: 'DaemonError' });
    });

    it.runIf(process.platform === 'linux')('ends with what the library started', async () => {
      const host = await start('forks');
      expect(await groupOf(host.pid)).toHaveLength(2);
      await host.stop();
      await expect.poll(() => groupOf(host.pid)).toEqual([]);
    });

    it.runIf(process.platform === 'linux')(
      'does not outlive its daemon, also where the library hangs',
      async () => {
        const { library, folder } = await wishFor('hangs');
        const module = new URL('../../dist/loading/host-process.js', import.meta.url);
        const wish = JSON.stringify({
          library,
          folder,
          environment: {},
          limits: { ...limits, entryMs: 600_000 },
        });
        const script = `import { startHost } from ${JSON.stringify(module.href)};
      await startHost({ ...${wish}, signal: new AbortController().signal, onRegistered() {} });`;
        const daemon = spawn(process.execPath, ['--input-type=module', '--eval', script]);
        const hosts = (): Promise<string[]> => readdir('/proc').then((names) => commandsWith(names, folder));
        await expect.poll(hosts, { timeout: 20_000 }).toHaveLength(1);
        daemon.kill('SIGKILL');
        await expect.poll(hosts, { timeout: 20_000 }).toEqual([]);
      },
    );

    it('tells of a crash that comes later', async () => {
      const wish = await wishFor('crashes-later');
      const host = await startHost(wish);
      await writeFile(join(wish.folder, 'crash-now'), '');
      expect(await host.ended).toMatchObject({ signal: 'SIGSEGV', because: undefined });
    });

    it('gives a library nothing of the daemon but its folder and its language', async () => {
      const secret = { ...process.env, JPL_SECRET: 'secret', NODE_OPTIONS: '--no-warnings', LD_PRELOAD: '' };
      const wish = await wishFor('environment', { environment: hostEnvironment(secret, 'fr') });
      const host = await startHost(wish);
      const seen = host.registrations.refusedServices;
      const names = seen.filter((line) => line.startsWith('env ')).map((line) => line.slice(4).split('=')[0]);
      const allowed = [
        'PATH',
        'HOME',
        'TMPDIR',
        'TMP',
        'TEMP',
        'TZ',
        'LANG',
        'LC_ALL',
        'LC_MESSAGES',
        'JAMI_LANG',
      ];
      expect(names.filter((name) => !allowed.includes(name ?? ''))).toEqual([]);
      expect(seen).toContain('env JAMI_LANG=fr');
      expect(seen).toContain(wish.folder);
      // Its own three and the channel; the rest are anonymous inodes of its own Node.
      const files = seen.filter((line) => line.startsWith('fd ')).map((line) => line.split(' '));
      const foreign = files.filter(
        ([, fd, target = '']) => Number(fd) > 3 && !/^(anon_inode|pipe|\/dev\/null|socket)/.test(target),
      );
      expect(foreign).toEqual([]);
      await host.stop();
    });
  },
);

describe('a process that cannot be there', () => {
  it('says so', async () => {
    const folder = join(root, 'gone');
    const wish = {
      library: join(folder, 'lib.so'),
      folder,
      environment: {},
      limits,
      onRegistered: () => undefined,
      signal: new AbortController().signal,
    };
    await expect(startHost(wish)).rejects.toMatchObject({ code: 'HOST_NOT_STARTED' });
    await mkdir(folder);
    await expect(startHost(wish)).rejects.toMatchObject({ code: 'LIBRARY_NOT_OPENED' });
    await writeFile(wish.library, 'no library');
    await expect(startHost(wish)).rejects.toMatchObject({ code: 'LIBRARY_NOT_OPENED' });
  });
});
