import {
  type Archive,
  type ArchiveEntry,
  findCertificateEntry,
  findManifestEntry,
  JplError,
  type Manifest,
  manifestNamesCertificate,
  parseManifest,
} from '@jami-plugin-store/jpl';
import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import { maximumPemBytes, parseCertificatesPem } from '../certificate/pem.js';
import { TrustError } from '../error.js';
import type { AskRevocation, RevocationMode } from '../revocation/evidence.js';
import { inOrder } from './in-order.js';
import { judgePackagePath } from './package-path.js';
import { publisherOf } from './publisher.js';
import { judgeRevocation } from './revocation-verdict.js';
import { type EntrySink, sealVerifiedPlugin, type VerifiedPlugin } from './verified-plugin.js';
import { verifySignatures } from './verify-signatures.js';

/** What the judge has found out, told as soon as it is; for traces. It is no verdict: a later check may still refuse. */
export type JudgeStep =
  | { readonly step: 'path'; readonly path: readonly Certificate[]; readonly anchor: TrustAnchor }
  | { readonly step: 'path'; readonly error: unknown }
  | { readonly step: 'signatures'; readonly files: number; readonly bytes: number }
  | { readonly step: 'signatures'; readonly error: unknown };

export interface JudgePackageRequest {
  readonly anchors: readonly TrustAnchor[];
  /** The one instant at which everything is judged. */
  readonly at: Date;
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  /** Receives the files while they are verified; what it received counts only after the verdict. */
  readonly sink?: EntrySink | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Files whose signature holds so far, of all signed files. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
  /** Signatures that are no longer looked at, because path or revocation refused meanwhile, are not told of. */
  readonly onStep?: ((step: JudgeStep) => void) | undefined;
}

/**
 * The verdict on a package: structure, path, revocation, signatures, manifest. The first of these that fails gives the
 * code, whichever fails sooner (docs/verification.md, "Order of checks"). Settles only when the sink is at rest.
 * @throws {TrustError} the reason of path, revocation or signatures
 * @throws {JplError} the reason of structure, signature map or manifest
 * @throws the signal's reason, or the sink's own error
 */
export async function judgePackage(archive: Archive, request: JudgePackageRequest): Promise<VerifiedPlugin> {
  const { anchors, revocation: revocationMode, ask, sink, signal, onProgress, onStep } = request;
  const at = new Date(request.at);
  // A comparison with no time at all is never true: it would let everything expired pass.
  if (Number.isNaN(at.getTime())) throw new RangeError('The instant of judgement is not a time');
  signal?.throwIfAborted();

  const certificateEntry = findCertificateEntry(archive);
  const { certificatePem, path, anchor, publisher } = await told(
    () => judgeCertificates(archive, certificateEntry, anchors, at),
    {
      done: ({ path, anchor }) => onStep?.({ step: 'path', path, anchor }),
      failed: (error) => onStep?.({ step: 'path', error }),
    },
  );
  const [plugin] = path;
  if (plugin === undefined) throw new RangeError('A validated path has at least one certificate');

  const [revocation, contents] = await inOrder(
    signal,
    (stop) => judgeRevocation(path, { at, revocation: revocationMode, ask, signal: stop }),
    (stop) =>
      told(
        () =>
          verifySignatures(archive, {
            publicKey: plugin.publicKey.keyObject,
            sink,
            onProgress,
            signal: stop,
          }),
        {
          done: ({ files, bytes }) => onStep?.({ step: 'signatures', files, bytes }),
          failed: (error) => {
            if (!stop.aborted) onStep?.({ step: 'signatures', error });
          },
        },
      ),
  );
  const manifest = judgeManifest(archive, contents.manifestBytes, certificateEntry);

  return sealVerifiedPlugin({
    id: manifest.id,
    version: manifest.version,
    manifest,
    publisher,
    path,
    anchor,
    revocationMode,
    revocation,
    entries: archive.entries,
    files: contents.files,
    bytes: contents.bytes,
    evidence: { signatures: contents.signatures, signaturesSig: contents.signaturesSig, certificatePem },
    at,
  });
}

async function judgeCertificates(
  archive: Archive,
  entry: ArchiveEntry,
  anchors: readonly TrustAnchor[],
  at: Date,
) {
  const certificatePem = await readCertificate(archive, entry);
  const { path, anchor } = judgePackagePath(parseCertificatesPem(certificatePem), anchors, at);
  return { certificatePem, path, anchor, publisher: publisherOf({ path, anchor }) };
}

/** Answers as `work` does, and tells what came of it. */
function told<Found>(
  work: () => Promise<Found>,
  tell: { done(found: Found): void; failed(error: unknown): void },
): Promise<Found> {
  return work().then(
    (found) => {
      tell.done(found);
      return found;
    },
    (error: unknown) => {
      tell.failed(error);
      throw error;
    },
  );
}

async function readCertificate(archive: Archive, entry: ArchiveEntry): Promise<Buffer> {
  if (entry.size > maximumPemBytes) {
    throw new TrustError(
      'CERTIFICATE_PEM_MALFORMED',
      `"${entry.name}" is too large to be a certificate file.`,
      {
        entry: entry.name,
      },
    );
  }
  return await archive.read(entry);
}

function judgeManifest(
  archive: Archive,
  bytes: Buffer | undefined,
  certificateEntry: ArchiveEntry,
): Manifest {
  const entry = findManifestEntry(archive);
  if (bytes === undefined) {
    throw new JplError('MANIFEST_MALFORMED', 'The manifest is too large.', { entry: entry.name });
  }
  const manifest = parseManifest(bytes);
  manifestNamesCertificate(manifest, certificateEntry.name);
  return manifest;
}
