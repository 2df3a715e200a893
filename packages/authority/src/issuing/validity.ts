import type { Certificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';

const dayMs = 24 * 60 * 60 * 1000;

/** How long things are valid, in milliseconds. */
export interface ValidityPeriods {
  readonly rootMs: number;
  readonly organizationMs: number;
  readonly pluginMs: number;
  /** Responder certificates cannot be revoked, so they are short. */
  readonly responderMs: number;
  readonly crlMs: number;
  readonly ocspMs: number;
}

export const defaultValidity: ValidityPeriods = {
  rootMs: 20 * 365 * dayMs,
  organizationMs: 365 * dayMs,
  pluginMs: 365 * dayMs,
  responderMs: 7 * dayMs,
  crlMs: dayMs,
  ocspMs: 6 * 60 * 60 * 1000,
};

/** Certificates begin a little in the past: a client whose clock is slow can use what was just issued. */
const backdateMs = 5 * 60 * 1000;

export interface Period {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Whole seconds, never outside the issuer's own validity. */
export function periodWithin(issuer: Period | undefined, at: Date, lengthMs: number): Period {
  const from = Math.max(at.getTime() - backdateMs, issuer?.notBefore.getTime() ?? Number.NEGATIVE_INFINITY);
  const to = Math.min(at.getTime() + lengthMs, issuer?.notAfter.getTime() ?? Number.POSITIVE_INFINITY);
  return { notBefore: wholeSecond(from), notAfter: wholeSecond(to) };
}

export const wholeSecond = (timeMs: number): Date => new Date(Math.floor(timeMs / 1000) * 1000);

/** @throws {AuthorityError} ISSUER_EXPIRED */
export function assertValidAt(issuer: Certificate, at: Date): void {
  if (at >= issuer.notBefore && at < issuer.notAfter) return;
  throw new AuthorityError(
    'ISSUER_EXPIRED',
    `The certificate of the issuer is valid from ${issuer.notBefore.toISOString()} to ${issuer.notAfter.toISOString()}, not now.`,
    { certificate: issuer.subject.text },
  );
}

/** @throws {AuthorityError} ARGUMENT_INVALID */
export function daysToMs(days: number | undefined, fallbackMs: number): number {
  if (days === undefined) return fallbackMs;
  if (Number.isInteger(days) && days >= 1 && days <= 3650) return days * dayMs;
  throw new AuthorityError('ARGUMENT_INVALID', 'A validity is a whole number of days from 1 to 3650.');
}
