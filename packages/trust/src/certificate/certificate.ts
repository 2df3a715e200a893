import type { KeyObject } from 'node:crypto';
import type { DistributionPoint } from './distribution-point.js';
import type { GeneralName } from './general-name.js';
import type { NameConstraints } from './name-constraints.js';
import type { PolicyConstraints, PolicyMapping } from './policy-extension.js';

/** A distinguished name: its DER for comparing and hashing, its text for people. */
export interface DistinguishedName {
  readonly der: Uint8Array;
  /** RFC 4514 text. */
  readonly text: string;
  /** Attributes in order of appearance: dotted OID -> decoded text. */
  readonly attributes: readonly { readonly type: string; readonly value: string }[];
  /** One form for each RDN that equal RDNs share (RFC 5280 7.1); for comparing only. */
  readonly canonicalRdns: readonly string[];
}

export interface PublicKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** The subjectPublicKey bits without the unused-bits byte (what OCSP key hashes are made of, RFC 6960 4.1.1). */
  readonly bits: Uint8Array;
  /** `rsa`, `ec` (with curve) or `ed25519`; anything else is kept as its OID and never verifies. */
  readonly algorithm: string;
  readonly curve?: 'P-256' | 'P-384' | 'P-521' | undefined;
  /** RSA modulus length in bits. */
  readonly modulusBits?: number | undefined;
  /** RSA public exponent length in bits. */
  readonly exponentBits?: number | undefined;
  /** Made on first use; node:crypto's own reading of `spki`. */
  readonly keyObject: KeyObject;
}

export interface CertificateExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** DER inside the OCTET STRING. */
  readonly value: Uint8Array;
}

export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly';

/**
 * A strictly decoded X.509 certificate (RFC 5280 section 4): DER only, no trailing bytes, inner and outer
 * signature algorithm equal, no duplicate extension. Frozen; says nothing about trust.
 */
export interface Certificate {
  readonly der: Uint8Array;
  /** The signed part (TBSCertificate), DER, a view into `der`. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2 | 3;
  /** Content octets of the INTEGER, big-endian two's complement as encoded. */
  readonly serialNumber: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: PublicKey;
  /** Dotted OID of the signature algorithm, and its whole AlgorithmIdentifier as DER. */
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
  /** By dotted OID. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;

  // Decoded extensions; absent = the certificate does not carry them.
  readonly basicConstraints?: { readonly cA: boolean; readonly pathLength?: number | undefined } | undefined;
  readonly keyUsage?: ReadonlySet<KeyUsage> | undefined;
  /** Dotted OIDs. */
  readonly extendedKeyUsage?: ReadonlySet<string> | undefined;
  readonly subjectKeyIdentifier?: Uint8Array | undefined;
  readonly authorityKeyIdentifier?: Uint8Array | undefined;
  readonly subjectAltNames?: readonly GeneralName[] | undefined;
  readonly nameConstraints?: NameConstraints | undefined;
  /** Dotted OIDs. */
  readonly certificatePolicies?: ReadonlySet<string> | undefined;
  readonly policyMappings?: readonly PolicyMapping[] | undefined;
  readonly policyConstraints?: PolicyConstraints | undefined;
  /** Certificates to skip before anyPolicy stops counting. */
  readonly inhibitAnyPolicy?: number | undefined;
  readonly crlDistributionPoints?: readonly DistributionPoint[] | undefined;
  /** id-ad-ocsp URLs of authorityInfoAccess, in order. */
  readonly ocspUrls: readonly string[];
  /** fullName URIs of cRLDistributionPoints, in order. */
  readonly crlUrls: readonly string[];
  /** fullName URIs of freshestCRL: where delta CRLs are. */
  readonly freshestCrlUrls: readonly string[];
  /** id-pkix-ocsp-nocheck is present. */
  readonly ocspNoCheck: boolean;

  /** SHA-256 of `der`, lowercase hex. */
  readonly fingerprint: string;
}

/** A certificate the user or a configured store decided to trust. */
export interface TrustAnchor {
  readonly certificate: Certificate;
}
