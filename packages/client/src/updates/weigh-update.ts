import type { HeldBack, UpdatePolicy } from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';

/** An update that was found, with why it was not installed when that was last tried. */
interface FoundUpdate {
  version: string;
  publishedAt?: string | undefined;
  failedWith?: string | undefined;
}

const dayMs = 86_400_000;

/**
 * Which version may be taken without asking: the one that was found, else the newest of those that have been there for as long as the user wants
 * to wait.
 */
export function takenVersion(
  found: FoundUpdate,
  ripe: FoundUpdate | undefined,
  policy: UpdatePolicy,
  now: Date,
): string | undefined {
  const heldBack = weighUpdate(found, policy, now);
  if (heldBack === undefined) return found.version;
  const isRipe =
    heldBack.reason === 'too-new' && ripe !== undefined && weighUpdate(ripe, policy, now) === undefined;
  return isRipe ? ripe.version : undefined;
}

/** Why the user's own decisions keep an update from being made by itself; undefined: nothing does. */
export function weighUpdate(found: FoundUpdate, policy: UpdatePolicy, now: Date): HeldBack | undefined {
  const { version, publishedAt, failedWith } = found;
  if (policy.pinned) return { version, reason: 'pinned' };
  if (policy.skippedVersion !== null && isSame(version, policy.skippedVersion))
    return { version, reason: 'skipped' };
  if (policy.holdDays > 0) {
    // Of a release that nobody dates it is not known that it is old enough.
    if (publishedAt === undefined) return { version, reason: 'too-new' };
    const until = new Date(Date.parse(publishedAt) + policy.holdDays * dayMs);
    if (until > now) return { version, reason: 'too-new', until: until.toISOString() };
  }
  // Whether that is right is for the user to say; asking the daemon again changes nothing.
  if (failedWith === 'PUBLISHER_CHANGED') return { version, reason: 'other-publisher', code: failedWith };
  return undefined;
}

function isSame(a: string, b: string): boolean {
  return a === b || (isVersion(a) && isVersion(b) && compareVersions(a, b) === 0);
}
