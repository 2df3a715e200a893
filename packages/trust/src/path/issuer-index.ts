import type { Certificate, DistinguishedName, TrustAnchor } from '../certificate/certificate.js';
import { nameKey } from '../certificate/name.js';

export interface IssuerCandidate {
  readonly certificate: Certificate;
  /** Set when the certificate is a trust anchor: the path ends there. */
  readonly anchor?: TrustAnchor | undefined;
}

/** Finds possible issuers of a certificate by name, the likeliest first. */
export interface IssuerIndex {
  candidatesFor(certificate: Certificate): readonly IssuerCandidate[];
  /** The same for certificates of the same subject and key. */
  identityOf(certificate: Certificate): string;
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
  const keyOf: NameKeys = remember(nameKey);
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
  // RFC 5280 4.1.2.4: an issuer has a name; nothing chains to none.
  const candidatesNamed = (issuer: DistinguishedName): readonly IssuerCandidate[] =>
    issuer.attributes.length === 0 ? [] : (bySubject.get(keyOf(issuer)) ?? []);
  const rank = (certificate: Certificate): readonly IssuerCandidate[] =>
    candidatesNamed(certificate.issuer)
      .filter(
        (candidate) => candidate.anchor !== undefined || distances.has(keyOf(candidate.certificate.issuer)),
      )
      .map((candidate) => ({ candidate, rank: rankOf(candidate, certificate, at, distances, keyOf) }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ candidate }) => candidate);
  return {
    candidatesFor: remember(rank),
    identityOf: remember(
      ({ subject, publicKey }) => `${Buffer.from(publicKey.spki).toString('latin1')}${keyOf(subject)}`,
    ),
  };
}

type NameKeys = (name: DistinguishedName) => string;

// One search asks the same of the same object many times.
function remember<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const value = compute(key);
    known.set(key, value);
    return value;
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
