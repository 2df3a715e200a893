import type { Certificate } from '../certificate/certificate.js';
import { namesEqual } from '../certificate/name.js';
import { TrustError } from '../error.js';
import type { BudgetMeter } from '../path/path-budget.js';
import type { CertificateList } from './certificate-list.js';
import { judgeByCrls } from './crl-status.js';
import { reasonNameOf } from './revoked-entry.js';

export interface CrlEvidence {
  readonly crls: readonly CertificateList[];
  /** Certificates off the path that may have signed a CRL. */
  readonly certificates: readonly Certificate[];
  readonly at: Date;
  readonly skewMs?: number | undefined;
  readonly meter: BudgetMeter;
  /** A valid path of another certificate to the same trust anchor, that certificate first. */
  readonly pathOf: (signer: Certificate) => readonly Certificate[];
  readonly url?: string | undefined;
}

/** Shows by CRLs that certificates of one trust anchor are not revoked. */
export interface CrlJudge {
  /** @throws {TrustError} as `assertNotRevokedByCrls`; every certificate of the path but the last is asked about. */
  assertPathGood(path: readonly Certificate[]): void;
  /** What `judgeByCrls` says about a certificate under those of `above`, nearest first, which are trusted. */
  statusOf(certificate: Certificate, above: readonly Certificate[]): ReturnType<typeof judgeByCrls>;
}

/** One judge serves one judgement: it asks about each certificate once, and stops where an answer would rest on itself. */
export function createCrlJudge(evidence: CrlEvidence): CrlJudge {
  const good = new Set<string>();
  const inProgress = new Set<string>();

  const statusOf: CrlJudge['statusOf'] = (certificate, above) =>
    judgeByCrls({
      certificate,
      crls: evidence.crls,
      at: evidence.at,
      skewMs: evidence.skewMs,
      url: evidence.url,
      trusted: above,
      certificates: evidence.certificates,
      meter: evidence.meter,
      assertTrusted: (signer) => assertPathGood(evidence.pathOf(signer)),
    });

  const assertGood = (certificate: Certificate, above: readonly Certificate[]): void => {
    if (good.has(certificate.fingerprint)) return;
    if (inProgress.has(certificate.fingerprint)) {
      if (isItsOwnCrlIssuer(certificate)) return;
      throw new TrustError(
        'CRL_ISSUER_NOT_AUTHORIZED',
        'A CRL cannot vouch for the certificate that signed it.',
        {
          certificate: certificate.subject.text,
        },
      );
    }
    inProgress.add(certificate.fingerprint);
    try {
      const { entry } = statusOf(certificate, above);
      if (entry !== undefined)
        throw new TrustError(
          'CERTIFICATE_REVOKED',
          `The certificate was revoked on ${entry.revokedAt.toISOString()} (${reasonNameOf(entry)}).`,
          { certificate: certificate.subject.text, url: evidence.url },
        );
      good.add(certificate.fingerprint);
    } finally {
      inProgress.delete(certificate.fingerprint);
    }
  };

  // From the anchor down: what is asked about rests only on what was shown good.
  const assertPathGood: CrlJudge['assertPathGood'] = (path) => {
    for (let index = path.length - 2; index >= 0; index -= 1) {
      const certificate = path[index];
      if (certificate !== undefined) assertGood(certificate, path.slice(index + 1));
    }
  };
  return { assertPathGood, statusOf };
}

/**
 * Shows that no certificate of a path below its anchor is revoked (RFC 5280 6.3).
 * @param path  target first, anchor last
 * @throws {TrustError} CERTIFICATE_REVOKED | CRL_* | PATH_BUDGET_EXHAUSTED
 */
export function assertNotRevokedByCrls(path: readonly Certificate[], evidence: CrlEvidence): void {
  createCrlJudge(evidence).assertPathGood(path);
}

// Whose distribution points all name itself as the CRL issuer was certified to speak about itself (PKITS 4.14.30);
// its CRL may still revoke it.
function isItsOwnCrlIssuer(certificate: Certificate): boolean {
  const points = certificate.crlDistributionPoints ?? [];
  return (
    points.length > 0 &&
    points.every(({ crlIssuer }) =>
      crlIssuer?.some((name) => name.form === 'directory' && namesEqual(name.name, certificate.subject)),
    )
  );
}
