import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, Shell } from './jpl-process.js';
import { certifyPlugin, makeAuthority, makePackage } from './walk-publisher.js';

let shell: Shell;
let port: number;
let file: string;

beforeAll(async () => {
  shell = await Shell.open();
  port = await freePort();
  const issuer = await makeAuthority(shell, port);
  await certifyPlugin(shell, 'Demo', issuer);
  file = await makePackage(shell, 'Demo', '1.0.0');
}, 120_000);
afterAll(() => shell[Symbol.asyncDispose]());

const trusting = ['--trust-anchor', 'ca/root.pem', '--revocation', 'off'];

/** docs/interfaces.md, said again without the project's code. */
function socketOf(folder: string, dataDir: string): string {
  return `${folder}/jpl-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}.sock`;
}

describe('a server', () => {
  it.each([
    ['ca serve', ['ca', 'serve', '--data-dir', 'ca', '--port', '0'], 'SIGTERM'],
    ['store serve', ['store', 'serve', '--data-dir', 'store', '--port', '0'], 'SIGINT'],
    ['daemon', ['daemon', '--data-dir', 'data', ...trusting], 'SIGTERM'],
    ['daemon', ['daemon', '--data-dir', 'data', ...trusting], 'SIGINT'],
  ] as const)('%s says where it is, and ends when asked to', async (_name, args, signal) => {
    const server = await shell.serve(...args);
    const { ready } = server;
    const where =
      args[0] === 'daemon'
        ? { socket: socketOf(shell.at('run'), shell.at('data')) }
        : { url: expect.any(String) };
    expect(ready).toEqual({ ready: true, ...where });
    if (ready.url !== undefined) expect((await fetch(ready.url)).status).toBeLessThan(500);
    server.child.kill(signal);
    const { code, out } = await server.ended;
    expect([code, out]).toEqual([0, `${JSON.stringify(ready)}\n`]);
    expect(await readdir(shell.at('run'))).toEqual([]);
    expect(await readdir(shell.at('ca'))).not.toContain('admin.sock');
  });

  it('does not start on an address that is taken', async () => {
    await using first = await shell.serve('store', 'serve', '--data-dir', 'store', '--port', '0');
    const taken = new URL(first.ready.url ?? '').port;
    const { code, out, err } = await shell.jpl('ca', 'serve', '--data-dir', 'ca', '--port', taken);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('code: ADDRESS_NOT_AVAILABLE');
  });
});

describe('the daemon', () => {
  it('has its socket where other programs look for it, for its user alone', async () => {
    await mkdir(shell.at('real'), { recursive: true });
    await symlink('real', shell.at('linked'));
    await using daemon = await shell.serve('daemon', '--data-dir', 'linked', ...trusting);
    const socket = socketOf(shell.at('run'), shell.at('real'));
    expect(daemon.ready.socket).toBe(socket);
    expect((await stat(socket)).mode & 0o777).toBe(0o600);
  });

  it('has it in a folder of its own where the system offers none', async () => {
    const temporary = shell.at('tmp');
    await mkdir(temporary, { recursive: true });
    const daemon = shell.start(['daemon', '--data-dir', 'data', ...trusting], {
      env: { XDG_RUNTIME_DIR: '', TMPDIR: temporary },
    });
    await vi.waitFor(() => expect(daemon.said().out).toContain('\n'), 20_000);
    const { socket } = JSON.parse(daemon.said().out) as { socket: string };
    const folder = `${temporary}/jpl-${process.getuid?.()}`;
    expect(socket).toBe(socketOf(folder, shell.at('data')));
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    daemon.child.kill('SIGTERM');
    expect((await daemon.ended).code).toBe(0);
  });

  it('is one for a data folder, decides alone whom to trust, and starts again after it was killed', async () => {
    const args = ['daemon', '--data-dir', 'owned', ...trusting];
    const daemon = await shell.serve(...args);
    const second = await shell.jpl(...args);
    expect([second.code, second.out]).toEqual([1, '']);
    expect(second.err).toContain('code: DATA_DIR_BUSY');

    const told = await shell.asked('install', file, '--data-dir', 'owned', ...trusting);
    expect([told.code, told.report.code]).toEqual([2, 'DAEMON_OWNS_POLICY']);
    const installed = await shell.asked('install', file, '--data-dir', 'owned');
    expect([installed.code, installed.report.resultCode]).toEqual([0, 0]);

    daemon.child.kill('SIGKILL');
    await daemon.ended;
    // The socket is still there, and nobody behind it: commands work on their own.
    expect(await readdir(shell.at('run'))).toHaveLength(1);
    expect((await shell.asked('list', '--data-dir', 'owned')).report).toMatchObject([{ id: 'Demo' }]);
    await using again = await shell.serve(...args);
    expect(again.ready).toEqual(daemon.ready);
    expect((await shell.asked('uninstall', 'Demo', '--data-dir', 'owned')).code).toBe(0);
  });

  it('says loudly what it was told to leave out', async () => {
    const at = ['--at', '2026-06-01T00:00:00Z'];
    const daemon = await shell.serve('daemon', '--data-dir', 'loud', ...trusting, ...at);
    await daemon[Symbol.asyncDispose]();
    const { err } = await daemon.ended;
    expect(err).toContain('WARNING: every package is judged as if it were 2026-06-01T00:00:00.000Z');
    expect(err).toContain('WARNING: revocation is never asked');
  });
});

describe('two installs at once', () => {
  it('the second waits for the first', async () => {
    // A responder that answers when it is told to, so that the first install surely holds the folder meanwhile.
    const responder = createServer();
    const asked = once(responder, 'request');
    responder.listen(port, '127.0.0.1');
    await once(responder, 'listening');
    try {
      const ends: string[] = [];
      const first = shell.start([
        'install',
        file,
        '--data-dir',
        'both',
        '--trust-anchor',
        'ca/root.pem',
        '--json',
      ]);
      void first.ended.then(() => ends.push('first'));
      await asked;
      const second = shell.start(['install', file, '--data-dir', 'both', ...trusting, '--json']);
      void second.ended.then(() => ends.push('second'));
      await vi.waitFor(
        async () => expect((await readdir(shell.at('both/jpl/lock'))).length).toBeGreaterThan(1),
        {
          timeout: 20_000,
          interval: 1,
        },
      );
      expect(ends).toEqual([]);
      responder.closeAllConnections();
      responder.close();
      const [one, two] = await Promise.all([first.ended, second.ended]);
      expect([one.code, two.code, ends]).toEqual([1, 0, ['first', 'second']]);
      expect((await shell.asked('list', '--data-dir', 'both')).report).toMatchObject([{ id: 'Demo' }]);
    } finally {
      responder.closeAllConnections();
      responder.close();
    }
  });
});

describe('a reader that goes away', () => {
  it.each(['stdout', 'stderr'] as const)('from %s is no failure', async (stream) => {
    const { child, ended } = shell.start(stream === 'stdout' ? ['--help'] : ['verify', 'no.jpl']);
    child[stream].destroy();
    const { code, signal, err } = await ended;
    expect([code, signal, err]).toEqual([stream === 'stdout' ? 0 : 2, null, '']);
  });
});

describe.skipIf(process.platform === 'win32')('a user without permission', () => {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

  beforeAll(async () => {
    await chmod(shell.cwd, 0o711);
    for (const name of ['secret.jpl', 'secret.pem'])
      await writeFile(shell.at(name), 'secret', { mode: 0o000 });
    await mkdir(shell.at('closed'), { mode: 0o000 });
    await mkdir(shell.at('open'));
    await chmod(shell.at('open'), 0o777);
  });

  it.concurrent.each([
    ['verify', ['secret.jpl', '--trust-anchor', 'ca/root.pem'], 2, 'FILE_NOT_READABLE'],
    ['install', ['./secret.jpl', '--data-dir', 'open/data'], 2, 'FILE_NOT_READABLE'],
    ['verify', ['secret.jpl', '--trust-anchor', 'secret.pem'], 2, 'FILE_NOT_READABLE'],
    ['sign', ['secret.jpl', '--key', 'secret.pem', '--cert', 'secret.pem'], 2, 'FILE_NOT_READABLE'],
    ['install', ['./closed/x.jpl', '--data-dir', 'open/data'], 2, 'FILE_NOT_READABLE'],
    ['pack', ['closed', '-o', 'open/closed.jpl'], 2, 'FILE_NOT_READABLE'],
    ['csr', ['--cn', 'X', '--key-type', 'ec-p256', '--key-out', 'closed/x.key'], 2, 'FILE_NOT_WRITABLE'],
    ['list', ['--data-dir', 'closed'], 1, 'STORES_FILE_NOT_READABLE'],
    [
      'store',
      ['add', 'x', 'https://x.example', '--root', 'secret.pem', '--sha256', '00'],
      2,
      'FILE_NOT_READABLE',
    ],
  ])('%s %j: exit %i, %s', async (command, args, exitCode, code) => {
    const { ended } = shell.start([command, ...args, '--json'], nobody);
    const ran = await ended;
    expect(ran.err).toBe('');
    expect([ran.code, (JSON.parse(ran.out) as { code: string }).code]).toEqual([exitCode, code]);
    expect(await readdir(shell.at('open'))).toEqual([]);
  });
});

describe('a socket of somebody else', () => {
  it('is not taken for the daemon', async () => {
    await mkdir(shell.at('quiet'), { recursive: true });
    const path = socketOf(shell.at('run'), shell.at('quiet'));
    const server = createServer((_request, response) => response.end('hello')).listen(path);
    await once(server, 'listening');
    try {
      const { code, report } = await shell.asked('list', '--data-dir', 'quiet');
      expect([code, report.code]).toEqual([1, 'DAEMON_ANSWER_INVALID']);
      connect(path).destroy();
    } finally {
      server.close();
    }
  });

  it('is not even asked where others could have put it there', async () => {
    await mkdir(shell.at('quiet'), { recursive: true });
    await chmod(shell.at('run'), 0o777);
    try {
      const { code, report } = await shell.asked('list', '--data-dir', 'quiet');
      expect([code, report.code]).toEqual([1, 'SOCKET_FOLDER_UNSAFE']);
    } finally {
      await chmod(shell.at('run'), 0o700);
    }
  });
});
