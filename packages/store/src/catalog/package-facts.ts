import type { Certificate, Publisher, RevocationMode } from '@jami-plugin-store/trust';

/** An image shown for a package, a blob of its own. */
export interface PackageImage {
  /** Entry of the package it was made from, e.g. `data/icon.png`. */
  readonly entry: string;
  readonly sha256: string;
  readonly size: number;
  readonly mediaType: string;
}

/** What a judgement found in a package, as far as the catalog keeps it: all of it read from verified bytes. */
export interface PackageFacts {
  readonly sha256: string;
  readonly size: number;
  readonly id: string;
  readonly version: string;
  readonly publisher: Publisher;
  /** Fingerprint of the trust anchor. */
  readonly anchor: string;
  readonly revocation: RevocationMode;
  /** `any` = no native library, so it depends on no platform. */
  readonly platforms: readonly string[] | 'any';
  /** Files it is signed for. */
  readonly files: number;
  /** Digest over its signed entries, whoever signed them. */
  readonly contentSha256: string;
  /** The first instant at which a certificate of its path has expired. */
  readonly expiresAt: Date;
  /** Language -> texts, placeholders translated; one language at least. */
  readonly texts: Readonly<Record<string, { readonly name: string; readonly description: string }>>;
  readonly categories: readonly string[];
  readonly icon: PackageImage | undefined;
  readonly background: PackageImage | undefined;
  /** Plugin certificate first, anchor last. */
  readonly path: readonly Certificate[];
}
