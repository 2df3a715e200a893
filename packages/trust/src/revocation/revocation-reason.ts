/** CRLReason (RFC 5280 5.3.1) by number; 7 is not used. */
const reasons: ReadonlyMap<number, string> = new Map([
  [0, 'unspecified'],
  [1, 'keyCompromise'],
  [2, 'cACompromise'],
  [3, 'affiliationChanged'],
  [4, 'superseded'],
  [5, 'cessationOfOperation'],
  [6, 'certificateHold'],
  [8, 'removeFromCRL'],
  [9, 'privilegeWithdrawn'],
  [10, 'aACompromise'],
]);

/** Name of a CRLReason; undefined for a number that no standard gives a meaning (revoked it stays all the same). */
export function revocationReason(code: number): string | undefined {
  return reasons.get(code);
}
