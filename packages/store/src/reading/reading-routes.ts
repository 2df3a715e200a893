import type { BlobStore } from '../blobs/blob-store.js';
import type { StoreDatabase } from '../database/database.js';
import type { BlobSource } from '../serving/blob-source.js';
import type { StoredImages } from '../serving/stored-images.js';
import { applicationReading } from './application-reading.js';
import { catalogRoutes } from './catalog-routes.js';
import { healthRoutes } from './health-routes.js';
import { HeldAnswers, type HeldAnswersOptions } from './held-answers.js';
import { imageRoute } from './image-route.js';
import type { ReadingRoute } from './reading-route.js';
import type { FixedFacts } from './store-facts.js';

export interface ReadingOptions {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly bytes: BlobSource;
  /** Those among the blobs. */
  readonly images: StoredImages;
  /** Of the same database. */
  readonly watch: HeldAnswersOptions['watch'];
  readonly clock: () => Date;
  readonly info: FixedFacts;
}

/** Everything anyone may read of a store, beside what Jami's own clients ask for. */
export function readingRoutes({
  database,
  blobs,
  images,
  bytes,
  watch,
  clock,
  info,
}: ReadingOptions): ReadingRoute[] {
  const answers = new HeldAnswers({ watch, clock });
  return [
    ...catalogRoutes({ database, answers, clock, info }),
    ...applicationReading({ database, answers, bytes }),
    imageRoute(images),
    ...healthRoutes({ database, blobs }),
  ];
}
