import { ClientError } from '../error.js';

/**
 * Reads a URL that this client may call: https anywhere, http on loopback only, no credentials, no fragment kept.
 * @throws {ClientError} URL_INVALID | URL_INSECURE
 */
export function callableUrl(text: string | URL, base?: URL): URL {
  const url = parseUrl(String(text), base);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new ClientError('URL_INVALID', `"${String(text)}" is not an http or https address`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ClientError(
      'URL_INVALID',
      `An address with a name or password in it is not called (${url.host})`,
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new ClientError('URL_INSECURE', `${url.origin} is not encrypted: http is for this machine only`, {
      at: url.href,
    });
  }
  url.hash = '';
  return url;
}

/** True for localhost, 127.0.0.0/8 and ::1, as the WHATWG URL parser writes them. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * The address a redirect leads to. It never leaves https, and never reaches from elsewhere into this machine.
 * @throws {ClientError} REDIRECT_REFUSED
 */
export function redirectTarget(from: URL, location: string | undefined): URL {
  if (location === undefined) {
    throw new ClientError('REDIRECT_REFUSED', `${from.href} redirects to nowhere`, { at: from.href });
  }
  let to: URL;
  try {
    to = callableUrl(location, from);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError(
      'REDIRECT_REFUSED',
      `${from.href} redirects where this client does not go: ${reason}`,
      {
        at: from.href,
        cause,
      },
    );
  }
  const downgrades = from.protocol === 'https:' && to.protocol === 'http:';
  const reachesIn = !isLoopback(from.hostname) && isLoopback(to.hostname);
  if (downgrades || reachesIn) {
    throw new ClientError('REDIRECT_REFUSED', `${from.href} redirects to ${to.origin}, which is refused`, {
      at: from.href,
    });
  }
  return to;
}

function parseUrl(text: string, base: URL | undefined): URL | null {
  return URL.canParse(text, base?.href) ? new URL(text, base) : null;
}
