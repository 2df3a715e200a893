import type { BlobStore } from '../blobs/blob-store.js';
import type { TrustSettings } from '../catalog/apply-trust.js';
import type { Change } from '../database/changes.js';
import type { StoreDatabase } from '../database/database.js';
import { type ReadingOptions, readingRoutes } from '../reading/reading-routes.js';
import { crlRoutes } from './crl-routes.js';
import { imageRoutes } from './image-routes.js';
import { jamiRoutes } from './jami-routes.js';
import { packageRoutes } from './package-routes.js';
import { PreparedAnswers } from './prepared-answers.js';
import type { RootCrl } from './root-crl.js';
import type { ServedRoute } from './server.js';
import { Shelves } from './shelves.js';
import { StoredImages } from './stored-images.js';

export interface ServingOptions {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
  readonly judging: TrustSettings;
  readonly crl: RootCrl;
  /** Of the store, shown to users. */
  readonly name: string;
}

/** What of the store anybody may read. */
export interface Serving {
  /** To be told of every change, so that nothing is answered out of memory that is not true any more. */
  forget(changes: readonly Change[] | 'everything'): void;
  /** @param watch  tells `forget`; each answer waits until it is current */
  routes(watch: ReadingOptions['watch']): ServedRoute[];
}

export function createServing({ database, blobs, clock, judging, crl, name }: ServingOptions): Serving {
  const shelves = new Shelves(database);
  const answers = new PreparedAnswers(database, shelves, clock);
  const images = new StoredImages(blobs);
  const ofCatalog: ServedRoute[] = [
    ...jamiRoutes(answers),
    ...packageRoutes({ shelves, blobs, clock, onDownloaded: () => undefined }),
    ...imageRoutes({ shelves, images, clock }),
  ];
  return {
    forget(changes) {
      shelves.forget(changes);
      answers.forget(changes);
    },
    routes: (watch) => [
      ...ofCatalog.map((route) => whenCurrent(route, watch)),
      ...crlRoutes(crl),
      ...readingRoutes({ database, blobs, images, watch, clock, info: { name, ...judging } }),
    ],
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
