import { constants, verify } from 'node:crypto';
import { TrustError, type TrustErrorDetail } from '../error.js';
import type { Certificate, PublicKey } from './certificate.js';
import { DerError } from './der-error.js';
import { type SignatureScheme, signatureSchemeOf } from './signature-algorithm.js';

/** What a signature covers, and how it was made: a certificate, a CRL or an OCSP response. */
export interface SignedData {
  /** The signed bytes. */
  readonly tbs: Uint8Array;
  /** AlgorithmIdentifier, DER. */
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
}

const minimumModulusBits = 2048;
/** The most OpenSSL verifies with. */
const maximumModulusBits = 16_384;
/** What OpenSSL takes with a modulus above 3072 bits; below it, verifying could take 7 ms a signature. */
const maximumExponentBits = 64;

/**
 * Verifies a signature by the algorithms of the trust policy: RSA (PKCS #1 v1.5, PSS), ECDSA on P-256/384/521,
 * Ed25519; SHA-256 and up; RSA keys of 2048 bits and more.
 * @param subject  whose signature it is, for the error (RFC 4514 text)
 * @throws {TrustError} CERTIFICATE_SIGNATURE_INVALID | SIGNATURE_ALGORITHM_UNSUPPORTED | KEY_TOO_WEAK | KEY_UNSUPPORTED
 */
export function assertSigned(data: SignedData, key: PublicKey, subject?: string): void {
  const detail: TrustErrorDetail = { certificate: subject };
  const scheme = schemeFor(data, detail);
  assertKeyAcceptable(key, detail);
  if (scheme.key !== key.algorithm)
    throw new TrustError(
      'CERTIFICATE_SIGNATURE_INVALID',
      'The signature algorithm is not one for the issuer’s key.',
      detail,
    );
  if (!isSignatureValid(data, scheme, key, detail))
    throw new TrustError(
      'CERTIFICATE_SIGNATURE_INVALID',
      'The signature does not verify with the issuer’s key.',
      detail,
    );
}

/** `assertSigned` for a certificate and the certificate said to have issued it. */
export function assertIssuedBy(certificate: Certificate, issuer: Certificate): void {
  assertSigned(certificate, issuer.publicKey, certificate.subject.text);
}

/**
 * Keys that may sign or be certified: RSA of 2048 to 16384 bits with an exponent of 64 at most, P-256/384/521, Ed25519.
 * @throws {TrustError} KEY_TOO_WEAK | KEY_UNSUPPORTED
 */
export function assertKeyAcceptable(key: PublicKey, detail: TrustErrorDetail = {}): void {
  switch (key.algorithm) {
    case 'rsa': {
      const bits = key.modulusBits ?? 0;
      if (bits < minimumModulusBits)
        throw new TrustError(
          'KEY_TOO_WEAK',
          `The RSA key has ${bits} bits; ${minimumModulusBits} are needed.`,
          detail,
        );
      if (bits > maximumModulusBits)
        throw new TrustError('KEY_UNSUPPORTED', `The RSA key has ${bits} bits, too many to use.`, detail);
      if ((key.exponentBits ?? 0) > maximumExponentBits)
        throw new TrustError('KEY_UNSUPPORTED', "The RSA key's public exponent is too large to use.", detail);
      return;
    }
    case 'ec':
      if (key.curve !== undefined) return;
      throw new TrustError(
        'KEY_UNSUPPORTED',
        'The key is on another curve than P-256, P-384 and P-521.',
        detail,
      );
    case 'ed25519':
      return;
    default:
      throw new TrustError(
        'KEY_UNSUPPORTED',
        `Keys of algorithm ${key.algorithm} are not supported.`,
        detail,
      );
  }
}

function schemeFor(data: SignedData, detail: TrustErrorDetail): SignatureScheme {
  let scheme: SignatureScheme | undefined;
  try {
    scheme = signatureSchemeOf(data.signatureAlgorithm.der);
  } catch (cause) {
    if (!(cause instanceof DerError)) throw cause;
    throw unsupported(data, { ...detail, cause });
  }
  if (scheme === undefined) throw unsupported(data, detail);
  return scheme;
}

function unsupported(data: SignedData, detail: TrustErrorDetail): TrustError {
  return new TrustError(
    'SIGNATURE_ALGORITHM_UNSUPPORTED',
    `The signature algorithm ${data.signatureAlgorithm.oid} is not accepted; SHA-256 or stronger with RSA, ECDSA or Ed25519 is.`,
    detail,
  );
}

function isSignatureValid(
  data: SignedData,
  scheme: SignatureScheme,
  key: PublicKey,
  detail: TrustErrorDetail,
): boolean {
  const { keyObject } = key;
  const options =
    scheme.pssSaltLength === undefined
      ? keyObject
      : { key: keyObject, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: scheme.pssSaltLength };
  try {
    return verify(scheme.hash ?? null, data.tbs, options, data.signature);
  } catch (cause) {
    throw new TrustError('CERTIFICATE_SIGNATURE_INVALID', 'The signature cannot be verified.', {
      ...detail,
      cause,
    });
  }
}
