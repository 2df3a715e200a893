import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initAuthority } from '@jami-plugin-store/authority';
import { parseTrustAnchors } from '@jami-plugin-store/trust';
import { type BenchReport, median, plainRow, type Row } from './report.js';
import { launcher, startServer } from './server-process.js';

type Store = typeof import('../packages/store/dist/bench-face.js');
type StoreDatabase = Awaited<ReturnType<Store['openDatabase']>>;
/** What the store's public face does not show, from its build. */
const store: Store = await import(new URL('../../packages/store/dist/bench-face.js', import.meta.url).href);

const platforms = ['x86_64-linux-gnu', 'x64-windows', 'arm64-v8a'];
const languages = ['en', 'fr', 'de'];
const at = new Date('2026-11-01T00:00:00Z');

/** Questions of one kind, each asked once so that no answer comes out of memory. */
const questions = 60;
const targetMs = 15;

/**
 * Search in a catalog of 100,000 plugins (`JPL_BENCH_PLUGINS`: another number) with 5 versions, 3 platforms and 3 languages each, on SQLite
 * and, where it is installed, PostgreSQL: the whole request, as a client sees it.
 */
export async function benchCatalog(): Promise<BenchReport> {
  const plugins = Number(process.env.JPL_BENCH_PLUGINS ?? 100_000);
  const rows: Row[] = [];
  const dir = await mkdtemp(join(tmpdir(), 'jpl-bench-catalog-'));
  try {
    const { rootPem } = await initAuthority({
      dir: join(dir, 'ca'),
      name: 'Benchmark root',
      baseUrl: 'http://127.0.0.1:9',
      clock: () => at,
    });
    const rootFile = join(dir, 'root.pem');
    await writeFile(rootFile, rootPem);
    const place = { dir, rootFile, plugins };
    rows.push(...(await benchOn(place)));
    if (store.postgresPrograms !== undefined) {
      await using cluster = await store.startPostgres();
      rows.push(...(await benchOn(place, await cluster.createDatabase())));
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return { bench: 'catalog', rows };
}

interface Place {
  readonly dir: string;
  readonly rootFile: string;
  readonly plugins: number;
}

async function benchOn(place: Place, url?: string): Promise<Row[]> {
  const dataDir = join(place.dir, url === undefined ? 'sqlite' : 'postgresql');
  await mkdir(dataDir);
  const [anchor] = parseTrustAnchors(await readFile(place.rootFile));
  const rows: Row[] = [];
  {
    await using database = await store.openDatabase({ dataDir, url });
    const { fingerprint } = anchor?.certificate ?? { fingerprint: '' };
    const catalog = { plugins: place.plugins, versions: 5, platforms, languages, anchor: fingerprint, at };
    const filledIn = await timed(() => store.fillCatalog(database, catalog));
    process.stderr.write(`${database.kind}: ${place.plugins} plugins in ${Math.round(filledIn / 1000)} s\n`);
    rows.push(...(await measure(database, dataDir)));
  }
  return [...rows, ...(await measureProcess(place, dataDir, url))];
}

/** A store's own process over the catalog: how soon it answers, and what it holds once each listing was asked for. */
async function measureProcess({ rootFile }: Place, dataDir: string, url: string | undefined): Promise<Row[]> {
  const kind = url === undefined ? 'sqlite' : 'postgresql';
  const begun = performance.now();
  await using server = await startServer(
    launcher,
    [
      ...['store', 'serve', '--data-dir', dataDir, '--port', '0', '--trust-anchor', rootFile],
      // Its certificates are made up: nobody could be asked about them.
      ...['--ask-revocation-every', '8760', '--operator-token-file', join(dataDir, 'operator.token')],
    ],
    { logFile: join(dataDir, 'store.log'), env: url === undefined ? {} : { DATABASE_URL: url } },
  );
  await read(`${server.url}/health/ready`);
  const startMs = performance.now() - begun;
  let [bytes, listings] = [0, 0];
  for (const platform of platforms) {
    for (const language of languages) {
      const answer = await fetch(`${server.url}/?arch=${platform}`, {
        headers: { 'accept-language': language, 'accept-encoding': 'identity' },
      });
      bytes += (await answer.arrayBuffer()).byteLength;
      listings += 1;
    }
  }
  const peak = await server.peakBytes();
  const rows = [plainRow(`${kind}: a process starts and answers`, startMs, 'ms', 5_000)];
  rows.push(plainRow(`${kind}: ${listings} listings, each of`, bytes / listings / 1e6, 'MB'));
  if (peak !== undefined)
    rows.push(plainRow(`${kind}: memory of the process at most`, peak / 1e6, 'MB', 1_000));
  return rows;
}

/** Each kind of question, in the words of its vocabulary. */
function questionsOf(words: { word(): string }): Readonly<Record<string, () => string>> {
  const platform = `platform=${platforms[0]}`;
  return {
    'a word': () => `q=${words.word()}&${platform}`,
    'two words': () => `q=${words.word()}+${words.word()}&${platform}`,
    'the beginning of a word': () => `q=${words.word().slice(0, 3)}&${platform}`,
    'a letter': () => `q=${words.word().slice(0, 1)}&${platform}`,
    'a word by name': () => `q=${words.word()}&${platform}&sort=name`,
    'a word by downloads': () => `q=${words.word()}&${platform}&sort=downloads`,
    newest: () => platform,
    'a category': () => `category=games&${platform}`,
    'by name': () => `${platform}&sort=name`,
    'by downloads': () => `${platform}&sort=downloads`,
    'a category by name': () => `category=games&${platform}&sort=name`,
  };
}

async function measure(database: StoreDatabase, dataDir: string): Promise<Row[]> {
  const clock = () => at;
  await using blobs = await store.openBlobs({ dataDir, clock });
  const log = { warn: () => {}, info: () => {} };
  await using watch = await store.ChangeWatch.start({ database, onChanges: () => {}, log });
  const app = store.createServer();
  const info = { name: 'Bench', anchors: [], revocation: 'required' } as const;
  store.serve(
    app,
    store.readingRoutes({
      database,
      blobs,
      images: new store.StoredImages(blobs),
      bytes: new store.BlobSource(blobs),
      watch,
      clock,
      info,
    }),
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const rows: Row[] = [];
  const all: number[] = [];
  for (const [name, next] of Object.entries(questionsOf(new store.Vocabulary()))) {
    const times: number[] = [];
    for (let asked = 0; asked < questions; asked += 1) {
      // Pages of different lengths are different questions.
      const url = `http://127.0.0.1:${port}/v1/plugins?${next()}&limit=${20 + (asked % 60)}`;
      times.push(await timed(() => read(url)));
    }
    all.push(...times);
    rows.push(plainRow(`${database.kind}: ${name}`, median(times), 'ms p50', targetMs));
  }
  rows.push(plainRow(`${database.kind}: all of them`, median(all), 'ms p50', targetMs));
  rows.push(plainRow(`${database.kind}: all of them`, percentile(all, 0.99), 'ms p99'));
  rows.push(
    plainRow(
      `${database.kind}: categories`,
      await timed(() => read(`http://127.0.0.1:${port}/v1/categories?platform=${platforms[0]}`)),
      'ms',
    ),
  );
  await app.close();
  return rows;
}

async function read(url: string): Promise<void> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}
