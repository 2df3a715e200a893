/** A store's documented API, reading and writing, on a free port, for tests. */
import { ChangeWatch } from '../database/change-watch.js';
import { PublishingPlace, type PublishingPlaceOptions } from '../publishing/publishing-fixtures.js';
import { BlobSource } from '../serving/blob-source.js';
import { serve } from '../serving/server.js';
import { StoredImages } from '../serving/stored-images.js';
import { documentationRoutes } from './documentation-routes.js';
import { createMetrics, type MetricsOptions } from './metrics.js';
import { readingRoutes } from './reading-routes.js';

export function openApi(
  options: PublishingPlaceOptions & Pick<MetricsOptions, 'readers'>,
): Promise<PublishingPlace> {
  return PublishingPlace.open({
    ...options,
    async alsoServe(app, place) {
      const { database, blobs } = place;
      const log = { warn: () => {}, info: () => {} };
      const watch = await ChangeWatch.start({ database, onChanges: () => {}, log });
      const metrics = createMetrics({ database, readers: options.readers });
      const info = { name: 'Test', anchors: options.ca.anchors, revocation: 'when-named' } as const;
      const routes = [
        ...readingRoutes({
          database,
          blobs,
          images: new StoredImages(blobs),
          bytes: new BlobSource(blobs),
          watch,
          clock: () => place.at,
          info,
        }),
        metrics.route,
      ];
      metrics.observe(app);
      serve(app, [
        ...routes,
        ...documentationRoutes({ title: 'Test', version: '1', routes, guarded: place.routes }),
      ]);
      return {
        async [Symbol.asyncDispose]() {
          metrics[Symbol.dispose]();
          await watch[Symbol.asyncDispose]();
        },
      };
    },
  });
}
