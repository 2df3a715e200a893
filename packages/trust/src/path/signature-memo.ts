import type { Certificate } from '../certificate/certificate.js';
import { assertIssuedBy } from '../certificate/signed-data.js';
import { TrustError } from '../error.js';
import type { BudgetMeter } from './path-budget.js';

export type AssertSignature = (certificate: Certificate, issuer: Certificate) => void;

/**
 * Signature checks that are made once for each certificate and key, however many paths they are part of,
 * and counted against the budget (RFC 5280 6.1.3 (a) (1)).
 */
export function createSignatureMemo(meter: BudgetMeter): AssertSignature {
  const results = new Map<string, TrustError | undefined>();
  return (certificate, issuer) => {
    const key = `${certificate.fingerprint}${Buffer.from(issuer.publicKey.spki).toString('latin1')}`;
    if (!results.has(key)) {
      meter.signatureCheck(issuer.publicKey);
      results.set(key, failureOf(certificate, issuer));
    }
    const failure = results.get(key);
    if (failure !== undefined) throw failure;
  };
}

function failureOf(certificate: Certificate, issuer: Certificate): TrustError | undefined {
  try {
    assertIssuedBy(certificate, issuer);
    return undefined;
  } catch (error) {
    if (error instanceof TrustError) return error;
    throw error;
  }
}
