import type { Certificate, DistinguishedName, TrustAnchor } from '../certificate/certificate.js';

export interface IssuerCandidate {
  readonly certificate: Certificate;
  /** Set when the certificate is a trust anchor: the path ends there. */
  readonly anchor?: TrustAnchor | undefined;
}

/** Finds possible issuers of a certificate by name, the likeliest first. */
export interface IssuerIndex {
  candidatesFor(certificate: Certificate): readonly IssuerCandidate[];
}

/**
 * Orders anchors and intermediates by subject. Only intermediates from which an anchor can be reached by names are
 * offered, so that bundles and loops that lead nowhere cost nothing more than their names.
 */
export function createIssuerIndex(
  intermediates: readonly Certificate[],
  anchors: readonly TrustAnchor[],
  at: Date,
): IssuerIndex {
  const keyOf = createNameKeys();
  const bySubject = new Map<string, IssuerCandidate[]>();
  const seen = new Set<string>();
  const all = [
    ...anchors.map((anchor) => ({ certificate: anchor.certificate, anchor })),
    ...intermediates.map((certificate) => ({ certificate })),
  ];
  for (const candidate of all) {
    if (seen.has(candidate.certificate.fingerprint)) continue;
    seen.add(candidate.certificate.fingerprint);
    const key = keyOf(candidate.certificate.subject);
    const known = bySubject.get(key);
    if (known === undefined) bySubject.set(key, [candidate]);
    else known.push(candidate);
  }
  const distances = distancesFromAnchors([...bySubject.values()].flat(), keyOf);
  return {
    candidatesFor: (certificate) => {
      const candidates = bySubject.get(keyOf(certificate.issuer)) ?? [];
      const ranked = candidates
        .filter(
          (candidate) => candidate.anchor !== undefined || distances.has(keyOf(candidate.certificate.issuer)),
        )
        .map((candidate) => ({ candidate, rank: rankOf(candidate, certificate, at, distances, keyOf) }));
      return ranked.sort((a, b) => a.rank - b.rank).map(({ candidate }) => candidate);
    },
  };
}

type NameKeys = (name: DistinguishedName) => string;

function createNameKeys(): NameKeys {
  const keys = new WeakMap<DistinguishedName, string>();
  return (name) => {
    const known = keys.get(name);
    if (known !== undefined) return known;
    const key = JSON.stringify(name.canonicalRdns);
    keys.set(name, key);
    return key;
  };
}

// Breadth first from the anchors' subjects: how many certificates lie between a name and the nearest anchor.
function distancesFromAnchors(
  candidates: readonly IssuerCandidate[],
  keyOf: NameKeys,
): ReadonlyMap<string, number> {
  const subjectsByIssuer = new Map<string, string[]>();
  const distances = new Map<string, number>();
  for (const { certificate, anchor } of candidates) {
    const subject = keyOf(certificate.subject);
    if (anchor !== undefined) distances.set(subject, 0);
    const issuer = keyOf(certificate.issuer);
    const subjects = subjectsByIssuer.get(issuer);
    if (subjects === undefined) subjectsByIssuer.set(issuer, [subject]);
    else subjects.push(subject);
  }
  // A Map yields what is added while it is iterated, in order: the queue of the search.
  for (const [name, distance] of distances)
    for (const subject of subjectsByIssuer.get(name) ?? [])
      if (!distances.has(subject)) distances.set(subject, distance + 1);
  return distances;
}

// RFC 4158 3.5: key identifiers and periods are hints about where to look first, never reasons.
function rankOf(
  candidate: IssuerCandidate,
  certificate: Certificate,
  at: Date,
  distances: ReadonlyMap<string, number>,
  keyOf: NameKeys,
): number {
  const wanted = certificate.authorityKeyIdentifier;
  const offered = candidate.certificate.subjectKeyIdentifier;
  let hint = 1;
  if (wanted !== undefined && offered !== undefined) hint = Buffer.compare(wanted, offered) === 0 ? 0 : 2;
  const isCurrent = at >= candidate.certificate.notBefore && at <= candidate.certificate.notAfter;
  const distance =
    candidate.anchor === undefined ? 1 + (distances.get(keyOf(candidate.certificate.issuer)) ?? 0) : 0;
  return hint * 4e6 + (isCurrent ? 0 : 2e6) + distance;
}
