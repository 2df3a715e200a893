import { digestOf } from '../serving/route-input.js';
import { immutable } from '../serving/send.js';
import type { StoredImages } from '../serving/stored-images.js';
import { type ReadingRoute, sha256Parameter } from './reading-route.js';

/** `/images/sha256/:digest`: icons and backgrounds by what is in them. */
export function imageRoute(images: StoredImages): ReadingRoute {
  return {
    path: '/images/sha256/:digest',
    operation: {
      summary: 'An icon or background by its digest: never changes',
      tag: 'catalog',
      params: { digest: sha256Parameter },
      answer: { mediaType: 'image/*' },
      refusals: ['DIGEST_MALFORMED', 'IMAGE_NOT_FOUND', 'BLOB_STORE_UNAVAILABLE'],
    },
    async handle(request, reply) {
      const sha256 = digestOf((request.params as { digest: unknown }).digest);
      return await images.send(request, reply, { sha256, cacheControl: immutable });
    },
  };
}
