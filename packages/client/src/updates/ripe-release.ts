import type { StorePluginFacts } from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import { ClientError } from '../error.js';
import type { StoreApi, StoreRequest } from '../store/store-api.js';

export interface RipeWish {
  id: string;
  /** Version it is to be higher than. */
  installed: string;
  /** Published then or earlier. */
  publishedBy: Date;
  now: Date;
}

/**
 * The newest update that was published long enough ago, where the very newest was not: who waits for some days with each release would
 * else never get one from a publisher who is quicker than that. Undefined where there is none, or where the store cannot tell: a plain
 * Jami store has the newest release and no other.
 * @throws {ClientError} a network code
 */
export async function findRipeRelease(
  store: StoreApi,
  wish: RipeWish,
  request: StoreRequest,
): Promise<{ version: string; publishedAt: string } | undefined> {
  if (!(await store.hasV1(request))) return undefined;
  try {
    return ripeRelease(await store.facts(wish.id, request), store.platform, wish);
  } catch (error) {
    if (error instanceof ClientError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

function ripeRelease(
  { releases }: StorePluginFacts,
  platform: string,
  { installed, publishedBy, now }: RipeWish,
): { version: string; publishedAt: string } | undefined {
  const [newest] = releases
    .filter(
      ({ version, publishedAt, expiresAt, yanked, platforms, platformIndependent }) =>
        isVersion(version) &&
        isVersion(installed) &&
        compareVersions(version, installed) > 0 &&
        yanked === undefined &&
        (platformIndependent || platforms.includes(platform)) &&
        Date.parse(publishedAt) <= publishedBy.getTime() &&
        Date.parse(expiresAt) > now.getTime(),
    )
    .sort((a, b) => compareVersions(b.version, a.version));
  return newest && { version: newest.version, publishedAt: newest.publishedAt };
}
