import { TrustError } from '@jami-plugin-store/trust';
import type { EvidenceKind } from './evidence-request.js';

/** The ways in which an answer can fail to arrive; with the kind's prefix they are codes of `TrustError`. */
export type FetchFailure =
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'HTTP_STATUS'
  | 'TOO_LARGE'
  | 'REDIRECT_REFUSED'
  | 'URL_REFUSED'
  | 'ADDRESS_REFUSED';

/** Marks a refused address, through undici and back. */
export class AddressRefused extends Error {}

const subjects = { ocsp: 'The OCSP responder', crl: 'The CRL distribution point' } as const;
const prefixes = { ocsp: 'OCSP', crl: 'CRL' } as const;

/** @param what continues "The OCSP responder <url> …" or "The CRL distribution point <url> …". */
export function fetchError(
  kind: EvidenceKind,
  failure: FetchFailure,
  url: string,
  what: string,
  cause?: unknown,
): TrustError {
  const shown = shownUrl(url);
  return new TrustError(`${prefixes[kind]}_${failure}`, `${subjects[kind]} ${shown} ${what}`, {
    url: shown,
    cause,
  });
}

/** Names what undici or the socket reported. */
export function connectionError(kind: EvidenceKind, url: string, error: unknown): TrustError {
  const refused = innermost(error, (cause) => cause instanceof AddressRefused);
  if (refused !== undefined) return fetchError(kind, 'ADDRESS_REFUSED', url, refused.message, error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT$/.test(code)) {
    return fetchError(kind, 'TIMEOUT', url, 'gave no answer in time', error);
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW')
    return fetchError(kind, 'TOO_LARGE', url, 'sends too many headers', error);
  const reason = code === '' ? String(error) : code;
  return fetchError(kind, 'UNREACHABLE', url, `cannot be reached (${reason})`, error);
}

function innermost(error: unknown, wanted: (cause: unknown) => boolean): Error | undefined {
  let current = error;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    if (wanted(current)) return current;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return undefined;
}

/** A URL as it may be shown and logged: no user information, no control characters, bounded. */
export function shownUrl(url: string): string {
  const printable = url.replace(/[^\x21-\x7e]/g, '?').replace(/\/\/[^/?#]*@/, '//…@');
  return printable.length > 300 ? `${printable.slice(0, 300)}…` : printable;
}
