import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ClientError } from '../error.js';
import type { ProxySettings } from './transport.js';

/** How this machine reaches others: handed to `createNetwork`. */
export interface SystemNetwork {
  ca?: string[];
  proxy?: ProxySettings;
}

/** Where systems keep the certificates they trust, those that the machine's owner added included: Debian, Fedora, SUSE, Alpine and BSD. */
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
] as const;
const maxBundleBytes = 16 * 1024 * 1024;
const pemCertificate =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * Reads the settings once: certificates from `JPL_CA_FILE`, `NODE_EXTRA_CA_CERTS` and `SSL_CERT_FILE`, else the system's own bundle; the proxy
 * from `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`, lower case first. Certificates are trusted beside the built-in ones.
 * @param readBundle of a path, for tests
 * @throws {ClientError} CA_FILE_INVALID: `JPL_CA_FILE` cannot be read, or holds no certificate · PROXY_INVALID
 */
export async function readSystemNetwork(
  env: Readonly<Record<string, string | undefined>>,
  readBundle: (path: string) => Promise<string> = (path) => readFile(path, 'utf8'),
): Promise<SystemNetwork> {
  const [named, extra, system] = await Promise.all([
    certificatesNamed(env.JPL_CA_FILE, readBundle),
    certificatesIn([env.NODE_EXTRA_CA_CERTS], readBundle),
    certificatesIn([env.SSL_CERT_FILE, ...bundles], readBundle),
  ]);
  const ca = [...new Set([...named, ...extra, ...system])];
  const proxy = proxyOf(env);
  return { ...(ca.length === 0 ? {} : { ca }), ...(proxy === undefined ? {} : { proxy }) };
}

/** A file the user named for this very purpose must be one. */
async function certificatesNamed(
  path: string | undefined,
  readBundle: (path: string) => Promise<string>,
): Promise<string[]> {
  if (path === undefined || path === '') return [];
  let certificates: string[];
  try {
    certificates = (await readBundle(path)).match(pemCertificate) ?? [];
    for (const certificate of certificates) new X509Certificate(certificate);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError('CA_FILE_INVALID', `JPL_CA_FILE: ${path}: ${reason}`, { at: path, cause });
  }
  if (certificates.length > 0) return certificates;
  throw new ClientError('CA_FILE_INVALID', `JPL_CA_FILE: ${path} holds no certificate`, { at: path });
}

/** Of the first file that is there; a system without any has the built-in ones. */
async function certificatesIn(
  paths: readonly (string | undefined)[],
  readBundle: (path: string) => Promise<string>,
): Promise<string[]> {
  for (const path of paths) {
    if (path === undefined || path === '') continue;
    const text = await readBundle(path).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error) return undefined;
      throw error;
    });
    if (text !== undefined && text.length <= maxBundleBytes) return text.match(pemCertificate) ?? [];
  }
  return [];
}

function proxyOf(env: Readonly<Record<string, string | undefined>>): ProxySettings | undefined {
  const value = (name: string): string | undefined => {
    const text = env[name] ?? env[name.toUpperCase()];
    return text === undefined || text.trim() === '' ? undefined : text.trim();
  };
  const all = value('all_proxy');
  const http = proxyAddress('http_proxy', value('http_proxy') ?? all);
  const https = proxyAddress('https_proxy', value('https_proxy') ?? all);
  if (http === undefined && https === undefined) return undefined;
  const except = value('no_proxy');
  return { http, https, ...(except === undefined ? {} : { except }) };
}

/** Going past a proxy that cannot be understood would be worse than not going at all. The value may hold a password: it is not repeated. */
function proxyAddress(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const address = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.hostname !== '')
    return url.href;
  throw new ClientError('PROXY_INVALID', `${name} is not the address of an http or https proxy`);
}
