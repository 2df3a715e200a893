import type { Submission } from '@jami-plugin-store/contract';
import { JplError } from '@jami-plugin-store/jpl';
import { TrustError } from '@jami-plugin-store/trust';
import type { Caller } from '../access/caller.js';
import type { ReceivedBlob } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';

/** Takes packages whose bytes have arrived whole. */
export interface PackageReception {
  /**
   * Judges the bytes, stores them, and enters the release: in review, or published.
   * @throws {JplError | TrustError} the judge's exact reason
   * @throws {StoreError} what the store has against it
   */
  receive(
    caller: Caller,
    received: ReceivedBlob,
    about: { readonly changelog: string | null; readonly signal: AbortSignal },
  ): Promise<Submission>;
  /** What became of these bytes, where they were handed in by the caller's organization. */
  find(caller: Caller, sha256: string): Promise<Submission | undefined>;
  /** @throws {StoreError} PACKAGE_DUPLICATE when these bytes are here already */
  assertUnknown(sha256: string): Promise<void>;
}

/** True where the same bytes may be welcome later: nothing is wrong with them. */
export function isPassingRefusal(error: unknown): boolean {
  if (error instanceof TrustError) return /^(OCSP|CRL)_/.test(error.code) || passing.has(error.code);
  if (error instanceof StoreError) return error.status >= 500 || error.status === 429;
  // A defect, a full disk, a request that was given up.
  return !(error instanceof JplError);
}

const passing: ReadonlySet<string> = new Set(['CERTIFICATE_NOT_YET_VALID', 'REVOCATION_NOT_ASKED']);
