import { createHash, randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreInfo } from '@jami-plugin-store/contract';
import { Value } from 'typebox/value';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openTokens } from './access/open-tokens.js';
import { FixtureCa, fixtureInstant, makePackage, type Publisher } from './judging/package-fixtures.js';
import { askRaw } from './serving/serving-fixtures.js';
import { createStore, type StoreOptions } from './store.js';

const linux = 'x86_64-linux-gnu';

let ca: FixtureCa;
let acme: Publisher;
beforeAll(async () => {
  ca = await FixtureCa.create();
  acme = await ca.publisher('Acme');
});
afterAll(() => ca[Symbol.asyncDispose]());

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'jpl-store-'));
  await mkdir(join(dataDir, 'packages'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const options = (given: Partial<StoreOptions> = {}): StoreOptions => ({
  dataDir,
  anchors: ca.anchors,
  clock: () => fixtureInstant,
  revocation: 'when-named',
  watch: false,
  ...given,
});

const ask = (url: string, path: string) => askRaw(Number(new URL(url).port), { path });
const listed = async (url: string) =>
  JSON.parse((await ask(url, `/?arch=${linux}`)).body.toString()).map(({ id }: { id: string }) => id);

/** A port that nobody listens on at the moment. */
async function freePort(): Promise<number> {
  await using server = await listening(createServer());
  return server.port;
}

async function listening(server: Server): Promise<AsyncDisposable & { port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a store', () => {
  test('offers what its folder holds when it starts, and what is put there while it runs', async () => {
    await makePackage(join(dataDir, 'packages', 'foo.jpl'), acme, { id: 'Foo' });
    await using store = await createStore(options({ watch: true }));
    const { url } = await store.listen({ port: 0 });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await listed(url)).toEqual(['Foo']);
    await makePackage(join(dataDir, 'bar.jpl'), acme, { id: 'Bar' });
    await copyFile(join(dataDir, 'bar.jpl'), join(dataDir, 'packages', 'bar.jpl'));
    await vi.waitFor(async () => expect((await listed(url)).sort()).toEqual(['Bar', 'Foo']), {
      timeout: 5_000,
    });
    await rm(join(dataDir, 'packages', 'foo.jpl'));
    await vi.waitFor(async () => expect(await listed(url)).toEqual(['Bar']), { timeout: 5_000 });
  });

  test('takes a package on request where it does not watch', async () => {
    await using store = await createStore(options());
    const { url } = await store.listen({ port: 0 });
    await makePackage(join(dataDir, 'packages', 'foo.jpl'), acme, { id: 'Foo' });
    await writeFile(join(dataDir, 'packages', 'bad.jpl'), 'no package');
    await store.rescan();
    expect(await listed(url)).toEqual(['Foo']);
    expect(store.problems()).toMatchObject([{ file: 'bad.jpl', code: 'NOT_A_ZIP', at: fixtureInstant }]);
  });

  test('a package replaced under a running store is judged again, the old bytes served to nobody', async () => {
    const path = join(dataDir, 'packages', 'foo.jpl');
    await makePackage(path, acme, { id: 'Foo' });
    await using store = await createStore(options({ watch: true }));
    const { url } = await store.listen({ port: 0 });
    const old = `/blobs/sha256/${createHash('sha256')
      .update(await readFile(path))
      .digest('hex')}`;
    expect((await ask(url, old)).status).toBe(200);
    await makePackage(join(dataDir, 'next.jpl'), acme, {
      id: 'Foo',
      version: '2.0.0',
      files: { x: 'longer' },
    });
    await rename(join(dataDir, 'next.jpl'), path);
    await vi.waitFor(
      async () => {
        const answer = await ask(url, `/versions/Foo?arch=${linux}`);
        expect(answer.status).toBe(200);
        expect(JSON.parse(answer.body.toString())).toMatchObject([{ version: '2.0.0' }]);
      },
      { timeout: 5_000 },
    );
    expect((await ask(url, old)).status).toBe(404);
  });

  test('says what it is', async () => {
    await makePackage(join(dataDir, 'packages', 'foo.jpl'), acme, { id: 'Foo' });
    await using store = await createStore(options({ name: 'Acme store' }));
    const { url } = await store.listen({ port: 0 });
    const answer = await ask(url, '/v1/store');
    const info = JSON.parse(answer.body.toString());
    expect(Value.Check(StoreInfo, info)).toBe(true);
    expect(info).toEqual({
      name: 'Acme store',
      api: ['v1'],
      roots: [
        {
          subject: 'CN=Store root',
          sha256: ca.anchors[0]?.certificate.fingerprint,
          notAfter: '2027-01-01T00:00:00.000Z',
        },
      ],
      revocation: 'when-named',
      plugins: 1,
    });
  });

  test('without an anchor starts, warns, and offers nothing', async () => {
    await makePackage(join(dataDir, 'packages', 'foo.jpl'), acme, { id: 'Foo' });
    const lines: string[] = [];
    const logger = { write: (line: string) => lines.push(line) };
    await using store = await createStore(options({ anchors: [], logger }));
    const { url } = await store.listen({ port: 0 });
    expect(await listed(url)).toEqual([]);
    expect(lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 40)).toMatchObject([
      { msg: expect.stringContaining('no trust anchor') },
    ]);
  });

  test('logs one line a request, with the id of its answer and without an address', async () => {
    const lines: string[] = [];
    await using store = await createStore(options({ logger: { write: (line) => lines.push(line) } }));
    const { url } = await store.listen({ port: 0 });
    const answer = await ask(url, '/details/Nobody?arch=x86');
    const about = () => lines.filter((line) => line.includes(String(answer.headers['x-request-id'])));
    await vi.waitFor(() => expect(about()).toHaveLength(1));
    expect(JSON.parse(about()[0] ?? '')).toMatchObject({
      method: 'GET',
      url: '/details/Nobody?arch=x86',
      status: 404,
    });
    expect(about()[0]).not.toContain('127.0.0.1');
  });

  test('a data folder that is a file is refused with its reason', async () => {
    const dir = join(dataDir, 'file');
    await writeFile(dir, '');
    await expect(createStore(options({ dataDir: dir }))).rejects.toMatchObject({
      name: 'StoreError',
      code: 'DATA_FOLDER_UNUSABLE',
      file: dir,
    });
  });
});

describe('revocation of what is to be published', () => {
  let long: FixtureCa;
  let port: number;
  let named: Publisher;
  beforeAll(async () => {
    // openssl's responder answers at the time of the machine, so these certificates hold for long.
    long = await FixtureCa.create('Long root', { notAfter: '20900101000000Z' });
    port = await freePort();
    const extensions = [`authorityInfoAccess=OCSP;URI:http://127.0.0.1:${port}/`];
    const plugin = await long.issue('Named plugin', { extensions, notAfter: '20900101000000Z' });
    named = { key: plugin.key, certificatePem: plugin.pem, plugin, organization: long.root };
  });
  afterAll(() => long[Symbol.asyncDispose]());

  test('a responder that is down holds a package back until it answers', async () => {
    await makePackage(join(dataDir, 'packages', 'foo.jpl'), named, { id: 'Foo' });
    const given = { anchors: long.anchors, clock: () => new Date(), revocation: 'required' } as const;
    await using store = await createStore(options({ ...given, allowPrivateAddresses: true }));
    const { url } = await store.listen({ port: 0 });
    expect(store.problems()).toMatchObject([{ file: 'foo.jpl', code: 'OCSP_UNREACHABLE', isPassing: true }]);
    expect(await listed(url)).toEqual([]);
    await using _responder = await long.respond(port);
    await store.rescan();
    expect(store.problems()).toEqual([]);
    expect(await listed(url)).toEqual(['Foo']);
  });

  test('a responder in a private network is not asked unless that was configured', async () => {
    await makePackage(join(dataDir, 'packages', 'foo.jpl'), named, { id: 'Foo' });
    await using _responder = await long.respond(port);
    const given = { anchors: long.anchors, clock: () => new Date(), revocation: 'required' } as const;
    await using store = await createStore(options(given));
    expect(store.problems()).toMatchObject([{ code: 'OCSP_ADDRESS_REFUSED' }]);
  });
});

describe('a shutdown', () => {
  /** A download whose reader has stopped after the first bytes. */
  async function stalledDownload(url: string): Promise<IncomingMessage> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`${url}/download/${linux}/Big`, { agent: new Agent() }, resolve).on('error', reject);
    });
    answer.on('error', () => {});
    await new Promise((resolve) => answer.once('readable', resolve));
    return answer;
  }

  const content = randomBytes(24 * 1024 * 1024);
  const publishBig = () =>
    makePackage(join(dataDir, 'packages', 'big.jpl'), acme, { id: 'Big', files: { 'data/big': content } });

  test('lets a running download end', async () => {
    await publishBig();
    const store = await createStore(options());
    const { url } = await store.listen({ port: 0 });
    const answer = await stalledDownload(url);
    const closed = store[Symbol.asyncDispose]();
    let length = 0;
    for await (const chunk of answer) length += (chunk as Buffer).length;
    await closed;
    expect(length).toBe(Number(answer.headers['content-length']));
  });

  test('hangs up on one that does not end', async () => {
    await publishBig();
    const store = await createStore(options({ closeGraceMs: 50 }));
    const { url } = await store.listen({ port: 0 });
    const answer = await stalledDownload(url);
    await store[Symbol.asyncDispose]();
    const read = async () => {
      for await (const _ of answer) void _;
    };
    await expect(read()).rejects.toThrow('aborted');
  });
});

describe('a revocation list', () => {
  test('is the list the root has published, asked again after a minute and held until its nextUpdate', async () => {
    let list: Buffer | undefined = await ca.crl('20260531000000Z', '20260701000000Z');
    const first = list;
    let asked = 0;
    const authority = createServer((_, answer) => {
      asked += 1;
      if (list === undefined) answer.writeHead(500).end();
      else answer.end(list);
    });
    await using at = await listening(authority);
    let now = fixtureInstant.getTime();
    const crlRootUrl = `http://127.0.0.1:${at.port}/crl/root`;
    await using store = await createStore(options({ clock: () => new Date(now), crlRootUrl }));
    const { url } = await store.listen({ port: 0 });
    const answer = await ask(url, '/crl/root');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/pkix-crl');
    expect(answer.headers.expires).toBe('Wed, 01 Jul 2026 00:00:00 GMT');
    expect(answer.body.equals(first)).toBe(true);
    await Promise.all([ask(url, '/crl/root'), ask(url, '/crl/root')]);
    expect(asked).toBe(1);

    now += 60_000;
    list = await ca.crl('20260601000000Z', '20260702000000Z');
    expect((await ask(url, '/crl/root')).body.equals(list)).toBe(true);
    const second = list;

    now += 60_000;
    list = undefined;
    expect((await ask(url, '/crl/root')).body.equals(second)).toBe(true);
    now = Date.parse('2026-07-02T00:00:00Z');
    const gone = await ask(url, '/crl/root');
    expect([gone.status, gone.headers['retry-after']]).toEqual([503, '5']);
    expect(JSON.parse(gone.body.toString()).code).toBe('CRL_UNAVAILABLE');
  });

  test('of another root, or no list at all, is not passed on', async () => {
    await using foreign = await FixtureCa.create('Store root');
    for (const [index, bytes] of [
      await foreign.crl('20260531000000Z', '20260701000000Z'),
      Buffer.from('x'),
    ].entries()) {
      const crlRootFile = join(dataDir, `crl${index}`);
      await writeFile(crlRootFile, bytes);
      await using store = await createStore(options({ crlRootFile }));
      const { url } = await store.listen({ port: 0 });
      expect((await ask(url, '/crl/root')).status).toBe(503);
    }
  });

  test('of an organization is the one its authority publishes under its key', async () => {
    const { organization } = acme;
    const signed = await ca.crl('20260531000000Z', '20260701000000Z', organization);
    const foreign = await ca.crl('20260531000000Z', '20260701000000Z');
    let list = foreign;
    const asked: (string | undefined)[] = [];
    const authority = createServer((request, answer) => {
      asked.push(request.url);
      if (request.url?.startsWith('/crl/')) answer.end(list);
      else answer.writeHead(404).end();
    });
    await using at = await listening(authority);
    await makePackage(join(dataDir, 'packages', 'foo.jpl'), acme, { id: 'Foo' });
    let now = fixtureInstant.getTime();
    const publishing = { authorityUrl: `http://127.0.0.1:${at.port}` };
    await using store = await createStore(options({ clock: () => new Date(now), publishing }));
    const { url } = await store.listen({ port: 0 });
    await using tokens = await openTokens({ dataDir, clock: () => fixtureInstant });
    const { token } = await tokens.create({ label: 'operator', role: 'operator' });
    const added = await askRaw(Number(new URL(url).port), {
      path: '/v1/organizations',
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify({ chainPem: organization.pem.toString() })),
    });
    const [{ issuer }] = JSON.parse(added.body.toString()).certificates;
    // One that somebody else has signed is not passed on.
    expect((await ask(url, `/crl/${issuer}`)).status).toBe(503);
    list = signed;
    now += 5_000;
    const answer = await ask(url, `/crl/${issuer}`);
    expect([answer.status, answer.body.equals(signed)]).toEqual([200, true]);
    for (const other of ['0'.repeat(40), '..%2Froot.pem', 'x'])
      expect((await ask(url, `/crl/${other}`)).status).toBe(404);
    expect(asked.filter((path) => path?.startsWith('/crl/'))).toEqual(Array(2).fill(`/crl/${issuer}`));
  });

  test('is 404 where the store knows no place for it', async () => {
    await using store = await createStore(options());
    const { url } = await store.listen({ port: 0 });
    const answer = await ask(url, '/crl/root');
    expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([404, 'CRL_NOT_CONFIGURED']);
  });
});
