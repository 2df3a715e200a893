import type { Certificate } from '../certificate/certificate.js';
import { namesEqual } from '../certificate/name.js';
import { assertSigned } from '../certificate/signed-data.js';
import { TrustError, type TrustErrorDetail } from '../error.js';
import type { BudgetMeter } from '../path/path-budget.js';
import type { CertificateList } from './certificate-list.js';

export interface SignerSources {
  /** Certificates of the path above the one in question, nearest first: already judged. */
  readonly trusted: readonly Certificate[];
  /** Others that may have signed a CRL. */
  readonly certificates: readonly Certificate[];
  /** Finds a valid path of such a certificate to the same trust anchor, and shows that none of it is revoked. */
  readonly assertTrusted: (signer: Certificate) => void;
  readonly meter: BudgetMeter;
}

/**
 * Finds the certificate whose key signed a CRL and that may do so (RFC 5280 6.3.3 (f), (g)).
 * @throws {TrustError} CRL_SIGNATURE_INVALID | CRL_ISSUER_NOT_AUTHORIZED
 */
export function findCrlSigner(
  list: CertificateList,
  sources: SignerSources,
  detail: TrustErrorDetail,
): Certificate {
  let failure: TrustError | undefined;
  const isOfName = (certificate: Certificate): boolean => namesEqual(certificate.subject, list.issuer);
  const trusted = sources.trusted.filter(isOfName);
  const known = new Set(trusted.map(({ fingerprint }) => fingerprint));
  const others = sources.certificates.filter((other) => isOfName(other) && !known.has(other.fingerprint));
  for (const signer of [...trusted, ...others]) {
    try {
      assertCrlSignedBy(list, signer, sources.meter, detail);
      assertMaySignCrls(signer, trusted.includes(signer), detail);
      if (!trusted.includes(signer)) assertOtherSigner(signer, sources, detail);
      return signer;
    } catch (error) {
      if (!(error instanceof TrustError) || error.code === 'PATH_BUDGET_EXHAUSTED') throw error;
      // A certificate whose key does not fit is another one of the same name: any other failure says more.
      if (failure === undefined || failure.code === 'CRL_SIGNATURE_INVALID') failure = error;
    }
  }
  throw (
    failure ??
    new TrustError('CRL_ISSUER_NOT_AUTHORIZED', 'The certificate that signed the CRL is not known.', detail)
  );
}

/** @throws {TrustError} CRL_SIGNATURE_INVALID */
export function assertCrlSignedBy(
  list: CertificateList,
  signer: Certificate,
  meter: BudgetMeter,
  detail: TrustErrorDetail,
): void {
  meter.signatureCheck(signer.publicKey);
  try {
    assertSigned(list, signer.publicKey);
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    throw new TrustError('CRL_SIGNATURE_INVALID', `The CRL's signature is not accepted: ${cause.message}`, {
      ...detail,
      cause,
    });
  }
}

// RFC 5280 6.3.3 (f): cRLSign where key usage is stated. Who is not above the certificate must state it.
function assertMaySignCrls(signer: Certificate, isTrusted: boolean, detail: TrustErrorDetail): void {
  if (signer.keyUsage === undefined ? isTrusted : signer.keyUsage.has('cRLSign')) return;
  throw new TrustError('CRL_ISSUER_NOT_AUTHORIZED', `“${signer.subject.text}” may not sign CRLs.`, detail);
}

function assertOtherSigner(signer: Certificate, sources: SignerSources, detail: TrustErrorDetail): void {
  try {
    sources.assertTrusted(signer);
  } catch (cause) {
    if (!(cause instanceof TrustError) || cause.code === 'PATH_BUDGET_EXHAUSTED') throw cause;
    throw new TrustError(
      'CRL_ISSUER_NOT_AUTHORIZED',
      `The certificate that signed the CRL, “${signer.subject.text}”, is not trusted: ${cause.message}`,
      { ...detail, cause },
    );
  }
}
