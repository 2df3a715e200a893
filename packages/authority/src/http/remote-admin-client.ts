import { Agent, request as httpsRequest } from 'node:https';
import { administrationServerName } from '@jami-plugin-store/contract';
import { readCredentialFile } from '../administration/credential-file.js';
import type { AuthorityAdmin } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { errorCode } from '../storage/durable-file.js';
import { adminOver } from './admin-calls.js';
import { callOver } from './exchange.js';

export interface ConnectRemoteOptions {
  /** `https://host:port` of the administrative listener. */
  readonly url: string;
  /** The credential file. */
  readonly credential: Uint8Array;
  readonly passphrase?: string | undefined;
}

/**
 * Speaks with an authority from afar, by mutual TLS, as the holder of a credential.
 * @throws {AuthorityError} ARGUMENT_INVALID | CREDENTIAL_FILE_INVALID | PASSPHRASE_REQUIRED | PASSPHRASE_WRONG; each call throws
 *   ADMIN_UNREACHABLE | ADMIN_NOT_TRUSTED besides what the authority refuses
 */
export function connectRemoteAuthority(options: ConnectRemoteOptions): AuthorityAdmin {
  const { hostname, port } = originOf(options.url);
  const { certificatePem, key, caPem } = readCredentialFile(options.credential, options.passphrase);
  const agent = new Agent({
    cert: certificatePem,
    key: key.export({ type: 'pkcs8', format: 'pem' }),
    ca: caPem,
    // Whatever the machine is called: the administration CA certifies this name to its listener only.
    servername: administrationServerName,
    minVersion: 'TLSv1.3',
    keepAlive: false,
  });
  const call = callOver({
    request: (request) => httpsRequest({ ...request, agent, hostname, port }),
    failure: distrust,
  });
  return adminOver(call, async () => agent.destroy());
}

function originOf(text: string): { hostname: string; port: string } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' && `${url.origin}/` === url.href) {
    // An IPv6 address without its brackets, as sockets want it.
    return { hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? '443' : url.port };
  }
  throw new AuthorityError(
    'ARGUMENT_INVALID',
    `"${text}" is not the address of an authority, as in https://authority.example:18443.`,
  );
}

/** How Node names what is wrong with a server's certificate: OpenSSL's verify codes, and its own for names. */
const certificateFault =
  /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|PATH_LENGTH_|HOSTNAME_|ERR_TLS_CERT_)/;

function distrust(cause: unknown): AuthorityError | undefined {
  const code = errorCode(cause);
  if (code === undefined || !certificateFault.test(code)) return undefined;
  return new AuthorityError(
    'ADMIN_NOT_TRUSTED',
    `The server is not the authority that issued this credential (${code}).`,
    { cause },
  );
}
