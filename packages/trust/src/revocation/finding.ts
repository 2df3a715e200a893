import type { Certificate } from '../certificate/certificate.js';
import type { RevocationFinding } from './evidence.js';

/** What evidence was judged for. It says nothing about another instant, nor about another issuer's certificate. */
export interface FindingScope {
  readonly issuer: Certificate;
  readonly at: Date;
}

interface Scope {
  readonly issuer: string;
  readonly atMs: number;
}

/** The brand: an object is a finding because it was made here, whatever its shape. */
const findings = new WeakMap<object, Scope | undefined>();

/**
 * Makes the finding of accepted evidence, frozen and branded. Inside this room only: whoever has not
 * accepted an OCSP answer or a CRL has nothing to make a finding of.
 * @param scope  absent where nothing was judged (`notOffered`, `notAsked`)
 */
export function makeFinding(finding: RevocationFinding, scope?: FindingScope): RevocationFinding {
  const made = Object.freeze({ ...finding });
  findings.set(made, scope && { issuer: scope.issuer.fingerprint, atMs: scope.at.getTime() });
  return made;
}

/** True for what `acceptOcspResponse`, `acceptCrl`, `notOffered` and `notAsked` returned, and for nothing else. */
export function isFinding(value: unknown): value is RevocationFinding {
  return typeof value === 'object' && value !== null && findings.has(value);
}

/** True for a finding whose evidence was judged under this issuer at this very instant. */
export function isJudgedFor(finding: RevocationFinding, { issuer, at }: FindingScope): boolean {
  const scope = findings.get(finding);
  return scope !== undefined && scope.issuer === issuer.fingerprint && scope.atMs === at.getTime();
}

/** The certificate's issuer names neither responder nor CRL, and the mode lets that pass (`when-named`). */
export function notOffered(certificate: Certificate): RevocationFinding {
  return makeFinding({ certificate, status: 'not-offered', source: 'none' });
}

/** Nobody asked, because revocation was switched off; every verdict says so. */
export function notAsked(certificate: Certificate): RevocationFinding {
  return makeFinding({ certificate, status: 'not-asked', source: 'none' });
}
