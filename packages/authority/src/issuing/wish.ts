import { createHash } from 'node:crypto';
import { AuthorityError } from '../error.js';
import type { Entry, Registry } from '../ledger/registry.js';

/** A wish to issue under a name of its own, so that repeating it after a crash gives what it gave then. */
export interface Wish {
  readonly requestId: string;
  /** SHA-256 of what was wished for, hex. */
  readonly requestDigest: string;
}

/**
 * @param wished  all that decides what is issued; not who asks
 * @returns undefined without an id: then every call issues anew
 */
export function wishOf(requestId: string | undefined, wished: readonly unknown[]): Wish | undefined {
  if (requestId === undefined) return undefined;
  const text = JSON.stringify(
    wished.map((part) =>
      part instanceof Uint8Array ? Buffer.from(part).toString('base64') : (part ?? null),
    ),
  );
  return { requestId, requestDigest: createHash('sha256').update(text).digest('hex') };
}

/**
 * The certificate that was issued for this wish before.
 * @throws {AuthorityError} REQUEST_ID_REUSED where the id belongs to another wish
 */
export function grantedBefore(registry: Registry, wish: Wish | undefined): Entry | undefined {
  if (wish === undefined) return undefined;
  const entry = registry.byRequestId(wish.requestId);
  if (entry === undefined || entry.record.requestDigest === wish.requestDigest) return entry;
  throw new AuthorityError(
    'REQUEST_ID_REUSED',
    `The request id ${wish.requestId} belongs to another request. Nothing was issued.`,
    { certificate: entry.record.subject },
  );
}
