import { JplError } from '@jami-plugin-store/jpl';
import { TrustError } from '@jami-plugin-store/trust';
import { StoreError } from '../error.js';

/** Why a file in the packages folder is not offered. */
export interface PublicationProblem {
  /** Plain name in the packages folder. */
  readonly file: string;
  /** Exact reason: a code of the package room, of the judge, or of the store. */
  readonly code: string;
  readonly message: string;
  /** Archive entry concerned. */
  readonly entry?: string | undefined;
  /** Subject of the certificate concerned. */
  readonly certificate?: string | undefined;
  /** When it was last judged. */
  readonly at: Date;
  /** True: the reason may pass by itself (a responder is down), so the store tries again. */
  readonly isPassing: boolean;
}

/** The one doorway from what a judgement threw to what the operator reads. */
export function publicationProblemOf(file: string, error: unknown, at: Date): PublicationProblem {
  if (error instanceof JplError || error instanceof TrustError || error instanceof StoreError) {
    const { code, message } = error;
    return {
      file,
      code,
      message,
      entry: 'entry' in error ? error.entry : undefined,
      certificate: 'certificate' in error ? error.certificate : undefined,
      at,
      isPassing: passing.has(code) || /^(OCSP|CRL)_/.test(code) || isStoresOwn(error),
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { file, code: 'INTERNAL', message, at, isPassing: true };
}

/** A database or a disk that is out of reach, and no fault of the package. */
function isStoresOwn(error: Error): boolean {
  return error instanceof StoreError && error.status >= 500;
}

const passing: ReadonlySet<string> = new Set([
  'CERTIFICATE_DOUBTED',
  'CERTIFICATE_NOT_YET_VALID',
  'FILE_NOT_FOUND',
  'FILE_NOT_READABLE',
  'READ_FAILED',
  'REVOCATION_NOT_ASKED',
]);
