import type { CertificateExtension, DistinguishedName } from '../certificate/certificate.js';
import type { DistributionPointName } from '../certificate/distribution-point.js';

/** IssuingDistributionPoint (RFC 5280 5.2.5). */
export interface IssuingDistributionPoint {
  readonly name?: DistributionPointName | undefined;
  readonly onlyContainsUserCerts: boolean;
  readonly onlyContainsCaCerts: boolean;
  /** Bits of ReasonFlags; absent = all. */
  readonly onlySomeReasons?: ReadonlySet<number> | undefined;
  readonly indirectCrl: boolean;
  readonly onlyContainsAttributeCerts: boolean;
}

/** A strictly decoded CRL (RFC 5280 5). Frozen; says nothing about trust. Its entries are read by `findRevocation`. */
export interface CertificateList {
  readonly der: Uint8Array;
  /** The signed part (TBSCertList), DER. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2;
  readonly signatureAlgorithm: { readonly oid: string; readonly der: Uint8Array };
  readonly signature: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly thisUpdate: Date;
  readonly nextUpdate?: Date | undefined;
  /** Contents of revokedCertificates: the entries, one after another. */
  readonly entries: Uint8Array;
  readonly entryCount: number;
  /** OIDs of critical entry extensions that are not known here; one is enough to make the whole CRL useless. */
  readonly unknownCriticalEntryExtensions: readonly string[];
  /** By dotted OID. */
  readonly extensions: ReadonlyMap<string, CertificateExtension>;

  // Decoded extensions; absent = the CRL does not carry them.
  readonly authorityKeyIdentifier?: Uint8Array | undefined;
  readonly crlNumber?: bigint | undefined;
  /** Present: a delta CRL, to be used with a complete one of at least this number. */
  readonly baseCrlNumber?: bigint | undefined;
  readonly issuingDistributionPoint?: IssuingDistributionPoint | undefined;
  /** fullName URIs of freshestCRL: where delta CRLs to this one are. */
  readonly freshestCrlUrls: readonly string[];
}

/** One revokedCertificates entry. */
export interface RevokedEntry {
  /** Content octets of the INTEGER. */
  readonly serialNumber: Uint8Array;
  readonly revokedAt: Date;
  /** CRLReason code; absent = unspecified. */
  readonly reason?: number | undefined;
  /** certificateIssuer of this very entry; absent = as the entry before it (RFC 5280 5.3.3). */
  readonly certificateIssuer?: readonly DistinguishedName[] | undefined;
}
