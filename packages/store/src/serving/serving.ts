import type { BlobStore } from '../blobs/blob-store.js';
import type { TrustSettings } from '../catalog/apply-trust.js';
import type { Change } from '../database/changes.js';
import type { StoreDatabase } from '../database/database.js';
import { crlRoutes } from './crl-routes.js';
import { imageRoutes } from './image-routes.js';
import { infoRoutes } from './info-routes.js';
import { jamiRoutes } from './jami-routes.js';
import { packageRoutes } from './package-routes.js';
import { PreparedAnswers } from './prepared-answers.js';
import type { RootCrl } from './root-crl.js';
import type { ServedRoute } from './server.js';
import { Shelves } from './shelves.js';

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
  /** @param assureCurrent  resolves when every change has been told; asked before each answer */
  routes(assureCurrent: () => Promise<void>): ServedRoute[];
}

export function createServing({ database, blobs, clock, judging, crl, name }: ServingOptions): Serving {
  const shelves = new Shelves(database);
  const answers = new PreparedAnswers(database, shelves, clock);
  const ofCatalog: ServedRoute[] = [
    ...jamiRoutes(answers),
    ...packageRoutes({ shelves, blobs, clock, onDownloaded: () => undefined }),
    ...imageRoutes({ shelves, blobs, clock }),
    ...infoRoutes({ name, ...judging, answers }),
  ];
  return {
    forget(changes) {
      shelves.forget(changes);
      answers.forget(changes);
    },
    routes: (assureCurrent) => [
      ...ofCatalog.map(
        ({ path, handle }): ServedRoute => ({
          path,
          async handle(request, reply) {
            await assureCurrent();
            return await handle(request, reply);
          },
        }),
      ),
      ...crlRoutes(crl),
    ],
  };
}
