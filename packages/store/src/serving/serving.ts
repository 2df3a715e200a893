import type { FastifyBaseLogger } from 'fastify';
import type { BlobStore } from '../blobs/blob-store.js';
import type { TrustSettings } from '../catalog/apply-trust.js';
import type { Change } from '../database/changes.js';
import type { StoreDatabase } from '../database/database.js';
import { type ReadingOptions, readingRoutes } from '../reading/reading-routes.js';
import { BlobSource } from './blob-source.js';
import { type CrlRoutesOptions, crlRoutes } from './crl-routes.js';
import { DownloadCounter } from './download-counter.js';
import { imageRoutes } from './image-routes.js';
import { jamiRoutes, type PreparedRoute } from './jami-routes.js';
import { packageRoutes } from './package-routes.js';
import { PreparedAnswers } from './prepared-answers.js';
import type { PreparedLane } from './prepared-lane.js';
import { sendPrepared } from './send.js';
import type { ServedRoute } from './server.js';
import { Shelves } from './shelves.js';
import { StoredImages } from './stored-images.js';

export interface ServingOptions {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
  readonly judging: TrustSettings;
  readonly crl: Omit<CrlRoutesOptions, 'database' | 'clock'>;
  readonly log: Pick<FastifyBaseLogger, 'warn'>;
  /** Keeps what it is worth to answer again without asking the routes. */
  readonly lane: PreparedLane;
  /** Of the store, shown to users. */
  readonly name: string;
}

/** What of the store anybody may read. Closing it writes down what it has counted. */
export interface Serving extends AsyncDisposable {
  /** To be told of every change, so that nothing is answered out of memory that is not true any more. */
  forget(changes: readonly Change[] | 'everything'): void;
  /** @param watch  tells `forget`; each answer waits until it is current */
  routes(watch: ReadingOptions['watch']): ServedRoute[];
}

export function createServing({
  database,
  blobs,
  clock,
  judging,
  crl,
  name,
  log,
  lane,
}: ServingOptions): Serving {
  const shelves = new Shelves(database);
  const answers = new PreparedAnswers(database, shelves, clock);
  const images = new StoredImages(blobs);
  const bytes = new BlobSource(blobs);
  const counter = new DownloadCounter({ database, clock, log });
  const ofCatalog: ServedRoute[] = [
    ...packageRoutes({ shelves, bytes, clock, onDownloaded: (download) => counter.count(download) }),
    ...imageRoutes({ shelves, images, clock }),
  ];
  return {
    forget(changes) {
      shelves.forget(changes);
      answers.forget(changes);
    },
    routes: (watch) => [
      ...jamiRoutes(answers).map((route) => prepared(route, watch, lane)),
      ...ofCatalog.map((route) => whenCurrent(route, watch)),
      ...crlRoutes({ ...crl, database, clock }),
      ...readingRoutes({ database, blobs, images, bytes, watch, clock, info: { name, ...judging } }),
    ],
    [Symbol.asyncDispose]: () => counter[Symbol.asyncDispose](),
  };
}

/** Sends an answer that is made ahead, and keeps it for the next who asks the same. */
function prepared(
  { path, answer }: PreparedRoute,
  watch: ReadingOptions['watch'],
  lane: PreparedLane,
): ServedRoute {
  return {
    path,
    async handle(request, reply) {
      await watch.assureCurrent();
      const { position } = watch;
      const timed = await answer(request);
      lane.keep(request, timed, position);
      return sendPrepared(request, reply, timed.body);
    },
  };
}

/** Answers only what every change committed a moment ago has been taken into account of. */
function whenCurrent(route: ServedRoute, watch: ReadingOptions['watch']): ServedRoute {
  return {
    ...route,
    async handle(request, reply) {
      await watch.assureCurrent();
      return await route.handle(request, reply);
    },
  };
}
