import type { EvidenceKind, EvidenceRequest } from './evidence-request.js';
import { fetchError, shownUrl } from './fetch-failure.js';

const maxUrlLength = 2_048;

/**
 * The URL to ask, without fragment.
 * @throws {TrustError} OCSP_URL_REFUSED | CRL_URL_REFUSED: not http or https, with credentials, too long
 */
export function checkedUrl(kind: EvidenceKind, text: string): URL {
  const problem = problemOf(text);
  if (problem !== undefined) throw fetchError(kind, 'URL_REFUSED', text, problem);
  return withoutFragment(text);
}

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
  const refused = (what: string) => fetchError(kind, 'REDIRECT_REFUSED', url, what);
  // RFC 9110 15.4.4: 303 asks for a GET, and the question would be lost.
  if (status === 303 && method === 'POST') throw refused('answers the question with "see other"');
  const target = URL.canParse(location, from.href) ? new URL(location, from.href).href : location;
  const problem = problemOf(target);
  if (problem !== undefined) throw refused(`redirects to ${shownUrl(target)}, which ${problem}`);
  const next = withoutFragment(target);
  if (from.protocol === 'https:' && next.protocol === 'http:') throw refused('redirects from https to http');
  return next;
}

function problemOf(text: string): string | undefined {
  if (text.length > maxUrlLength || !URL.canParse(text))
    return `is not a URL of at most ${maxUrlLength} characters`;
  const { protocol, username, password } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return 'is neither http nor https';
  return username !== '' || password !== '' ? 'carries a user name or password' : undefined;
}

function withoutFragment(text: string): URL {
  const url = new URL(text);
  url.hash = '';
  return url;
}
