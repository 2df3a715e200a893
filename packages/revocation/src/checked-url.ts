import type { EvidenceKind, EvidenceRequest } from './evidence-request.js';
import { fetchError } from './fetch-failure.js';

/**
 * Where a redirect leads, judged like the first URL.
 * @throws {TrustError} OCSP_REDIRECT_REFUSED | CRL_REDIRECT_REFUSED
 */
export function redirected(
  { kind, method, url }: EvidenceRequest,
  status: number,
  location: string,
  from: URL,
): URL {
  // RFC 9110 15.4.4: 303 asks for a GET, and the question would be lost.
  if (status === 303 && method === 'POST') {
    throw fetchError(kind, 'REDIRECT_REFUSED', url, 'answers the question with "see other"');
  }
  const target = URL.canParse(location, from.href) ? new URL(location, from.href).href : location;
  const next = checkedUrl(kind, target, 'REDIRECT_REFUSED');
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw fetchError(kind, 'REDIRECT_REFUSED', url, 'redirects from https to http');
  }
  return next;
}

/**
 * The URL to ask, without fragment.
 * @throws {TrustError} the kind's `failure`: not http or https, with credentials, longer than 2048 characters
 */
export function checkedUrl(
  kind: EvidenceKind,
  text: string,
  failure: 'URL_REFUSED' | 'REDIRECT_REFUSED',
): URL {
  const url = text.length <= 2_048 && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw fetchError(kind, failure, text, 'is not a URL of at most 2048 characters');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw fetchError(kind, failure, text, 'is neither http nor https');
  }
  if (url.username !== '' || url.password !== '') {
    throw fetchError(kind, failure, text, 'carries a user name or password');
  }
  url.hash = '';
  return url;
}
