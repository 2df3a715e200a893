import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import { namesEqual } from '../certificate/name.js';
import { TrustError } from '../error.js';
import { assertMayIssue, assertSerialPositive, assertUsableAt } from './certificate-checks.js';
import { createFailureRecord, type FailureRecord } from './failure-record.js';
import type { IssuerCandidate, IssuerIndex } from './issuer-index.js';
import type { NameConstraintCheck } from './name-constraint-check.js';
import type { BudgetMeter } from './path-budget.js';
import type { AssertSignature } from './signature-memo.js';

export interface PathSearch {
  readonly index: IssuerIndex;
  readonly at: Date;
  readonly meter: BudgetMeter;
  readonly assertSignature: AssertSignature;
  readonly assertNames: NameConstraintCheck;
}

export interface CompletePath<T> {
  /** Target first, anchor last. */
  readonly path: readonly Certificate[];
  readonly anchor: TrustAnchor;
  readonly judged: T;
}

/**
 * Searches upward from the target, depth first with backtracking, for a path that satisfies RFC 5280 6.1. Whatever
 * depends only on an issuer and what lies below it is checked as soon as the issuer is added, so that a wrong turn
 * ends at once; `judgeWhole` checks what needs the whole path (policies, revocation).
 * @throws {TrustError} the most telling reason when no path holds; PATH_BUDGET_EXHAUSTED
 */
export function buildPath<T>(
  target: Certificate,
  search: PathSearch,
  judgeWhole: (path: readonly Certificate[], anchor: TrustAnchor) => T,
): CompletePath<T> {
  assertUsableAt(target, search.at);
  assertSerialPositive(target);
  const failures = createFailureRecord(target);
  const found = extend([target], search, failures, judgeWhole);
  if (found === undefined) throw failures.mostTelling();
  return found;
}

function extend<T>(
  below: readonly Certificate[],
  search: PathSearch,
  failures: FailureRecord,
  judgeWhole: (path: readonly Certificate[], anchor: TrustAnchor) => T,
): CompletePath<T> | undefined {
  const last = below[below.length - 1];
  if (last === undefined) return undefined;
  const candidates = search.index.candidatesFor(last);
  if (candidates.length === 0) failures.deadEnd(last, below.length);
  for (const candidate of candidates) {
    if (candidate.anchor === undefined && isRepeated(candidate.certificate, below)) continue;
    search.meter.step();
    const path = [...below, candidate.certificate];
    try {
      assertIssuer(candidate, last, below, search);
      if (candidate.anchor !== undefined)
        return { path, anchor: candidate.anchor, judged: judgeWhole(path, candidate.anchor) };
    } catch (error) {
      if (!(error instanceof TrustError) || error.code === 'PATH_BUDGET_EXHAUSTED') throw error;
      failures.record(error, below.length, candidate.anchor !== undefined);
      continue;
    }
    const found = extend(path, search, failures, judgeWhole);
    if (found !== undefined) return found;
  }
  return undefined;
}

function assertIssuer(
  candidate: IssuerCandidate,
  issued: Certificate,
  below: readonly Certificate[],
  search: PathSearch,
): void {
  const issuer = candidate.certificate;
  // RFC 5280 6.1.3 (a) (1); names chain, (a) (4), because the index is asked by name.
  search.assertSignature(issued, issuer);
  assertUsableAt(issuer, search.at);
  if (candidate.anchor === undefined) assertSerialPositive(issuer);
  assertMayIssue(issuer, below, candidate.anchor !== undefined);
  search.assertNames(issuer, below);
}

// RFC 4158 5.2: the same name with the same key never stands twice in a path.
function isRepeated(certificate: Certificate, below: readonly Certificate[]): boolean {
  return below.some(
    (other) =>
      Buffer.compare(other.publicKey.spki, certificate.publicKey.spki) === 0 &&
      namesEqual(other.subject, certificate.subject),
  );
}
