import type { HeldBack, UpdatePolicy } from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';

/** An update that was found, and what became of it. */
export interface FoundUpdate {
  version: string;
  publishedAt?: string | undefined;
  /** Why it was not installed when that was last tried. */
  failedWith?: string | undefined;
}

const dayMs = 86_400_000;

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
