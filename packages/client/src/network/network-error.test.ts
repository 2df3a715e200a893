import { expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { networkError } from './network-error.js';

const url = new URL('https://store.example/x');
const failing = (code: string, message = 'why', cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });

test.each([
  ['ENOTFOUND', 'NAME_NOT_RESOLVED', 'DISCONNECTED'],
  ['EAI_AGAIN', 'NAME_NOT_RESOLVED', 'DISCONNECTED'],
  ['ECONNREFUSED', 'CONNECTION_REFUSED', 'DISCONNECTED'],
  ['ENETUNREACH', 'HOST_UNREACHABLE', 'DISCONNECTED'],
  ['UND_ERR_CONNECT_TIMEOUT', 'CONNECT_TIMEOUT', 'DISCONNECTED'],
  ['ECONNRESET', 'CONNECTION_LOST', 'NETWORK_ERROR'],
  ['UND_ERR_BODY_TIMEOUT', 'SERVER_STALLED', 'NETWORK_ERROR'],
  ['CERT_HAS_EXPIRED', 'TLS_CERTIFICATE_REJECTED', 'SSL_ERROR'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLS_CERTIFICATE_REJECTED', 'SSL_ERROR'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'TLS_CERTIFICATE_REJECTED', 'SSL_ERROR'],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS_FAILED', 'SSL_ERROR'],
  ['EPROTO', 'TLS_FAILED', 'SSL_ERROR'],
  ['HPE_INVALID_CONSTANT', 'ANSWER_MALFORMED', 'NETWORK_ERROR'],
  ['SOMETHING_NEW', 'NETWORK_FAILED', 'NETWORK_ERROR'],
  ['constructor', 'NETWORK_FAILED', 'NETWORK_ERROR'],
])('%s is %s, of kind %s, with its detail and cause', (foreign, code, kind) => {
  const cause = failing(foreign);
  const error = networkError(cause, url);
  expect([error.code, error.network, error.at, error.cause]).toEqual([code, kind, url.href, cause]);
  expect(error.message).toMatch(/store\.example: why/);
});

test('looks into causes, tells a hang-up in the handshake apart, and leaves its own errors alone', () => {
  expect(networkError(failing('X', 'outer', failing('ENOTFOUND')), url).code).toBe('NAME_NOT_RESOLVED');
  const hangUp = failing(
    'ECONNRESET',
    'Client network socket disconnected before secure TLS connection was established',
  );
  expect(networkError(hangUp, url).code).toBe('TLS_FAILED');
  const own = new ClientError('NOT_FOUND', 'gone');
  expect(networkError(own, url)).toBe(own);
  expect(networkError('a string', url).code).toBe('NETWORK_FAILED');
});
