import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import { namesEqual } from '../certificate/name.js';
import { assertIssuedBy } from '../certificate/signed-data.js';
import { TrustError } from '../error.js';
import { type ValidatedPath, validatePath } from '../path/validate-path.js';
import { assertLeafProfile } from './leaf-profile.js';

/** More than any lawful package needs; bounds the work a hostile one can ask for. */
const maxPackageCertificates = 10;

/**
 * Judges the certificates of a package at one instant: their order, the path from the plugin certificate to one of the
 * given anchors (RFC 5280 6.1), and the plugin certificate's own rules. A root inside the package is never trusted for
 * being there; the anchor may be in the package or not, and may be the plugin certificate itself.
 * @param packageCertificates As the package carries them: plugin certificate first, then its issuers in order.
 * @throws {TrustError} PACKAGE_CERTIFICATES_* | PACKAGE_CERTIFICATE_UNRELATED | NO_TRUST_ANCHOR | PATH_NOT_FOUND | LEAF_* |
 *   KEY_* | any path code
 */
export function judgePackagePath(
  packageCertificates: readonly Certificate[],
  anchors: readonly TrustAnchor[],
  at: Date,
): ValidatedPath {
  const [leaf] = packageCertificates;
  if (leaf === undefined) {
    throw new TrustError(
      'CERTIFICATE_PEM_MALFORMED',
      "The package's certificate entry holds no certificate.",
    );
  }
  if (anchors.length === 0) {
    throw new TrustError('NO_TRUST_ANCHOR', 'No trust anchor is configured, so no package can be trusted.');
  }
  assertInOrder(packageCertificates);
  const validated = validateAgainstHighestAnchor(leaf, packageCertificates, anchors, at);
  assertRestIsRelated(packageCertificates, validated);
  assertLeafProfile(leaf, { isAnchor: isSame(leaf, validated.anchor.certificate) });
  return validated;
}

function assertInOrder(certificates: readonly Certificate[]): void {
  if (certificates.length > maxPackageCertificates) {
    throw new TrustError(
      'PACKAGE_CERTIFICATES_TOO_MANY',
      `The package carries ${certificates.length} certificates; ${maxPackageCertificates} are allowed.`,
    );
  }
  const seen = new Set<string>();
  for (const certificate of certificates) {
    if (seen.has(certificate.fingerprint)) {
      throw new TrustError(
        'PACKAGE_CERTIFICATES_DUPLICATE',
        `The package carries the certificate "${certificate.subject.text}" twice.`,
        { certificate: certificate.subject.text },
      );
    }
    seen.add(certificate.fingerprint);
  }
  for (const [index, certificate] of certificates.entries()) {
    const next = certificates[index + 1];
    if (next !== undefined && !isNamedIssuer(next, certificate))
      throw misplaced(certificates, certificate, next);
  }
}

/** Out of order when some order of the same certificates is a chain; else one of them has nothing to do with the others. */
function misplaced(all: readonly Certificate[], certificate: Certificate, next: Certificate): TrustError {
  if (all.some((first) => formsChain(first, all))) {
    return new TrustError(
      'PACKAGE_CERTIFICATES_OUT_OF_ORDER',
      "The package's certificates are not in order: the plugin certificate comes first, then each one's issuer.",
      { certificate: next.subject.text },
    );
  }
  return unrelated(next, `is not the issuer of "${certificate.subject.text}"`);
}

function formsChain(first: Certificate, all: readonly Certificate[]): boolean {
  const rest = new Set(all);
  for (let current: Certificate | undefined = first; current !== undefined; ) {
    rest.delete(current);
    const below: Certificate = current;
    current = [...rest].find((candidate) => isNamedIssuer(candidate, below));
  }
  return rest.size === 0;
}

/**
 * The package fixes the order, so a path is a run of its certificates from the first one up to an anchor. Where several
 * anchors would do, the highest is taken: more certificates are then judged and asked about.
 */
function validateAgainstHighestAnchor(
  target: Certificate,
  certificates: readonly Certificate[],
  anchors: readonly TrustAnchor[],
  at: Date,
): ValidatedPath {
  let failure: TrustError | undefined;
  for (const { intermediates, candidates } of runsToAnchors(certificates, anchors)) {
    try {
      const validated = validatePath({ target, intermediates, anchors: candidates, at });
      // A builder may find a shorter way; then a certificate in between has no place in the path.
      const skipped = intermediates.find(
        ({ fingerprint }, i) => fingerprint !== validated.path[i + 1]?.fingerprint,
      );
      if (skipped === undefined) return validated;
      failure ??= unrelated(skipped, 'has no place in the path to the trust anchor');
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      failure ??= error;
    }
  }
  throw (
    failure ??
    new TrustError(
      'PATH_NOT_FOUND',
      `No trust anchor vouches for the plugin certificate "${target.subject.text}".`,
      {
        certificate: target.subject.text,
      },
    )
  );
}

interface Run {
  /** Certificates of the package between the plugin certificate and the anchor. */
  readonly intermediates: readonly Certificate[];
  readonly candidates: readonly TrustAnchor[];
}

/** Highest first: up to each certificate of the package, an anchor that could have issued it, then the certificate as anchor. */
function* runsToAnchors(
  certificates: readonly Certificate[],
  anchors: readonly TrustAnchor[],
): Generator<Run> {
  for (const [index, highest] of [...certificates.entries()].reverse()) {
    const issuers = anchors.filter(({ certificate }) => couldHaveIssued(certificate, highest, certificates));
    if (issuers.length > 0) yield { intermediates: certificates.slice(1, index + 1), candidates: issuers };
    const itself = anchors.filter(({ certificate }) => isSame(certificate, highest));
    if (itself.length > 0) yield { intermediates: certificates.slice(1, index), candidates: itself };
  }
}

function couldHaveIssued(anchor: Certificate, highest: Certificate, all: readonly Certificate[]): boolean {
  // The same name and key in another certificate is the anchor itself in an older form, not something it issued.
  const isOlderForm = namesEqual(anchor.subject, highest.subject) && hasSameKey(anchor, highest);
  return isNamedIssuer(anchor, highest) && !isOlderForm && !contains(all, anchor);
}

/** What the package carries above the anchor must fit as well, though nothing depends on it. */
function assertRestIsRelated(certificates: readonly Certificate[], { path }: ValidatedPath): void {
  const onPath = certificates.filter((certificate) => contains(path, certificate)).length;
  for (const [index, certificate] of certificates.entries()) {
    if (index < onPath) continue;
    const below = certificates[index - 1];
    if (below === undefined) throw unrelated(certificate, 'has no place in the path to the trust anchor');
    try {
      assertIssuedBy(below, certificate);
    } catch (cause) {
      if (!(cause instanceof TrustError)) throw cause;
      throw unrelated(certificate, `did not issue "${below.subject.text}"`, cause);
    }
  }
}

function isNamedIssuer(issuer: Certificate, certificate: Certificate): boolean {
  return namesEqual(certificate.issuer, issuer.subject);
}

function hasSameKey(a: Certificate, b: Certificate): boolean {
  return Buffer.compare(a.publicKey.spki, b.publicKey.spki) === 0;
}

function isSame(a: Certificate, b: Certificate): boolean {
  return a.fingerprint === b.fingerprint;
}

function contains(certificates: readonly Certificate[], certificate: Certificate): boolean {
  return certificates.some((other) => isSame(other, certificate));
}

function unrelated(certificate: Certificate, reason: string, cause?: unknown): TrustError {
  const subject = certificate.subject.text;
  return new TrustError(
    'PACKAGE_CERTIFICATE_UNRELATED',
    `The certificate "${subject}" in the package ${reason}.`,
    {
      certificate: subject,
      cause,
    },
  );
}
