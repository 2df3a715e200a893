import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, realpath, rm, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenAt } from './socket-listener.js';
import { socketPathOf } from './socket-path.js';

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'jpl-socket-')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const nameOf = (path: string): string =>
  `jpl-${createHash('sha256').update(path).digest('hex').slice(0, 16)}`;

describe('socketPathOf', () => {
  it('stands in the runtime directory, else in a folder of the user, named by the real path', async () => {
    const link = join(folder, 'link');
    await symlink(folder, link);
    const file = `${nameOf(folder)}.sock`;
    expect(socketPathOf(link, { env: { XDG_RUNTIME_DIR: folder } })).toBe(join(folder, file));
    const fallback = join('/tmp', `jpl-${userInfo().uid}`, file);
    for (const XDG_RUNTIME_DIR of [undefined, '', 'relative', join(folder, 'missing')])
      expect(socketPathOf(folder, { env: { XDG_RUNTIME_DIR }, temporaryFolder: '/tmp' })).toBe(fallback);
  });

  it('is a named pipe on Windows, and has an answer for a folder that is not there yet', () => {
    expect(socketPathOf(folder, { system: 'win32' })).toBe(`\\\\.\\pipe\\${nameOf(folder)}`);
    const missing = join(folder, 'not', 'yet');
    expect(socketPathOf(missing, { system: 'win32' })).toBe(`\\\\.\\pipe\\${nameOf(missing)}`);
  });
});

describe('listenAt', () => {
  const listener = () => {
    const server = createServer((socket) => socket.on('error', () => undefined).destroy());
    return { server, listen: (path: string) => new Promise<void>((done) => server.listen(path, done)) };
  };

  it('takes the name of a server that died', async () => {
    const path = join(folder, 'dead.sock');
    const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL');
    expect((await stat(path)).isSocket()).toBe(true);
    const { server, listen } = listener();
    const unname = await listenAt({ listen }, path);
    await expect(listenAt(listener(), path)).rejects.toMatchObject({ code: 'SOCKET_BUSY' });
    await unname();
    server.close();
  });

  it('lets one of several that come at once have it', async () => {
    const path = join(folder, 'many.sock');
    const all = Array.from({ length: 8 }, listener);
    const results = await Promise.allSettled(all.map(({ listen }) => listenAt({ listen }, path)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'SOCKET_BUSY' });
    }
    for (const { server } of all) server.close();
  });

  it('takes away its own name only', async () => {
    const path = join(folder, 'own.sock');
    const [first, second] = [listener(), listener()];
    const unname = await listenAt(first, path);
    await rm(path);
    await listenAt(second, path);
    await unname();
    expect((await stat(path)).isSocket()).toBe(true);
    first.server.close();
    second.server.close();
  });
});
