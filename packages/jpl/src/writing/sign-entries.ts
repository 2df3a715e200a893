import { createPublicKey, createSign, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { wholeReadBytes } from '../archive/entry-data.js';
import { JplError } from '../error.js';
import { assertPluginId } from '../manifest/plugin-id.js';
import { encodeSignatureMap } from '../package/signature-map.js';
import {
  isSignatureEntryName,
  signatureHash,
  signatureMapName,
  signatureOfMapName,
} from '../package/signed-entries.js';
import { contentSize, openContent, type PackageEntry, readContent, sortEntries } from './package-entry.js';

export interface SigningMaterial {
  /** The plugin's RSA key, at least 2048 bits. */
  readonly privateKey: KeyObject;
  /** The plugin's certificate first, then its issuers in order (PEM). */
  readonly certificatePem: Buffer;
}

const minKeyBits = 2048;
// Enough for every pool thread to be busy; more would only hold more memory.
const signaturesInFlight = 16;
const signAsync = promisify<string, Buffer, KeyObject, Buffer>(sign);

/**
 * Adds `<id>.crt`, `signatures` and `signatures.sig`; earlier ones are replaced. Folders are signed over empty content.
 * @returns all entries, sorted
 * @throws {JplError} SIGNING_KEY_UNSUITABLE | SIGNING_KEY_MISMATCH | PLUGIN_ID_INVALID | FILE_CHANGED | READ_FAILED
 */
export async function signEntries(
  request: SigningMaterial & { readonly entries: readonly PackageEntry[]; readonly id: string },
): Promise<PackageEntry[]> {
  const { privateKey, certificatePem, id } = request;
  assertPluginId(id);
  assertKeySuits(privateKey, certificatePem);
  const content = sortEntries(request.entries).filter(({ name }) => !isReplaced(name));
  const map = new Map<string, Buffer>();
  const signatures = await signAll(content, privateKey);
  for (const [index, entry] of content.entries()) map.set(entry.name, signatures[index] ?? Buffer.alloc(0));
  const mapBytes = encodeSignatureMap(map);
  return sortEntries([
    ...content,
    { name: `${id}.crt`, data: certificatePem },
    { name: signatureMapName, data: mapBytes },
    { name: signatureOfMapName, data: await signAsync(signatureHash, mapBytes, privateKey) },
  ]);
}

function isReplaced(name: string): boolean {
  return isSignatureEntryName(name) || (!name.includes('/') && /\.crt$/i.test(name));
}

function assertKeySuits(privateKey: KeyObject, certificatePem: Buffer): void {
  const isRsa = privateKey.type === 'private' && privateKey.asymmetricKeyType === 'rsa';
  if (!isRsa || (privateKey.asymmetricKeyDetails?.modulusLength ?? 0) < minKeyBits) {
    throw new JplError(
      'SIGNING_KEY_UNSUITABLE',
      `A plugin is signed with an RSA key of at least ${minKeyBits} bits.`,
    );
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certificatePem);
  } catch (cause) {
    throw new JplError('SIGNING_KEY_MISMATCH', 'The certificate to sign with cannot be read.', { cause });
  }
  if (!certificate.publicKey.equals(createPublicKey(privateKey))) {
    throw new JplError('SIGNING_KEY_MISMATCH', 'The key does not belong to the first certificate.');
  }
}

async function signAll(entries: readonly PackageEntry[], key: KeyObject): Promise<Buffer[]> {
  const signatures: Buffer[] = new Array(entries.length);
  const queue = entries.entries();
  const work = async () => {
    for (const [index, entry] of queue) signatures[index] = await signOne(entry, key);
  };
  await Promise.all(Array.from({ length: signaturesInFlight }, work));
  return signatures;
}

async function signOne(entry: PackageEntry, key: KeyObject): Promise<Buffer> {
  if (contentSize(entry) <= wholeReadBytes) return signAsync(signatureHash, await readContent(entry), key);
  const signer = createSign(signatureHash);
  for await (const chunk of openContent(entry)) signer.update(chunk);
  return signer.sign(key);
}
