import type { Certificate } from '../certificate/certificate.js';
import { TrustError, type TrustErrorCode } from '../error.js';

const minModulusBits = 2048;
const maxModulusBits = 8192;
const codeSigning = '1.3.6.1.5.5.7.3.3';
const ocspSigning = '1.3.6.1.5.5.7.3.9';
const anyExtendedKeyUsage = '2.5.29.37.0';

/**
 * What a plugin certificate may be, on top of a valid path (docs/trust.md, "Certificate path").
 * @param isAnchor The certificate was itself given as trust anchor: then it may be a CA.
 * @throws {TrustError} LEAF_KEY_NOT_RSA | KEY_TOO_WEAK | KEY_UNSUPPORTED | LEAF_IS_A_CA | LEAF_KEY_USAGE_FORBIDS |
 *   LEAF_EXTENDED_KEY_USAGE_FORBIDS
 */
export function assertLeafProfile(leaf: Certificate, { isAnchor }: { isAnchor: boolean }): void {
  assertLeafKey(leaf);
  if (!isAnchor) assertSignsNoCertificates(leaf);
  assertExtendedKeyUsage(leaf);
}

function assertLeafKey(leaf: Certificate): void {
  const { algorithm, modulusBits = 0 } = leaf.publicKey;
  // Jami's package signatures are RSA PKCS#1 v1.5: no other key can have made one.
  if (algorithm !== 'rsa') throw refusal(leaf, 'LEAF_KEY_NOT_RSA', 'holds no RSA key');
  if (modulusBits < minModulusBits) {
    throw refusal(
      leaf,
      'KEY_TOO_WEAK',
      `holds an RSA key of ${modulusBits} bits; ${minModulusBits} are needed`,
    );
  }
  if (modulusBits > maxModulusBits) {
    throw refusal(leaf, 'KEY_UNSUPPORTED', `holds an RSA key of more than ${maxModulusBits} bits`);
  }
}

function assertSignsNoCertificates(leaf: Certificate): void {
  if (leaf.basicConstraints?.cA === true) throw refusal(leaf, 'LEAF_IS_A_CA', 'is a certificate authority');
  if (leaf.keyUsage === undefined) return;
  if (leaf.keyUsage.has('keyCertSign')) {
    throw refusal(
      leaf,
      'LEAF_KEY_USAGE_FORBIDS',
      'may sign certificates; a plugin certificate signs packages only',
    );
  }
  // RFC 5280 4.2.1.3: one of these is asserted where a key verifies signatures on something other than certificates and CRLs.
  if (!leaf.keyUsage.has('digitalSignature') && !leaf.keyUsage.has('nonRepudiation')) {
    throw refusal(leaf, 'LEAF_KEY_USAGE_FORBIDS', 'may not be used for signatures');
  }
}

function assertExtendedKeyUsage(leaf: Certificate): void {
  const purposes = leaf.extendedKeyUsage;
  if (purposes === undefined) return;
  // A key trusted to say "not revoked" must not be one that plugin authors hold.
  if (purposes.has(ocspSigning)) {
    throw refusal(leaf, 'LEAF_EXTENDED_KEY_USAGE_FORBIDS', 'may sign revocation answers');
  }
  if (!purposes.has(codeSigning) && !purposes.has(anyExtendedKeyUsage)) {
    throw refusal(leaf, 'LEAF_EXTENDED_KEY_USAGE_FORBIDS', 'was issued for other purposes than signing code');
  }
}

function refusal(leaf: Certificate, code: TrustErrorCode, reason: string): TrustError {
  return new TrustError(code, `The plugin certificate "${leaf.subject.text}" ${reason}.`, {
    certificate: leaf.subject.text,
  });
}
