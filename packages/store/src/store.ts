import type { AddressInfo } from 'node:net';
import { createFetcher, createRevocationChecker, type Fetcher } from '@jami-plugin-store/revocation';
import type { AskRevocation, RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { Catalog } from './catalog/catalog.js';
import { DataFolder } from './catalog/data-folder.js';
import { createImageRenderer } from './images/render-image.js';
import { FolderWatch } from './scan/folder-watch.js';
import type { PublicationProblem } from './scan/publication-problem.js';
import { Scanner } from './scan/scanner.js';
import { crlRoutes } from './serving/crl-routes.js';
import { imageRoutes } from './serving/image-routes.js';
import { infoRoutes } from './serving/info-routes.js';
import { jamiRoutes } from './serving/jami-routes.js';
import { packageRoutes } from './serving/package-routes.js';
import { PreparedAnswers } from './serving/prepared-answers.js';
import { RootCrl } from './serving/root-crl.js';
import { createServer, type LogTarget, serve } from './serving/server.js';

export interface StoreOptions {
  /** Holds `packages/*.jpl` and what the store keeps about them. */
  readonly dataDir: string;
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

/** A start waits this long for new packages to be judged; the rest is published while it runs. */
const startScanMs = 10_000;

/**
 * A store over a folder of packages. Resolves when what the folder holds is offered (bounded), listens when told.
 * @throws {StoreError} DATA_FOLDER_UNUSABLE
 */
export async function createStore(options: StoreOptions): Promise<Store> {
  const { anchors, clock } = options;
  const revocation = options.revocation ?? 'required';
  const folder = await DataFolder.open(options.dataDir);
  const app = createServer(options.logger);
  const catalog = new Catalog();
  const fetchers = openFetchers(options);
  const ask = options.ask ?? createRevocationChecker({ fetch: fetchers.ask, mode: 'fresh', revocation });
  const scanner = new Scanner({
    catalog,
    folder,
    anchors,
    revocation,
    ask,
    images: createImageRenderer(),
    clock,
    log: app.log,
  });
  const lookSoon = (): void => {
    scanner
      .scan()
      .catch((error: unknown) => app.log.error({ err: error }, 'the packages folder was not scanned'));
  };
  if (anchors.length === 0)
    app.log.warn('no trust anchor is configured: no package can be judged, none is offered');
  if (revocation === 'off') app.log.warn('revocation is not asked: revoked packages will be offered');
  try {
    await scanner.load();
    await orAfter(scanner.scan(), startScanMs, app.log);
  } catch (error) {
    await fetchers[Symbol.asyncDispose]();
    throw error;
  }

  const answers = new PreparedAnswers(catalog, clock);
  const crl = new RootCrl({
    url: options.crlRootUrl ?? urlNamedBy(anchors),
    file: options.crlRootFile,
    fetch: fetchers.crl,
    anchors,
    clock,
    onFailure: (error) => app.log.warn({ err: error }, 'the root’s revocation list was not renewed'),
  });
  serve(app, [
    ...jamiRoutes(answers),
    ...packageRoutes({ catalog, packagesDir: folder.packagesDir, clock, onChanged: lookSoon }),
    ...imageRoutes({ catalog, imagesDir: folder.imagesDir, clock }),
    ...crlRoutes(crl),
    ...infoRoutes({ name: options.name ?? defaultName, anchors, revocation, answers }),
  ]);
  const watch = options.watch === false ? undefined : new FolderWatch(folder.packagesDir, lookSoon, app.log);

  return {
    listen: ({ port, host = '127.0.0.1' }) => listen(app, port, host),
    rescan: () => scanner.scan({ everything: true }),
    problems: () => scanner.problems(),
    async [Symbol.asyncDispose]() {
      watch?.[Symbol.dispose]();
      await closeWithin(app, options.closeGraceMs ?? 10_000);
      await scanner.close();
      await fetchers[Symbol.asyncDispose]();
    },
  };
}

const defaultName = 'Jami plugin store';

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
