import { AuthorityError } from '../error.js';
import type { StatusUrls } from './profiles.js';

/**
 * The public URL of an authority without its final slash. It stands in every certificate.
 * @throws {AuthorityError} ARGUMENT_INVALID
 */
export function normalBaseUrl(text: string): string {
  const url = assertHttpUrl(text);
  if (url.search !== '' || url.hash !== '') throw invalid(text);
  return url.href.replace(/\/+$/, '');
}

/** @throws {AuthorityError} ARGUMENT_INVALID: not http(s), with credentials, or not plain ASCII */
export function assertHttpUrl(text: string): URL {
  if (!/^[\x21-\x7e]{1,1024}$/.test(text) || !URL.canParse(text)) throw invalid(text);
  const url = new URL(text);
  const isFetchable =
    ['http:', 'https:'].includes(url.protocol) && url.username === '' && url.password === '';
  if (!isFetchable) throw invalid(text);
  return url;
}

/** What a certificate of this issuer names. */
export function statusUrls(baseUrl: string, issuerId: string): Required<StatusUrls> {
  return { ocspUrl: `${baseUrl}/ocsp`, crlUrl: `${baseUrl}/crl/${issuerId}` };
}

const invalid = (text: string): AuthorityError =>
  new AuthorityError('ARGUMENT_INVALID', `"${text}" is not an http or https address without user and query.`);
