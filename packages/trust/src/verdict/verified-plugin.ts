import type { ArchiveEntry, Manifest } from '@jami-plugin-store/jpl';
import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import type { RevocationFinding, RevocationMode } from '../revocation/evidence.js';

declare const verified: unique symbol;

/** The brand: an object is a verified plugin because it was sealed here, whatever its shape. */
const verifiedPlugins = new WeakSet<object>();

/** Who published a plugin, by the identity rules of docs/trust.md. */
export interface Publisher {
  /** Common name of the certificate directly below the anchor, or of the anchor in two-level paths. */
  readonly name: string;
  /** SHA-256 hex of the organization's identity; absent in two-level paths, where only the same plugin key is the same publisher. */
  readonly organization?: string | undefined;
  /** SHA-256 hex of the plugin certificate's SubjectPublicKeyInfo. */
  readonly pluginKey: string;
}

/** A package that passed every check of trust at `at`. Only `judgePackage` makes one. */
export interface VerifiedPlugin {
  readonly [verified]: true;
  readonly id: string;
  readonly version: string;
  readonly manifest: Manifest;
  readonly publisher: Publisher;
  /** Plugin certificate first, anchor last. */
  readonly path: readonly Certificate[];
  readonly anchor: TrustAnchor;
  readonly revocationMode: RevocationMode;
  /** One for each certificate below the anchor, plugin first. */
  readonly revocation: readonly RevocationFinding[];
  /** All entries of the archive, the exempt ones included. */
  readonly entries: readonly ArchiveEntry[];
  /** Signed files (directories not counted) and their uncompressed bytes. */
  readonly files: number;
  readonly bytes: number;
  /** The package's own evidence, kept beside an installed tree so that it can be verified again. */
  readonly evidence: {
    readonly signatures: Buffer;
    readonly signaturesSig: Buffer;
    readonly certificatePem: Buffer;
  };
  readonly at: Date;
}

/** Makes the verdict, frozen and branded. Inside this room only: `judgePackage` alone has what it takes to call it. */
export function sealVerifiedPlugin(verdict: Omit<VerifiedPlugin, typeof verified>): VerifiedPlugin {
  const sealed = Object.freeze({
    ...verdict,
    manifest: Object.freeze({ ...verdict.manifest }),
    publisher: Object.freeze({ ...verdict.publisher }),
    path: Object.freeze([...verdict.path]),
    revocation: Object.freeze([...verdict.revocation]),
    entries: Object.freeze([...verdict.entries]),
    evidence: Object.freeze({ ...verdict.evidence }),
  }) as VerifiedPlugin;
  verifiedPlugins.add(sealed);
  return sealed;
}

/** True for what `judgePackage` returned, and for nothing else: no copy, no look-alike. */
export function isVerifiedPlugin(value: unknown): value is VerifiedPlugin {
  return typeof value === 'object' && value !== null && verifiedPlugins.has(value);
}

/**
 * Receives each signed file's bytes once, while they are verified. Nothing received may be used before the verdict.
 * Directories are not handed on: they have no bytes. An error of the sink ends the judgement and is thrown as it is.
 */
export interface EntrySink {
  /** False: the entry is verified, but its bytes are not wanted. */
  wants(entry: ArchiveEntry): boolean;
  /** A whole small entry, as soon as its bytes are known. May run up to 64 at once. */
  write(entry: ArchiveEntry, content: Buffer): Promise<void>;
  /** A large entry in chunks, one at a time; `close` after the last one, `abort` when verification or the writer failed. */
  open(entry: ArchiveEntry): Promise<EntryWriter>;
}

export interface EntryWriter {
  write(chunk: Buffer): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}
