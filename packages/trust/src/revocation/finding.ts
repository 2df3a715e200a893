import type { Certificate } from '../certificate/certificate.js';
import type { RevocationFinding } from './evidence.js';

/** The brand: an object is a finding because it was made here, whatever its shape. */
const findings = new WeakSet<object>();

/**
 * Makes the finding of accepted evidence, frozen and branded. Inside this room only: whoever has not
 * accepted an OCSP answer or a CRL has nothing to make a finding of.
 */
export function makeFinding(finding: RevocationFinding): RevocationFinding {
  const made = Object.freeze({ ...finding });
  findings.add(made);
  return made;
}

/** True for what `acceptOcspResponse`, `acceptCrl`, `notOffered` and `notAsked` returned, and for nothing else. */
export function isFinding(value: unknown): value is RevocationFinding {
  return typeof value === 'object' && value !== null && findings.has(value);
}

/** The certificate's issuer names neither responder nor CRL, and the mode lets that pass (`when-named`). */
export function notOffered(certificate: Certificate): RevocationFinding {
  return makeFinding({ certificate, status: 'not-offered', source: 'none' });
}

/** Nobody asked, because revocation was switched off; every verdict says so. */
export function notAsked(certificate: Certificate): RevocationFinding {
  return makeFinding({ certificate, status: 'not-asked', source: 'none' });
}
