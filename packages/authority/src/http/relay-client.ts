import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { publishingPaths } from '@jami-plugin-store/contract';
import type { DelegationAdmin } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { delegationOver } from './admin-calls.js';
import { callOver } from './exchange.js';

export interface ConnectRelayOptions {
  /** Base URL of a store; http on loopback only, for the token goes there. */
  readonly storeUrl: string;
  /** The organization's publisher token. */
  readonly token: string;
}

/**
 * Speaks with the authority behind a store, for an organization with its own key.
 * @throws {AuthorityError} ARGUMENT_INVALID for another address
 * @throws {RelayRefusal} from each call: what the store itself refuses
 */
export function connectStoreRelay({ storeUrl, token }: ConnectRelayOptions): DelegationAdmin {
  const url = storeUrlOf(storeUrl);
  const { hostname, port, protocol } = url;
  const call = callOver({
    request: (options) =>
      (protocol === 'https:' ? httpsRequest : httpRequest)({
        ...options,
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? undefined : port,
      }),
    headers: { authorization: `Bearer ${token}` },
    isRelayed: true,
    prefix: url.pathname.replace(/\/+$/, ''),
  });
  return delegationOver(call, async () => undefined, publishingPaths);
}

function storeUrlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain =
    url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (isPlain && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url)))) return url;
  throw new AuthorityError(
    'ARGUMENT_INVALID',
    `"${text}" is not the address of a store: https, or http on this machine only.`,
  );
}

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
