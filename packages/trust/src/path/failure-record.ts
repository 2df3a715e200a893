import type { Certificate } from '../certificate/certificate.js';
import { TrustError } from '../error.js';

/** Remembers why paths failed, and which reason says most to the user. */
export interface FailureRecord {
  /** @param verified  certificates whose signatures hold so far, the target counted */
  record(error: TrustError, verified: number, atAnchor: boolean): void;
  /** No possible issuer leads from here to an anchor. */
  deadEnd(certificate: Certificate, verified: number): void;
  mostTelling(): TrustError;
}

/**
 * A failure at an anchor says more than one on the way; further up says more than further down; a broken rule says
 * more than a signature that does not fit, which most often means "another certificate of the same name".
 * Of equals the first counts.
 */
export function createFailureRecord(target: Certificate): FailureRecord {
  let best = notFound(target);
  let bestRank = -1;
  const offer = (error: TrustError, rank: number): void => {
    if (rank <= bestRank) return;
    best = error;
    bestRank = rank;
  };
  return {
    record: (error, verified, atAnchor) => {
      const fits = error.code !== 'CERTIFICATE_SIGNATURE_INVALID';
      offer(error, verified * 3 + (fits ? 2 : 1) + (atAnchor && fits ? 1e6 : 0));
    },
    deadEnd: (certificate, verified) => offer(notFound(certificate), verified * 3),
    mostTelling: () => best,
  };
}

function notFound(certificate: Certificate): TrustError {
  return new TrustError(
    'PATH_NOT_FOUND',
    `No chain of issuers leads from “${certificate.issuer.text}” to a trust anchor.`,
    { certificate: certificate.subject.text },
  );
}
