/** The commands at a terminal of their own, as a person sees them; and the same without one. */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openStoreFront, type StoreFront } from '../store-front.js';
import { freePort, hasTerminals, type Server, Shell, type Started } from './jpl-process.js';
import { certifyPlugin, makeAuthority, makePackage } from './walk-publisher.js';

const bulkBytes = 3 * 1024 * 1024;

let shell: Shell;
let store: Server;
let front: StoreFront;

beforeAll(async () => {
  shell = await Shell.open();
  const issuer = await makeAuthority(shell, await freePort());
  await certifyPlugin(shell, 'Demo', issuer);
  const file = await makePackage(shell, 'Demo', '1.0.0', bulkBytes);
  await mkdir(shell.at('store/packages'), { recursive: true });
  await copyFile(file, shell.at('store/packages/Demo.jpl'));
  const off = ['--trust-anchor', 'ca/root.pem', '--revocation', 'off'];
  store = await shell.serve('store', 'serve', '--data-dir', 'store', '--port', '0', ...off);
  front = await openStoreFront(store.ready.url ?? '');
}, 120_000);
afterAll(async () => {
  await front[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await shell[Symbol.asyncDispose]();
});

const root = async (): Promise<string> => {
  const pem = execFileSync('openssl', [
    'x509',
    '-in',
    shell.at('ca/root.pem'),
    '-noout',
    '-fingerprint',
    '-sha256',
  ]);
  return pem
    .toString()
    .replace(/^[^=]*=/, '')
    .trim();
};

/** A user's own data folder, with the store added. */
async function user(name: string): Promise<string[]> {
  const added = ['--root', 'ca/root.pem', '--sha256', await root(), '--data-dir', name];
  await shell.done('store', 'add', 'example', front.url, ...added);
  return ['--data-dir', name, '--revocation', 'off'];
}

/** Sends half of a package, and the rest when the answer is called. */
function holdDownload(): () => void {
  let goOn = (): void => {};
  const until = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  front.mischief.hold = { after: bulkBytes / 2, until };
  return () => {
    delete front.mischief.hold;
    goOn();
  };
}

async function drawn(started: Started, what: RegExp): Promise<void> {
  await vi.waitFor(() => expect(started.said().out).toMatch(what), { timeout: 30_000, interval: 20 });
}

describe.skipIf(!hasTerminals)(`at a terminal${hasTerminals ? '' : ' (skipped: no `script` here)'}`, () => {
  it('an install draws how far it is, in one line, and ends in the verdict', async () => {
    const options = await user('drawing');
    const goOn = holdDownload();
    const started = shell.startAtTerminal(['install', 'Demo', ...options], 60);
    await drawn(started, /Downloading \[#{6,18}\.+\] 1\.\d of 3\.0 MiB/);
    goOn();
    const { code, out } = await started.ended;
    expect(out).toMatch(/Demo 1\.0\.0 is installed\r?\n/);
    expect(out).toMatch(/Verifying {3}\[#+\] 2 of 2 files/);
    expect(code).toBe(0);
    const drawings = out.split(/[\r\n]+/).filter((line) => /Downloading|Verifying/.test(line));
    for (const line of drawings) expect(line.replace('\u001b[K', '').length).toBeLessThan(60);
  });

  it('Ctrl-C ends a download at once, and the next one goes on where it stopped', async () => {
    const options = await user('interrupted');
    const goOn = holdDownload();
    const started = shell.startAtTerminal(['install', 'Demo', ...options]);
    await drawn(started, /Downloading \[#/);
    started.child.stdin.write('\x03');
    const { code, out } = await started.ended;
    goOn();
    expect([code, out]).toEqual([1, expect.stringContaining('CANCELED')]);
    expect((await shell.asked<object[]>('list', '--data-dir', 'interrupted')).report).toEqual([]);
    const before = front.requests.length;
    const again = await shell.jpl('install', 'Demo', ...options);
    expect(again).toMatchObject({ code: 0 });
    const ranges = front.requests.slice(before).flatMap(({ range }) => (range === undefined ? [] : [range]));
    expect(ranges).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  });
});

describe('without a terminal', () => {
  it('an install says its verdict and nothing else, and no control character', async () => {
    const { code, out, err } = await shell.jpl('install', 'Demo', ...(await user('plain')));
    expect([code, out]).toEqual([0, 'Demo 1.0.0 is installed\n']);
    expect([...err].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
    expect(err).not.toContain('Downloading');
  });

  it('with --json it says one value', async () => {
    const { code, report } = await shell.asked('install', 'Demo', ...(await user('json')));
    expect([code, report]).toEqual([0, expect.objectContaining({ installed: true, id: 'Demo' })]);
  });

  it('SIGINT in the middle ends it with nothing installed and nothing half in its place', async () => {
    const options = await user('signalled');
    front.mischief.stallAfter = 100_000;
    const before = front.requests.length;
    const started = shell.start(['install', 'Demo', ...options]);
    const asked = (): string[] => front.requests.slice(before).map(({ path }) => path);
    await vi.waitFor(() => expect(asked().join()).toMatch(/download|blobs/), { timeout: 30_000 });
    started.child.kill('SIGINT');
    const { code, out, err } = await started.ended;
    delete front.mischief.stallAfter;
    expect([code, out, err]).toEqual([1, '', expect.stringContaining('CANCELED')]);
    expect((await shell.asked<object[]>('list', '--data-dir', 'signalled')).report).toEqual([]);
    const plugins = await readdir(shell.at('signalled/plugins')).catch(() => []);
    expect(plugins.filter((name) => !name.startsWith('.'))).toEqual([]);
  });
});
