import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createFetcher, createRevocationChecker, type Fetcher } from '@jami-plugin-store/revocation';
import type { AskRevocation, RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { openBlobs } from './blobs/open-blobs.js';
import type { S3Settings } from './blobs/s3-settings.js';
import { applyTrust } from './catalog/apply-trust.js';
import { ExpiryWatch } from './catalog/expiry-watch.js';
import { listenForChanges } from './database/change-listener.js';
import { ChangeWatch } from './database/change-watch.js';
import { openDatabase } from './database/open-database.js';
import { StoreError } from './error.js';
import { createImageRenderer } from './images/render-image.js';
import type { JudgePolicy } from './judging/judge-package-file.js';
import { Lifetime } from './lifetime.js';
import { openPublishing, type PublishingSettings } from './publishing/open-publishing.js';
import { documentationRoutes } from './reading/documentation-routes.js';
import { createMetrics, type Metrics } from './reading/metrics.js';
import { folderName } from './scan/folder-name.js';
import { FolderWatch } from './scan/folder-watch.js';
import type { PublicationProblem } from './scan/publication-problem.js';
import { Scanner } from './scan/scanner.js';
import { PreparedLane } from './serving/prepared-lane.js';
import { PublishedCrl } from './serving/published-crl.js';
import type { LogTarget } from './serving/request-log.js';
import { createServer, serve } from './serving/server.js';
import { createServing, type ServingOptions } from './serving/serving.js';
import { warmUp } from './serving/warm-up.js';

export interface StoreOptions {
  /** Holds `packages/*.jpl`, and database and blobs where no others are named. */
  readonly dataDir: string;
  /** `postgres://…`, shared by any number of processes; default: SQLite in the data folder. */
  readonly databaseUrl?: string | undefined;
  /** A bucket for the bytes; default: a folder in the data folder. */
  readonly s3?: S3Settings | undefined;
  /** Roots under which packages are judged. None: the store starts, says so, and offers nothing. */
  readonly anchors: readonly TrustAnchor[];
  readonly clock: () => Date;
  /** Shown to users. */
  readonly name?: string | undefined;
  /** Default `required`: nothing is published whose path lacks revocation data. */
  readonly revocation?: RevocationMode | undefined;
  /** Answers revocation questions; default: asks the responders named in the certificates. */
  readonly ask?: AskRevocation | undefined;
  /** Let the default asker reach addresses of private networks. Default false. */
  readonly allowPrivateAddresses?: boolean | undefined;
  /** Where the root's CRL is published, or a file that holds it. Default: the first http URL the root itself names. */
  readonly crlRootUrl?: string | undefined;
  readonly crlRootFile?: string | undefined;
  readonly publishing?: PublishingSettings | undefined;
  /** Addresses or networks (`10.0.0.0/8`) of proxies that say for whom they ask; only rate limits depend on it. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Who may read `/metrics`; default: only who asks from this machine, and not through a proxy. */
  readonly metrics?: 'loopback' | 'anyone' | undefined;
  readonly logger?: LogTarget | undefined;
  /** Notice new and changed packages by itself. Default true. */
  readonly watch?: boolean | undefined;
  /** How long a shutdown waits for downloads. Default 10,000. */
  readonly closeGraceMs?: number | undefined;
}

export interface Store extends AsyncDisposable {
  /** @returns the base URL, with the port that was free when `port` is 0 */
  listen(at: { port: number; host?: string | undefined }): Promise<{ url: string }>;
  /** Judges what is new, changed or was refused; resolves when all of it is published or a problem. */
  rescan(): Promise<void>;
  /** Files in the packages folder that are not offered, with the exact reason each. */
  problems(): readonly PublicationProblem[];
}

const defaultName = 'Jami plugin store';
const defaultCloseGraceMs = 10_000;

/** A start waits this long for new packages to be judged; the rest is published while it runs. */
const startScanMs = 10_000;

/**
 * One process of a store: it keeps nothing to itself, so that any number of them share one database and its blobs. Resolves when what the
 * packages folder holds is offered (bounded), listens when told.
 * @throws {StoreError} DATA_FOLDER_UNUSABLE | SCHEMA_TOO_NEW | DATABASE_URL_MALFORMED | DATABASE_UNAVAILABLE | DATABASE_BUSY |
 *   BLOB_STORE_UNAVAILABLE | AUTHORITY_NOT_CONFIGURED | APPLICATION_NOT_CONFIGURED
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  const lifetime = new Lifetime();
  try {
    return await openStore(options, lifetime);
  } catch (error) {
    await lifetime[Symbol.asyncDispose]();
    throw error;
  }
}

async function openStore(options: StoreOptions, lifetime: Lifetime): Promise<Store> {
  const { anchors, clock, dataDir, s3, revocation = 'required' } = options;
  const lane = new PreparedLane(clock);
  let metrics: Metrics | undefined;
  const app = createServer({
    log: options.logger,
    trustedProxies: options.trustedProxies,
    lane,
    onLaneAnswer: (answer, seconds) => metrics?.answeredAhead(answer, seconds),
  });
  const { log } = app;
  tellSettings(log, anchors, revocation);
  const packagesDir = await makePackagesFolder(dataDir);
  const folder = await folderName(dataDir);
  const onLost = (err: Error): void => log.warn({ err }, 'a connection to the database was lost');
  const database = lifetime.use(await openDatabase({ dataDir, url: options.databaseUrl, onLost }));
  const blobs = lifetime.use(await openBlobs({ dataDir, s3, clock }));
  metrics = lifetime.use(createMetrics({ database, readers: options.metrics }));
  metrics.observe(app);
  const fetchers = lifetime.use(openFetchers(options));
  const ask = options.ask ?? createRevocationChecker({ fetch: fetchers.ask, mode: 'fresh', revocation });
  const judging: JudgePolicy = {
    anchors,
    revocation,
    ask,
    images: createImageRenderer(),
    onJudged: metrics.judged,
  };
  const base = { database, blobs, clock, judging, log };
  await applyTrust(database, judging, clock());
  const publishing = lifetime.use(await openPublishing({ ...options.publishing, ...base }));
  lifetime.use(new ExpiryWatch(base));
  const scanner = new Scanner({ ...base, packagesDir, folder });
  lifetime.defer(() => scanner.close());
  await orAfter(scanner.scan(), startScanMs, log);

  const crl = crlsOf(options, fetchers.crl, log);
  const { name = defaultName } = options;
  const serving = lifetime.use(createServing({ ...base, crl, name, lane }));
  const { databaseUrl } = options;
  const watch = lifetime.use(
    await ChangeWatch.start({
      database,
      log,
      onChanges: serving.forget,
      listen: databaseUrl === undefined ? undefined : (onTold) => listenForChanges(databaseUrl, onTold),
    }),
  );
  lane.open(watch);
  const routes = [...serving.routes(watch), metrics.route];
  const description = { title: name, version: '1', routes, guarded: publishing.routes };
  serve(app, [...routes, ...documentationRoutes(description)]);
  publishing.serve(app);
  if (options.watch !== false) lifetime.use(new FolderWatch(packagesDir, () => lookSoon(scanner, log), log));
  // Ends first: what is still asked for needs the rest.
  lifetime.defer(() => closeWithin(app, options.closeGraceMs ?? defaultCloseGraceMs));
  return {
    listen: ({ port, host = '127.0.0.1' }) => listen(app, port, host),
    async rescan() {
      await scanner.scan({ everything: true });
      await watch.look();
    },
    problems: () => scanner.problems(),
    [Symbol.asyncDispose]: () => lifetime[Symbol.asyncDispose](),
  };
}

/** Lists of the root, and of organizations where their authority is known. */
function crlsOf(
  { anchors, clock, crlRootUrl, crlRootFile, publishing }: StoreOptions,
  fetch: Fetcher,
  log: FastifyBaseLogger,
): ServingOptions['crl'] {
  const lists = {
    fetch,
    onFailure: (err: unknown) => log.warn({ err }, 'a revocation list was not renewed'),
  };
  const root = new PublishedCrl({
    ...lists,
    clock,
    url: crlRootUrl ?? urlNamedBy(anchors),
    file: crlRootFile,
    issuers: anchors.map(({ certificate }) => certificate),
  });
  return { ...lists, root, authorityUrl: publishing?.authorityUrl };
}

function tellSettings(
  log: FastifyBaseLogger,
  anchors: readonly TrustAnchor[],
  revocation: RevocationMode,
): void {
  if (anchors.length === 0)
    log.warn('no trust anchor is configured: no package can be judged, none is offered');
  if (revocation === 'off') log.warn('revocation is not asked: revoked packages will be offered');
}

/** @throws {StoreError} DATA_FOLDER_UNUSABLE */
async function makePackagesFolder(dataDir: string): Promise<string> {
  const path = join(dataDir, 'packages');
  try {
    await mkdir(path, { recursive: true });
    return path;
  } catch (cause) {
    throw new StoreError('DATA_FOLDER_UNUSABLE', `The data folder ${dataDir} cannot be used.`, {
      file: dataDir,
      cause,
    });
  }
}

function lookSoon(scanner: Scanner, log: FastifyBaseLogger): void {
  scanner.scan().catch((error: unknown) => log.error({ err: error }, 'the packages folder was not scanned'));
}

/** Responders are named by certificates of others, the root's list by the operator: only the former are fenced in. */
function openFetchers({
  allowPrivateAddresses = false,
}: StoreOptions): AsyncDisposable & { ask: Fetcher; crl: Fetcher } {
  const ask = createFetcher({ denyPrivateAddresses: !allowPrivateAddresses });
  const crl = createFetcher();
  return {
    ask,
    crl,
    async [Symbol.asyncDispose]() {
      await Promise.all([ask[Symbol.asyncDispose](), crl[Symbol.asyncDispose]()]);
    },
  };
}

function urlNamedBy(anchors: readonly TrustAnchor[]): string | undefined {
  return anchors.flatMap(({ certificate }) => certificate.crlUrls).find((url) => /^https?:/i.test(url));
}

async function listen(app: FastifyInstance, port: number, host: string): Promise<{ url: string }> {
  await app.ready();
  await warmUp(app.server);
  await app.listen({ port, host });
  const { address, family, port: bound } = app.server.address() as AddressInfo;
  return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}` };
}

/** Takes no new connections, lets running downloads end, and after the grace hangs up. */
async function closeWithin(app: FastifyInstance, graceMs: number): Promise<void> {
  const hangUp = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(hangUp);
  }
}

/** Waits for work, but not longer than this. A failure within that time is the caller's, a later one the log's. */
async function orAfter(work: Promise<void>, maxMs: number, log: FastifyBaseLogger): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<'running'>((resolve) => {
    timer = setTimeout(() => resolve('running'), maxMs);
  });
  try {
    if ((await Promise.race([work, enough])) === 'running') {
      log.info('new packages are still being judged; they are offered one by one');
      work.catch((error: unknown) => log.error({ err: error }, 'the packages folder was not scanned'));
    }
  } finally {
    clearTimeout(timer);
  }
}
