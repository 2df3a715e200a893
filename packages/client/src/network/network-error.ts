import { ClientError, type NetworkErrorCode } from '../error.js';

const codeOfSystemError: Readonly<Record<string, NetworkErrorCode>> = {
  ENOTFOUND: 'NAME_NOT_RESOLVED',
  EAI_AGAIN: 'NAME_NOT_RESOLVED',
  EAI_FAIL: 'NAME_NOT_RESOLVED',
  ECONNREFUSED: 'CONNECTION_REFUSED',
  ENETUNREACH: 'HOST_UNREACHABLE',
  ENETDOWN: 'HOST_UNREACHABLE',
  EHOSTUNREACH: 'HOST_UNREACHABLE',
  EHOSTDOWN: 'HOST_UNREACHABLE',
  EADDRNOTAVAIL: 'HOST_UNREACHABLE',
  ETIMEDOUT: 'CONNECT_TIMEOUT',
  UND_ERR_CONNECT_TIMEOUT: 'CONNECT_TIMEOUT',
  UND_ERR_HEADERS_TIMEOUT: 'SERVER_STALLED',
  UND_ERR_BODY_TIMEOUT: 'SERVER_STALLED',
  ECONNRESET: 'CONNECTION_LOST',
  ECONNABORTED: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
  UND_ERR_SOCKET: 'CONNECTION_LOST',
  UND_ERR_HEADERS_OVERFLOW: 'ANSWER_TOO_LARGE',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'LENGTH_MISMATCH',
  UND_ERR_CLOSED: 'CLIENT_CLOSED',
  UND_ERR_DESTROYED: 'CLIENT_CLOSED',
  EPROTO: 'TLS_FAILED',
};

// The names OpenSSL's verification results carry in Node (doc/api/tls.md, "X509 certificate error codes").
const certificateCode =
  /^(CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

const sentences: Partial<Record<NetworkErrorCode, string>> = {
  NAME_NOT_RESOLVED: 'The name of the server is not known: is this machine online?',
  CONNECTION_REFUSED: 'The server does not answer: nothing listens there',
  HOST_UNREACHABLE: 'No way to the server: is this machine online?',
  CONNECT_TIMEOUT: 'The server did not take the connection in time',
  SERVER_STALLED: 'The server stopped sending',
  CONNECTION_LOST: 'The connection broke before the answer was whole',
  ANSWER_TOO_LARGE: 'The server sent more than is accepted',
  LENGTH_MISMATCH: 'The server sent another number of bytes than it announced',
  TLS_CERTIFICATE_REJECTED: "The server's certificate is not trusted",
  TLS_FAILED: 'No encrypted connection could be made',
  ANSWER_MALFORMED: 'The server does not speak HTTP as it should',
  CLIENT_CLOSED: 'The client was closed',
};

/**
 * The one doorway for errors of undici, sockets and TLS: what comes out is always a ClientError of a network code, with
 * the foreign error as its cause.
 */
export function networkError(error: unknown, url: URL): ClientError {
  if (error instanceof ClientError) return error;
  const code = networkCodeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  const sentence = sentences[code] ?? 'The request failed';
  return new ClientError(code, `${sentence} (${url.host}: ${detail})`, { at: url.href, cause: error });
}

function networkCodeOf(error: unknown): NetworkErrorCode {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const known = codeOfSystemError[code];
    if (known !== undefined && Object.hasOwn(codeOfSystemError, code)) {
      return known === 'CONNECTION_LOST' && isTlsSetup(at) ? 'TLS_FAILED' : known;
    }
    if (certificateCode.test(code)) return 'TLS_CERTIFICATE_REJECTED';
    if (code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_')) return 'TLS_FAILED';
    if (code.startsWith('HPE_') || at.name === 'HTTPParserError') return 'ANSWER_MALFORMED';
  }
  return 'NETWORK_FAILED';
}

// Node reports a peer that hangs up during the handshake as ECONNRESET with only this text to tell it apart.
function isTlsSetup(error: Error): boolean {
  return error.message.includes('before secure TLS connection was established');
}
