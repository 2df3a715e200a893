import type { Certificate, PublicKey } from '../certificate/certificate.js';
import { assertSigned } from '../certificate/signed-data.js';
import { TrustError } from '../error.js';
import type { BudgetMeter } from './path-budget.js';

export type AssertSignature = (certificate: Certificate, issuer: Certificate) => void;

/**
 * Signature checks that are made once for each certificate and key, however many paths they are part of,
 * and counted against the budget (RFC 5280 6.1.3 (a) (1)).
 */
export function createSignatureMemo(meter: BudgetMeter): AssertSignature {
  const results = new Map<string, TrustError | undefined>();
  const keys = new Map<string, PublicKey>();
  return (certificate, issuer) => {
    const spki = Buffer.from(issuer.publicKey.spki).toString('latin1');
    const pair = `${certificate.fingerprint}${spki}`;
    if (!results.has(pair)) {
      // Making a key costs more than using it, and many certificates may carry the same one.
      const key = keys.get(spki) ?? issuer.publicKey;
      keys.set(spki, key);
      meter.signatureCheck(key);
      results.set(pair, failureOf(certificate, key));
    }
    const failure = results.get(pair);
    if (failure !== undefined) throw failure;
  };
}

function failureOf(certificate: Certificate, key: PublicKey): TrustError | undefined {
  try {
    assertSigned(certificate, key, certificate.subject.text);
    return undefined;
  } catch (error) {
    if (error instanceof TrustError) return error;
    throw error;
  }
}
