import { AuthorityError } from '../error.js';

/**
 * The reasons this authority gives (RFC 5280 5.3.1). Not offered: certificateHold and removeFromCRL, because what was
 * revoked once must never become good again for a client that saw it; aACompromise, because there are no attribute
 * certificates.
 */
export const reasonCodes = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  privilegeWithdrawn: 9,
} as const;

export type RevocationReason = keyof typeof reasonCodes;

/** @throws {AuthorityError} REVOCATION_REASON_NOT_ALLOWED */
export function assertReason(reason: string): asserts reason is RevocationReason {
  if (Object.hasOwn(reasonCodes, reason)) return;
  throw new AuthorityError(
    'REVOCATION_REASON_NOT_ALLOWED',
    `"${reason}" is not a reason for revoking here. Choose one of: ${Object.keys(reasonCodes).join(', ')}.`,
  );
}
