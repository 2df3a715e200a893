import { createHash } from 'node:crypto';
import type { RevocationQuestion } from '@jami-plugin-store/trust';
import type { AnswerKey } from './answer-cache.js';

/** An OCSP answer is kept by what a CertID says (RFC 6960 4.1.1): issuer's name, issuer's key, serial number. */
export function ocspAnswerKey({ certificate, issuer }: RevocationQuestion): AnswerKey {
  const parts = [certificate.issuer.der, issuer.publicKey.bits, certificate.serialNumber];
  return { kind: 'ocsp', digest: digestOf(parts) };
}

/** A CRL is kept by where it came from and whose it should be, since many certificates share it. */
export function crlAnswerKey({ issuer }: RevocationQuestion, url: string): AnswerKey {
  return { kind: 'crl', digest: digestOf([issuer.publicKey.bits, Buffer.from(url)]) };
}

/** Each part is hashed alone first, so that no two lists of parts are the same bytes. */
function digestOf(parts: readonly Uint8Array[]): string {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(createHash('sha256').update(part).digest());
  return whole.digest('hex');
}
