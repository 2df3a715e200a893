import { offeredFor } from '../catalog/plugin-shelf.js';
import { StoreError } from '../error.js';
import { askedPlatform, askedPlugin } from './jami-routes.js';
import { revalidate } from './send.js';
import type { ServedRoute } from './server.js';
import type { Shelves } from './shelves.js';
import type { StoredImages } from './stored-images.js';

export interface ImageRoutesOptions {
  readonly shelves: Shelves;
  readonly images: StoredImages;
  readonly clock: () => Date;
}

/** `/icons/:id` and `/backgrounds/:id`: those of the package that is offered now. */
export function imageRoutes({ shelves, images, clock }: ImageRoutesOptions): ServedRoute[] {
  const routeOf = (path: string, kind: 'icon' | 'background'): ServedRoute => ({
    path,
    async handle(request, reply) {
      const shelf = await shelves.plugin(askedPlugin(request));
      const [newest] = offeredFor(shelf, askedPlatform(request), clock().getTime());
      const image = newest[kind];
      if (image === null)
        throw new StoreError('IMAGE_NOT_FOUND', `${shelf.id} has no ${kind} that can be shown.`);
      return await images.send(request, reply, { sha256: image.sha256, cacheControl: revalidate });
    },
  });
  return [routeOf('/icons/:id', 'icon'), routeOf('/backgrounds/:id', 'background')];
}
