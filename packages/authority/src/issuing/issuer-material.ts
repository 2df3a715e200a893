import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Certificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';
import { keyIdentifier } from '../x509/key.js';

/** An issuer that can sign: its certificate and its private key. */
export interface IssuerMaterial {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

/** SubjectKeyIdentifier, or what it would be (RFC 5280 4.2.1.2). */
export function keyIdOf(certificate: Certificate): Uint8Array {
  return certificate.subjectKeyIdentifier ?? keyIdentifier(certificate.publicKey.spki);
}

/**
 * @throws {AuthorityError} ISSUER_CERTIFICATE_INVALID when it may not sign certificates; ISSUER_KEY_MISMATCH
 */
export function assertCanIssue({ certificate, key }: IssuerMaterial): void {
  const mayIssue =
    certificate.basicConstraints?.cA === true && certificate.keyUsage?.has('keyCertSign') !== false;
  if (!mayIssue) {
    throw new AuthorityError(
      'ISSUER_CERTIFICATE_INVALID',
      'This certificate may not issue certificates: it is not an authority certificate.',
      { certificate: certificate.subject.text },
    );
  }
  const own = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const certified = certificate.publicKey.keyObject.export({ format: 'der', type: 'spki' });
  if (own.equals(certified)) return;
  throw new AuthorityError(
    'ISSUER_KEY_MISMATCH',
    'The private key does not belong to the issuer certificate.',
    {
      certificate: certificate.subject.text,
    },
  );
}
