import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contender, Contest } from './contest.js';
import { freePort } from './free-port.js';
import { halveCore } from './half-core.js';
import { type LoadRequest, load } from './load.js';
import { nginxWhole, startNginx } from './nginx.js';
import { type BenchReport, plainRow, type Row } from './report.js';
import { type ServerProcess, startBareServer } from './server-process.js';
import { StorePlace, writeSignedPackage } from './store-place.js';
import { measureUploads } from './uploads.js';

const platform = 'x86_64-linux-gnu';
/** With these, Jami's listing has about 30 KB. */
const listedPlugins = 80;
const downloadBytes = 5_000_000;
const rangeBytes = 64 * 1024;

type Store = typeof import('../packages/store/dist/bench-face.js');

const parts = { serving: measureServing, processes: measureTwo, uploads: measureUploads };

/**
 * One store process against a bare server with the same bytes and nginx with the same file; two against one; uploads.
 * @param asked  names of parts; none: all
 */
export async function benchStore(asked: readonly string[] = []): Promise<BenchReport> {
  const dir = await mkdtemp(join(tmpdir(), 'jpl-bench-store-'));
  try {
    await using place = await StorePlace.open(dir, await freePort());
    await publish(place);
    // Judging them is one start's work; what is measured serves them, as after any other start.
    await (await place.start())[Symbol.asyncDispose]();
    const rows: Row[] = [];
    for (const [name, measure] of Object.entries(parts)) {
      if (asked.length === 0 || asked.includes(name)) rows.push(...(await measure(place)));
    }
    return { bench: 'store', rows };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A listing's worth of small plugins, and one of 5 MB. */
async function publish(place: StorePlace): Promise<void> {
  for (let number = 0; number < listedPlugins; number += 1) {
    const id = `Plugin${number}`;
    const description = `What plugin number ${number} does for a call. `.repeat(4);
    const file = join(place.packagesDir, `${id}.jpl`);
    await writeSignedPackage(file, await place.signer(id, 'rsa-2048'), { version: '1.0.0', description }, []);
  }
  const signer = await place.signer('Large', 'rsa-4096');
  // Noise stays as long as it is, with about 5 KB of signatures and certificates around it.
  const entry = { name: 'data/bulk.bin', data: randomBytes(downloadBytes - 5_000) };
  const manifest = { version: '1.0.0', description: 'Long' };
  await writeSignedPackage(join(place.packagesDir, 'Large.jpl'), signer, manifest, [entry]);
}

const paths = { listing: `/?arch=${platform}`, download: `/download/${platform}/Large` };
const get = (path: string, headers?: LoadRequest['headers']): LoadRequest => ({
  method: 'GET',
  path,
  headers,
});

async function measureServing(place: StorePlace): Promise<Row[]> {
  await using ours = await place.start();
  const { etag, bytes } = await listed(ours.url);
  process.stderr.write(`the listing has ${bytes} bytes\n`);
  const ifNoneMatch = { 'if-none-match': etag };
  const bareOf = (name: string, path: string, headers?: Record<string, string>): Promise<ServerProcess> =>
    startBareServer(join(place.dir, `${name}.json`), `${ours.url}${path}`, headers);
  await using bareListing = await bareOf('listing', paths.listing);
  await using bare304 = await bareOf('not-modified', paths.listing, ifNoneMatch);
  await using bareDownload = await bareOf('download', paths.download);
  await using nginx = await startNginx(place.packagesDir, place.dir);
  const range = { range: `bytes=1000000-${1_000_000 + rangeBytes - 1}` };
  const contenders: Contender[] = [
    { name: 'bare, listing', servers: [bareListing], requests: [get(paths.listing)] },
    { name: 'listing', servers: [ours], requests: [get(paths.listing)] },
    { name: 'bare, 304', servers: [bare304], requests: [get(paths.listing, ifNoneMatch)] },
    { name: '304', servers: [ours], requests: [get(paths.listing, ifNoneMatch)] },
    { name: 'bare, 5 MB', servers: [bareDownload], requests: [get(paths.download)] },
    { name: '5 MB', servers: [ours], requests: [get(paths.download)] },
    { name: '64 KiB range', servers: [ours], requests: [get(paths.download, range)] },
  ];
  if (nginx === undefined) process.stderr.write('no nginx here: downloads have nothing to be held against\n');
  else
    contenders.push(
      { name: 'nginx, 5 MB', servers: [nginx], requests: [get(`${nginxWhole}/Large.jpl`)] },
      { name: 'nginx, 64 KiB range', servers: [nginx], requests: [get('/Large.jpl', range)] },
    );
  const contest = await Contest.run(contenders);
  const rows = [
    ...contest.rows('listing', 'bare, listing', 0.85),
    ...contest.rows('304', 'bare, 304', 0.85),
    ...contest.rows('5 MB', 'bare, 5 MB', null),
    ...contest.rows('5 MB', 'nginx, 5 MB', 1),
    ...contest.rows('64 KiB range', 'nginx, 64 KiB range', 0.4),
  ];
  for (const { name, servers, requests } of contenders) {
    if (!servers.includes(ours)) continue;
    const top = contest.figure(name, 'perSecond') ?? 0;
    const order = { url: ours.url, seconds: 5, connections: 64, requests };
    const { p50Ms, p99Ms } = await load({ ...order, perSecond: top / 2 });
    rows.push(plainRow(`${name}: p50 at half of the top rate`, p50Ms, 'ms'));
    rows.push(plainRow(`${name}: p99 at half of the top rate`, p99Ms, 'ms', 25));
  }
  return rows;
}

async function listed(url: string): Promise<{ etag: string; bytes: number }> {
  const answer = await fetch(`${url}${paths.listing}`, { headers: { 'accept-encoding': 'identity' } });
  const bytes = (await answer.arrayBuffer()).byteLength;
  return { etag: answer.headers.get('etag') ?? '', bytes };
}

async function onHalfCore(server: ServerProcess): Promise<ServerProcess> {
  const half = server.pid === undefined ? undefined : await halveCore(server.pid);
  if (half === undefined)
    process.stderr.write('a process has a whole core: the load may have none left for itself\n');
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await half?.[Symbol.asyncDispose]();
    },
  };
}

/** Two processes that share a database and a folder of blobs, each asked on its own port, against one of them with all connections. */
async function measureTwo(place: StorePlace): Promise<Row[]> {
  const { postgresPrograms, startPostgres }: Store = await import(
    new URL('../../packages/store/dist/bench-face.js', import.meta.url).href
  );
  await using cluster = postgresPrograms === undefined ? undefined : await startPostgres();
  const database = await cluster?.createDatabase();
  process.stderr.write(`two processes on ${database === undefined ? 'SQLite' : 'PostgreSQL'}\n`);
  await using one = await onHalfCore(await place.start(database));
  await using other = await onHalfCore(await place.start(database));
  const { etag } = await listed(one.url);
  await listed(other.url);
  const questions = { listing: get(paths.listing), '304': get(paths.listing, { 'if-none-match': etag }) };
  const contenders = Object.entries(questions).flatMap(([name, request]): Contender[] => [
    { name: `one process, ${name}`, servers: [one], requests: [request] },
    { name: `two processes, ${name}`, servers: [one, other], requests: [request] },
  ]);
  const contest = await Contest.run(contenders);
  return Object.keys(questions).flatMap((name) =>
    contest.rows(`two processes, ${name}`, `one process, ${name}`, 1.7),
  );
}
