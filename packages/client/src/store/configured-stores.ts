import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { ClientError, type ClientErrorCode } from '../error.js';
import { callableUrl } from '../network/url.js';
import { readTextFile, replaceFile } from '../storage/durable-file.js';
import { lockFile } from '../storage/file-lock.js';

/** One store the user has configured: where it is, and the root its packages are judged under. */
const ConfiguredStore = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
    url: Type.String({ maxLength: 2048 }),
    /** One certificate, PEM. */
    rootPem: Type.String({ maxLength: 64 * 1024 }),
    /** SHA-256 of the certificate's DER, lowercase hex. */
    rootSha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
);
export type ConfiguredStore = Static<typeof ConfiguredStore>;

const StoresFile = Type.Array(ConfiguredStore, { maxItems: 64 });

const maxFileBytes = 8 * 1024 * 1024;

/** Where the stores of a data folder are kept. */
export function storesFileOf(dataDir: string): string {
  return join(dataDir, 'jpl', 'stores.json');
}

/**
 * The configured stores, in the order they were added; none where nothing was configured yet. Every entry is held against
 * the rules of `addStore` again: a file changed by hand is not believed.
 * @throws {ClientError} STORES_FILE_NOT_READABLE | STORES_FILE_INVALID
 */
export async function listStores(dataDir: string): Promise<ConfiguredStore[]> {
  const path = storesFileOf(dataDir);
  const text = await readStoresFile(path);
  if (text === undefined) return [];
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidFile(path, 'it is not JSON', cause);
  }
  if (!Check(StoresFile, value)) throw invalidFile(path, 'it is not a list of stores');
  const names = new Set(value.map(({ name }) => name));
  if (names.size !== value.length) throw invalidFile(path, 'two stores have the same name');
  for (const store of value) {
    try {
      storeUrl(store.url);
      assertRoot(store.rootPem, store.rootSha256);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw invalidFile(path, `store "${store.name}": ${reason}`, cause);
    }
  }
  return value;
}

/**
 * Configures a store. Its root comes from the user, never from the store itself, and must have the digest the user was given
 * by another way.
 * @param request `rootPem` one certificate; `sha256` of its DER in hex, colons allowed
 * @throws {ClientError} STORE_NAME_INVALID | STORE_NAME_TAKEN | STORE_URL_INVALID | STORE_URL_INSECURE | ROOT_CERTIFICATE_INVALID |
 *   ROOT_DIGEST_INVALID | ROOT_DIGEST_MISMATCH | STORES_FILE_*
 */
export async function addStore(
  dataDir: string,
  request: { name: string; url: string; rootPem: string; sha256: string },
): Promise<ConfiguredStore> {
  if (!Check(ConfiguredStore.properties.name, request.name)) {
    throw new ClientError(
      'STORE_NAME_INVALID',
      `"${request.name}" is no name for a store: lowercase letters, digits and hyphens, at most 32`,
    );
  }
  const rootSha256 = request.sha256.replaceAll(':', '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(rootSha256)) {
    throw new ClientError('ROOT_DIGEST_INVALID', 'A SHA-256 digest is 64 hexadecimal digits');
  }
  const url = storeUrl(request.url).href;
  assertRoot(request.rootPem, rootSha256);
  const store = { name: request.name, url, rootPem: request.rootPem, rootSha256 };
  await changeStores(dataDir, (stores) => {
    if (stores.some(({ name }) => name === store.name)) {
      throw new ClientError('STORE_NAME_TAKEN', `There is already a store named "${store.name}"`);
    }
    return [...stores, store];
  });
  return store;
}

/** Forgets a store. @throws {ClientError} STORE_NOT_CONFIGURED | STORES_FILE_* */
export async function removeStore(dataDir: string, name: string): Promise<void> {
  const without = (stores: ConfiguredStore[]): ConfiguredStore[] => {
    const left = stores.filter((store) => store.name !== name);
    if (left.length < stores.length) return left;
    throw new ClientError('STORE_NOT_CONFIGURED', `No store named "${name}" is configured`);
  };
  // Nothing is made for a list that does not have it.
  without(await listStores(dataDir));
  await changeStores(dataDir, without);
}

/**
 * A store's base URL: https, or http on loopback; ends with a slash, has no query.
 * @throws {ClientError} STORE_URL_INVALID | STORE_URL_INSECURE
 */
export function storeUrl(text: string): URL {
  try {
    const url = callableUrl(text);
    url.search = '';
    if (!url.pathname.endsWith('/')) url.pathname += '/';
    return url;
  } catch (cause) {
    const insecure = cause instanceof ClientError && cause.code === 'URL_INSECURE';
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError(insecure ? 'STORE_URL_INSECURE' : 'STORE_URL_INVALID', reason, { cause });
  }
}

function assertRoot(rootPem: string, rootSha256: string): void {
  const blocks = [...rootPem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g)];
  const [block] = blocks;
  if (block === undefined || blocks.length > 1 || block[1] !== 'CERTIFICATE') {
    throw new ClientError('ROOT_CERTIFICATE_INVALID', "A store's root is one certificate in PEM");
  }
  const base64 = (block[2] ?? '').replaceAll(/[\r\n\t ]/g, '');
  const der = Buffer.from(base64, 'base64');
  if (der.length === 0 || der.toString('base64') !== base64) {
    throw new ClientError('ROOT_CERTIFICATE_INVALID', "The root's PEM is not base64");
  }
  const certificate = readCertificate(der);
  const found = certificate.fingerprint256.replaceAll(':', '').toLowerCase();
  if (!certificate.raw.equals(der)) {
    throw new ClientError('ROOT_CERTIFICATE_INVALID', "The root's PEM holds more than a certificate");
  }
  if (found !== rootSha256) {
    throw new ClientError(
      'ROOT_DIGEST_MISMATCH',
      `The root's SHA-256 is ${found}, not ${rootSha256}: it is not the root you were told of`,
    );
  }
}

function readCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new ClientError('ROOT_CERTIFICATE_INVALID', "The root's PEM holds no certificate", { cause });
  }
}

async function readStoresFile(path: string): Promise<string | undefined> {
  try {
    const text = await readTextFile(path, maxFileBytes);
    if (text !== null) return text;
  } catch (cause) {
    throw fileError('STORES_FILE_NOT_READABLE', path, cause);
  }
  throw invalidFile(path, 'it is too large, or not UTF-8');
}

/** Changes the list under its lock: of two programs that do so at once, none undoes what the other did. */
async function changeStores(
  dataDir: string,
  edit: (stores: ConfiguredStore[]) => ConfiguredStore[],
): Promise<void> {
  const path = storesFileOf(dataDir);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await using _lock = await lockFile(`${path}.lock`);
    const next = edit(await listStores(dataDir));
    await replaceFile(path, `${JSON.stringify(next, undefined, 2)}\n`);
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    throw fileError('STORES_FILE_NOT_WRITABLE', path, cause);
  }
}

function fileError(code: ClientErrorCode, path: string, cause: unknown): ClientError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ClientError(code, `${path}: ${reason}`, { at: path, cause });
}

function invalidFile(path: string, reason: string, cause?: unknown): ClientError {
  return new ClientError('STORES_FILE_INVALID', `${path} cannot be used: ${reason}`, { at: path, cause });
}
