import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { ApplicationRelease, type SignedApplicationRelease } from '@jami-plugin-store/contract';
import { isVersion } from '@jami-plugin-store/jpl';
import { Compile } from 'typebox/compile';
import { StoreError } from '../error.js';

/** The public keys whose releases the store takes, by the SHA-256 of their SubjectPublicKeyInfo. */
export type ApplicationKeys = ReadonlyMap<string, KeyObject>;

/** @throws {StoreError} APPLICATION_NOT_CONFIGURED for what is no Ed25519 or P-256 public key */
export function readApplicationKeys(pems: readonly string[]): ApplicationKeys {
  return new Map(pems.map(readKey));
}

function readKey(pem: string): [string, KeyObject] {
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (cause) {
    throw new StoreError('APPLICATION_NOT_CONFIGURED', 'An application key is no public key in PEM.', {
      cause,
    });
  }
  const isKnown =
    key.asymmetricKeyType === 'ed25519' ||
    (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1');
  if (!isKnown) {
    throw new StoreError('APPLICATION_NOT_CONFIGURED', 'An application key is Ed25519 or ECDSA with P-256.');
  }
  return [
    createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
    key,
  ];
}

const schema = Compile(ApplicationRelease);

/**
 * Reads a signed release: only bytes that a configured key signed are parsed, and they must have the form that applications read.
 * @throws {StoreError} APPLICATION_KEY_UNKNOWN | APPLICATION_SIGNATURE_INVALID | APPLICATION_RELEASE_MALFORMED
 */
export function readSignedRelease(
  { payload, signature, keyId }: SignedApplicationRelease,
  keys: ApplicationKeys,
): ApplicationRelease {
  const key = keys.get(keyId);
  if (key === undefined) {
    throw new StoreError('APPLICATION_KEY_UNKNOWN', 'No application key of this store made this signature.');
  }
  const bytes = decoded(payload, 'payload');
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  if (!verify(digest, bytes, key, decoded(signature, 'signature'))) {
    throw new StoreError('APPLICATION_SIGNATURE_INVALID', 'The signature is not of these bytes.');
  }
  let release: unknown;
  try {
    release = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed('it is no JSON', cause);
  }
  if (!schema.Check(release)) {
    const [first] = schema.Errors(release);
    throw malformed(first === undefined ? 'wrong shape' : `"${first.instancePath}" ${first.message}`);
  }
  if (!isVersion(release.version)) throw malformed('its version is none');
  const times = [release.publishedAt, release.expiresAt].map((time) => Date.parse(time));
  if (times.some(Number.isNaN)) throw malformed('a time is none');
  return release;
}

function decoded(text: string, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') === text) return bytes;
  throw malformed(`its ${what} is not canonical base64`);
}

function malformed(why: string, cause?: unknown): StoreError {
  return new StoreError('APPLICATION_RELEASE_MALFORMED', `The release cannot be used: ${why}.`, { cause });
}
