/** What holds for any number of processes over one database and its blobs. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publishingPaths, type TokenWish } from '@jami-plugin-store/contract';
import { notOffered } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { openTokens } from './access/open-tokens.js';
import type { StoreDatabase } from './database/database.js';
import { describeOnBoth, describePostgres } from './database/database-fixtures.js';
import { type DatabaseOptions, openDatabase } from './database/open-database.js';
import { FixtureCa, fixtureInstant, makePackage, type Publisher } from './judging/package-fixtures.js';
import { Lifetime } from './lifetime.js';
import { call, type Reply } from './publishing/publishing-fixtures.js';
import { doubtCertificate, revokeCertificate } from './revoking/doubts.js';
import { createStore } from './store.js';

const linux = 'x86_64-linux-gnu';

let ca: FixtureCa;
let acme: Publisher;
let folder: string;
beforeAll(async () => {
  ca = await FixtureCa.create();
  acme = await ca.publisher('Acme');
  folder = await mkdtemp(join(tmpdir(), 'jpl-store-processes-'));
});
afterAll(async () => {
  await ca[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let made = 0;
async function packageOf(version: string, noise = ''): Promise<Buffer> {
  made += 1;
  const path = join(folder, `made-${made}.jpl`);
  await makePackage(path, acme, { id: 'Foo', version, files: { 'data/noise': noise } });
  return await readFile(path);
}

/** One process: its port, and how it is asked. */
interface Served {
  readonly port: number;
  call(method: string, path: string, options?: Parameters<typeof call>[3]): Promise<Reply>;
}

describeOnBoth('two processes', (places) => {
  let place: DatabaseOptions;
  let dataDir: string;
  beforeEach(async () => {
    place = await places.create();
    dataDir = place.url === undefined ? place.dataDir : await mkdtemp(join(folder, 'data-'));
  });

  async function serve(lifetime: Lifetime): Promise<Served> {
    const store = lifetime.use(
      await createStore({
        dataDir,
        databaseUrl: place.url,
        anchors: ca.anchors,
        clock: () => fixtureInstant,
        revocation: 'when-named',
        ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
        watch: false,
      }),
    );
    const { url } = await store.listen({ port: 0 });
    const port = Number(new URL(url).port);
    return { port, call: (...asked) => call(port, ...asked) };
  }

  /** Two processes, the organization known, trusted, and with a token. */
  async function open(lifetime: Lifetime) {
    const [one, two] = [await serve(lifetime), await serve(lifetime)] as const;
    const tokens = lifetime.use(
      await openTokens({ dataDir, databaseUrl: place.url, clock: () => fixtureInstant }),
    );
    const tokenOf = async (wish: TokenWish) => (await tokens.create(wish)).token;
    const operator = await tokenOf({ label: 'operator', role: 'operator' });
    const chainPem = acme.organization.pem.toString();
    const { json } = await one.call('POST', publishingPaths.organizations, {
      token: operator,
      body: { chainPem },
    });
    const trust = { token: operator, body: { trusted: true, reason: 'known' } };
    await two.call('PUT', publishingPaths.organizationTrust(json.id), trust);
    const token = await tokenOf({ label: 'acme', role: 'publisher', organization: json.id });
    const database: StoreDatabase = lifetime.use(await openDatabase({ dataDir, url: place.url }));
    return { one, two, token, operator, database };
  }

  const offered = async ({ call: ask }: Served): Promise<string[]> =>
    (await ask('GET', `/?arch=${linux}`)).json.map(({ version }: { version: string }) => version);

  test('what is published, yanked and revoked at one is so at the other within the second', async () => {
    await using lifetime = new Lifetime();
    const { one, two, token, database } = await open(lifetime);
    const within = { timeout: 1_000, interval: 20 };
    const at = (served: Served, expected: unknown) =>
      vi.waitFor(async () => expect(await offered(served)).toEqual(expected), within);
    expect(await offered(two)).toEqual([]);
    for (const version of ['1.0.0', '2.0.0']) {
      const put = await one.call('PUT', publishingPaths.packages, { token, body: await packageOf(version) });
      expect([put.status, put.json.state]).toEqual([201, 'published']);
      await at(two, [version]);
    }
    const yank = publishingPaths.versionStep('Foo', '2.0.0', 'yank');
    expect((await two.call('POST', yank, { token, body: { reason: 'broken' } })).status).toBe(200);
    await at(one, ['1.0.0']);
    const [first] = await database.queries.selectFrom('packages').select('sha256').execute();
    const blob = `/blobs/sha256/${first?.sha256}`;
    for (const served of [one, two]) expect((await served.call('GET', blob)).status).toBe(200);
    // As the authority's notice, and then its responder, would have any of the processes do.
    const { certificate } = await database.queries
      .selectFrom('package_certificates')
      .select('certificate')
      .where('position', '=', 0)
      .executeTakeFirstOrThrow();
    await doubtCertificate(database, certificate, 'said so', fixtureInstant);
    for (const served of [one, two]) {
      await at(served, []);
      expect((await served.call('GET', blob)).status).toBe(404);
      expect((await served.call('GET', `/download/${linux}/Foo?version=2.0.0`)).status).toBe(404);
    }
    await revokeCertificate(database, certificate, 'keyCompromise', fixtureInstant);
    for (const served of [one, two]) expect((await served.call('GET', blob)).status).toBe(404);
  });

  test('eight uploads of one version at once, at both: one gets in, seven are told so', async () => {
    await using lifetime = new Lifetime();
    const { one, two, token, database } = await open(lifetime);
    const bodies = await Promise.all(Array.from({ length: 8 }, (_, n) => packageOf('1.0.0', `${n}`)));
    const replies = await Promise.all(
      bodies.map((body, n) =>
        (n % 2 === 0 ? one : two).call('PUT', publishingPaths.packages, { token, body }),
      ),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)]);
    expect(replies.filter(({ status }) => status === 409).map(({ json }) => json.code)).toEqual(
      Array(7).fill('VERSION_TAKEN'),
    );
    expect(await database.queries.selectFrom('packages').select('state').execute()).toEqual([
      { state: 'published' },
    ]);
  });

  test('downloads of both are counted together, whole ones only, and none is lost when they end', async () => {
    const lifetime = new Lifetime();
    const { one, two, token } = await open(lifetime);
    const put = await one.call('PUT', publishingPaths.packages, { token, body: await packageOf('1.0.0') });
    const blob = `/blobs/sha256/${put.json.sha256}`;
    const size = Number((await one.call('HEAD', blob)).headers['content-length']);
    const range = (first: number, last: number) => ({ headers: { range: `bytes=${first}-${last}` } });
    await one.call('GET', `/download/${linux}/Foo`);
    await two.call('GET', `/download/${linux}/Foo`);
    await two.call('GET', `/download/iphone/Foo`);
    // In two parts: one download. Only the beginning: none.
    await two.call('GET', blob, range(0, 9));
    await one.call('GET', blob, range(10, size - 1));
    await one.call('GET', blob, range(0, 9));
    await lifetime[Symbol.asyncDispose]();
    await using database = await openDatabase({ dataDir, url: place.url });
    const rows = await database.queries
      .selectFrom('downloads')
      .select(['platform', 'day', 'count'])
      .orderBy('platform')
      .execute();
    const day = Math.floor(fixtureInstant.getTime() / 86_400_000);
    expect(rows.sort((a, b) => (a.platform < b.platform ? -1 : 1))).toEqual([
      { platform: '*', day, count: 1 },
      { platform: 'iphone', day, count: 1 },
      { platform: linux, day, count: 2 },
    ]);
    expect(await database.queries.selectFrom('plugins').select('downloads').execute()).toEqual([
      { downloads: 4 },
    ]);
  });
});

describePostgres('a store whose database goes away', (places) => {
  test('says so while it is gone, ends nothing, and serves again when it is back', async () => {
    const { url } = await places.create();
    const dataDir = await mkdtemp(join(folder, 'data-'));
    await makePackage(join(await packagesIn(dataDir), 'foo.jpl'), acme, { id: 'Foo' });
    await using store = await createStore({
      dataDir,
      databaseUrl: url,
      anchors: ca.anchors,
      clock: () => fixtureInstant,
      revocation: 'when-named',
      ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
      watch: false,
    });
    const served = await store.listen({ port: 0 });
    const ask = async (path: string): Promise<string> => {
      const { status, json } = await call(Number(new URL(served.url).port), 'GET', path);
      return `${status} ${json?.code ?? ''}`.trim();
    };
    const paths = [`/?arch=${linux}`, `/download/${linux}/Foo`, '/v1/plugins/Foo'];
    const all = (): Promise<string[]> => Promise.all(paths.map(ask));
    expect(await all()).toEqual(['200', '200', '200']);
    await places.cluster().stop();
    const gone = '503 DATABASE_UNAVAILABLE';
    await vi.waitFor(async () => expect(await all()).toEqual([gone, gone, gone]), { timeout: 10_000 });
    expect(await ask('/health/live')).toBe('200');
    await places.cluster().start();
    await vi.waitFor(async () => expect(await all()).toEqual(['200', '200', '200']), { timeout: 20_000 });
  });
});

async function packagesIn(dataDir: string): Promise<string> {
  const path = join(dataDir, 'packages');
  await mkdir(path);
  return path;
}
