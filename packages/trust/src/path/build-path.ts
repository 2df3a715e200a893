import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import { TrustError } from '../error.js';
import { assertMayIssue, assertSerialPositive, assertUsableAt, isSelfIssued } from './certificate-checks.js';
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
  const identities = new Set([search.index.identityOf(target)]);
  const climb: Climb<T> = { ...search, failures, judgeWhole, below: [target], identities, counted: 0 };
  const found = extend(target, climb);
  if (found === undefined) throw failures.mostTelling();
  return found;
}

/** The state of one search: the path so far, which grows and shrinks as ways are tried. */
interface Climb<T> extends PathSearch {
  readonly failures: FailureRecord;
  readonly judgeWhole: (path: readonly Certificate[], anchor: TrustAnchor) => T;
  readonly below: Certificate[];
  readonly identities: Set<string>;
  /** Certificates of `below` that count against a path length: not the target, not self-issued. */
  counted: number;
}

function extend<T>(last: Certificate, climb: Climb<T>): CompletePath<T> | undefined {
  const candidates = climb.index.candidatesFor(last);
  if (candidates.length === 0) climb.failures.deadEnd(last, climb.below.length);
  for (const candidate of candidates) {
    const identity = climb.index.identityOf(candidate.certificate);
    // RFC 4158 5.2: the same name with the same key never stands twice in a path.
    if (candidate.anchor === undefined && climb.identities.has(identity)) continue;
    climb.meter.step();
    try {
      assertIssuer(candidate, last, climb);
      if (candidate.anchor !== undefined) return complete(candidate.certificate, candidate.anchor, climb);
    } catch (error) {
      if (!(error instanceof TrustError) || error.code === 'PATH_BUDGET_EXHAUSTED') throw error;
      climb.failures.record(error, climb.below.length, candidate.anchor !== undefined);
      continue;
    }
    const found = climbTo(candidate.certificate, identity, climb);
    if (found !== undefined) return found;
  }
  return undefined;
}

function complete<T>(root: Certificate, anchor: TrustAnchor, climb: Climb<T>): CompletePath<T> {
  const path = [...climb.below, root];
  return { path, anchor, judged: climb.judgeWhole(path, anchor) };
}

function climbTo<T>(issuer: Certificate, identity: string, climb: Climb<T>): CompletePath<T> | undefined {
  const weight = isSelfIssued(issuer) ? 0 : 1;
  climb.below.push(issuer);
  climb.identities.add(identity);
  climb.counted += weight;
  const found = extend(issuer, climb);
  climb.counted -= weight;
  climb.identities.delete(identity);
  climb.below.pop();
  return found;
}

function assertIssuer<T>(candidate: IssuerCandidate, issued: Certificate, climb: Climb<T>): void {
  const issuer = candidate.certificate;
  // RFC 5280 6.1.3 (a) (1); names chain, (a) (4), because the index is asked by name.
  climb.assertSignature(issued, issuer);
  assertUsableAt(issuer, climb.at);
  if (candidate.anchor === undefined) assertSerialPositive(issuer);
  assertMayIssue(issuer, climb.counted, candidate.anchor !== undefined);
  climb.assertNames(issuer, climb.below);
}
