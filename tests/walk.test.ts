import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, rename } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort, type Server, Shell } from './cli/jpl-process.js';
import { certifyPlugin, makeAuthority, makePackage, openssl, requestByHand } from './cli/walk-publisher.js';
import { openStoreFront, type StoreFront } from './store-front.js';

/**
 * The main job with the built command, every program a process of its own: each step needs the ones before it.
 * Between store and user stands a front that can be told to misbehave.
 */
describe('the walk from a new authority to an installed plugin', () => {
  let shell: Shell;
  let port: number;
  let issuer: string;
  let authority: Server;
  let store: Server;
  let front: StoreFront;
  let daemon: Server;

  const data = ['--data-dir', 'data'];
  const installed = async () => (await shell.asked<object[]>('list', ...data)).report;
  const cached = async () => {
    const names = await readdir(shell.at('home/.cache'), { recursive: true }).catch(() => []);
    return names.filter((name) => /\.(jpl|part)$/.test(name)).map((name) => name.split('/').at(-1));
  };
  const serveAuthority = () => shell.serve('ca', 'serve', '--data-dir', 'ca', '--port', `${port}`);

  /** Puts a package into the store as its operator does, and waits until it is offered. */
  async function publish(file: string, id: string, version: string): Promise<void> {
    await copyFile(file, shell.at(`store/packages/.${id}-${version}`));
    await rename(
      shell.at(`store/packages/.${id}-${version}`),
      shell.at(`store/packages/${id}-${version}.jpl`),
    );
    const url = new URL(`/versions/${id}?arch=${currentPlatform()}`, front.url);
    await vi.waitFor(
      async () => expect(await (await fetch(url)).text()).toContain(`"version":"${version}"`),
      { timeout: 20_000, interval: 100 },
    );
  }

  beforeAll(async () => {
    shell = await Shell.open();
    port = await freePort();
    issuer = await makeAuthority(shell, port);
    authority = await serveAuthority();
  });
  afterAll(async () => {
    await front?.[Symbol.asyncDispose]();
    await shell[Symbol.asyncDispose]();
  });

  it('certifies organizations that bring their own request, from openssl and from jpl csr', async () => {
    await requestByHand(shell, 'hand', '/O=Hand/CN=By hand', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
    const own = ['--key-type', 'ec-p256', '--key-out', 'own.key', '-o', 'own.csr'];
    await shell.done('csr', '--cn', 'By jpl', ...own);
    const certify = async (name: string): Promise<string> => {
      const args = ['--csr', `${name}.csr`, '--kind', 'organization', '-o', `${name}.pem`];
      await shell.done('ca', 'issue', '--data-dir', 'ca', ...args);
      return await openssl(shell, 'verify', '-CAfile', 'ca/root.pem', `${name}.pem`);
    };
    expect(await Promise.all([certify('hand'), certify('own')])).toEqual(['hand.pem: OK\n', 'own.pem: OK\n']);
  });

  it('certifies plugins, packs, signs and verifies them', async () => {
    const byHand = async (): Promise<void> => {
      await requestByHand(shell, 'Other', '/CN=Other', 'rsa:2048');
      const args = ['--csr', 'Other.csr', '--issuer', issuer, '-o', 'Other.pem'];
      await shell.done('ca', 'issue', '--data-dir', 'ca', ...args);
      await makePackage(shell, 'Other', '1.0.0', 400_000);
    };
    const byJpl = async (): Promise<void> => {
      await certifyPlugin(shell, 'Demo', issuer);
      await makePackage(shell, 'Demo', '1.9.0');
    };
    await Promise.all([byHand(), byJpl()]);
    const { code, report } = await shell.asked('verify', 'Demo-1.9.0.jpl', '--trust-anchor', 'ca/root.pem');
    expect([code, report]).toEqual([
      0,
      expect.objectContaining({
        accepted: true,
        publisher: 'Walkers',
        revocation: [
          { subject: 'CN=Demo', source: 'ocsp', status: 'good' },
          { subject: expect.stringContaining('CN=Walkers'), source: 'ocsp', status: 'good' },
        ],
      }),
    ]);
  });

  it('offers them in a store, which a user configures under a root that was handed over', async () => {
    await mkdir(shell.at('store/packages'), { recursive: true });
    const trusting = ['--trust-anchor', 'ca/root.pem', '--allow-private-addresses'];
    store = await shell.serve('store', 'serve', '--data-dir', 'store', '--port', '0', ...trusting);
    front = await openStoreFront(store.ready.url ?? '');
    const root = ['--root', 'ca/root.pem', '--sha256'];
    const { fingerprint256 } = new X509Certificate(await readFile(shell.at('ca/root.pem')));
    await shell.done('store', 'add', 'walk', front.url, ...root, fingerprint256, ...data);
    await Promise.all([
      publish(shell.at('Demo-1.9.0.jpl'), 'Demo', '1.9.0'),
      publish(shell.at('Other-1.0.0.jpl'), 'Other', '1.0.0'),
    ]);
    const found = await shell.asked<object[]>('search', 'the demo', ...data);
    expect(found.report).toMatchObject([{ id: 'Demo', version: '1.9.0', author: 'Walkers' }]);
  });

  it('installs from the store through the daemon, and updates to a newer version', async () => {
    daemon = await shell.serve('daemon', ...data);
    const first = await shell.asked('install', 'Demo', ...data);
    expect(first).toMatchObject({ code: 0, report: { installed: true, version: '1.9.0', resultCode: 0 } });
    const path = shell.at('data', 'plugins', 'Demo');
    const row = { id: 'Demo', path, publisher: 'Walkers', state: 'installed' };
    expect(await installed()).toEqual([{ ...row, version: '1.9.0' }]);
    const bulk = await readFile(shell.at('Demo-1.9.0/data/bulk.bin'));
    expect(await readFile(`${path}/data/bulk.bin`)).toEqual(bulk);

    await publish(await makePackage(shell, 'Demo', '1.10.0'), 'Demo', '1.10.0');
    const second = await shell.asked('install', 'Demo', ...data);
    expect(second).toMatchObject({ code: 0, report: { installed: true, version: '1.10.0', resultCode: 0 } });
    expect(await installed()).toEqual([{ ...row, version: '1.10.0' }]);
    expect(await cached()).toEqual([]);
  });

  it('refuses another plugin than the one asked for, however well signed, and removes the archive', async () => {
    front.mischief.swap = { from: /^\/(blobs|download)\//, to: `/download/${currentPlatform()}/Other` };
    const { code, report } = await shell.asked('install', 'Demo', '--force', ...data);
    front.mischief.swap = undefined;
    expect([code, report]).toEqual([
      1,
      expect.objectContaining({ installed: false, code: 'UNEXPECTED_PLUGIN', resultCode: 500 }),
    ]);
    expect(await cached()).toEqual([]);
  });

  it('goes on by the revocation list while the responder is down, and refuses with its reason without a list', async () => {
    const lists = new Map<string, Buffer>();
    for (const path of ['/crl/root', `/crl/${issuer}`]) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      lists.set(path, Buffer.from(await answer.arrayBuffer()));
    }
    await authority[Symbol.asyncDispose]();
    const onlyLists = await serveOnly(port, lists);
    const byList = await shell.asked('verify', 'Other-1.0.0.jpl', ...data);
    expect(byList).toMatchObject({
      code: 0,
      report: {
        revocation: [
          { source: 'crl', status: 'good' },
          { source: 'crl', status: 'good' },
        ],
      },
    });
    expect((await shell.asked('install', './Other-1.0.0.jpl', ...data)).code).toBe(0);
    onlyLists.closeAllConnections();
    onlyLists.close();
    await once(onlyLists, 'close');

    const before = createHash('sha256')
      .update(await readFile(shell.at('Demo-1.9.0.jpl')))
      .digest('hex');
    const { code, report } = await shell.asked('install', './Demo-1.9.0.jpl', '--force', ...data);
    expect([code, report]).toEqual([
      1,
      expect.objectContaining({ installed: false, code: 'OCSP_UNREACHABLE', resultCode: 400 }),
    ]);
    const after = createHash('sha256')
      .update(await readFile(shell.at('Demo-1.9.0.jpl')))
      .digest('hex');
    expect(after).toBe(before);
    authority = await serveAuthority();
  });

  it('refuses what was revoked', async () => {
    const { fingerprint256 } = new X509Certificate(await readFile(shell.at('Demo.pem')));
    const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
    await shell.done('ca', 'revoke', fingerprint, '--reason', 'keyCompromise', '--data-dir', 'ca');
    const targets = ['Demo', './Demo-1.9.0.jpl'];
    const answers = targets.map((target) => shell.asked('install', target, '--force', ...data));
    const report = { installed: false, code: 'CERTIFICATE_REVOKED', resultCode: 400 };
    expect(await Promise.all(answers)).toMatchObject(targets.map(() => ({ code: 1, report })));
    expect(await cached()).toEqual([]);
    expect(await readFile(shell.at('Demo-1.9.0.jpl'))).toBeInstanceOf(Buffer);
    expect(await installed()).toMatchObject([{ id: 'Demo', version: '1.10.0' }, { id: 'Other' }]);
  });

  it('fails with the network as its reason when the store dies during a download, and keeps nothing as whole', async () => {
    await shell.done('uninstall', 'Other', ...data);
    front.mischief.stallAfter = 100_000;
    front.requests.length = 0;
    const install = shell.start(['install', 'Other', ...data, '--json']);
    await vi.waitFor(async () => expect(await cached()).toEqual(['Other.jpl.part']), { timeout: 20_000 });
    store.child.kill('SIGKILL');
    await store.ended;
    await front[Symbol.asyncDispose]();
    const { code, out } = await install.ended;
    expect([code, JSON.parse(out)]).toEqual([
      1,
      expect.objectContaining({
        installed: false,
        code: expect.stringMatching(/^CONNECTION_(REFUSED|LOST)$/),
        resultCode: -1,
      }),
    ]);
    expect((await cached()).filter((name) => name?.endsWith('.jpl'))).toEqual([]);
  });

  it('uninstalls, and every server ends when asked to', async () => {
    expect(await shell.done('uninstall', 'Demo', ...data)).toMatchObject({ uninstalled: true, id: 'Demo' });
    expect(await installed()).toEqual([]);
    for (const server of [daemon, authority]) {
      server.child.kill('SIGTERM');
      expect((await server.ended).code).toBe(0);
    }
    expect(await readdir(shell.at('run'))).toEqual([]);
  });
});

/** What is left of an authority whose responder is down: its lists, behind the same address. */
async function serveOnly(port: number, files: ReadonlyMap<string, Buffer>): Promise<HttpServer> {
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.writeHead(file === undefined ? 503 : 200, { 'content-type': 'application/pkix-crl' }).end(file);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
