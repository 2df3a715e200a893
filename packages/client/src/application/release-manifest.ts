import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  type ApplicationChannel,
  type ApplicationInstaller,
  ApplicationRelease,
  SignedApplicationRelease,
} from '@jami-plugin-store/contract';
import { isVersion } from '@jami-plugin-store/jpl';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';

/** What an installed application knows of itself: only a release under one of its own keys is one of its own. */
export interface ApplicationIdentity {
  /** e.g. `jami-desktop` */
  name: string;
  channel: ApplicationChannel;
  /** The public keys it was delivered with, PEM or SubjectPublicKeyInfo in DER: Ed25519, or EC P-256. */
  keys: readonly (string | Buffer)[];
}

/** A pinned key, and the name the store gives it: the SHA-256 of its SubjectPublicKeyInfo. */
export interface PinnedKey {
  id: string;
  key: KeyObject;
}

/**
 * The pinned keys.
 * @throws {ClientError} APPLICATION_KEY_INVALID: none, not a public key, or of another kind
 */
export function readPinnedKeys(keys: readonly (string | Buffer)[]): PinnedKey[] {
  if (keys.length === 0) throw new ClientError('APPLICATION_KEY_INVALID', 'The application has no key');
  return keys.map((text) => {
    const key = readKey(text);
    const kind = key.asymmetricKeyType;
    const isP256 = kind === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    if (kind !== 'ed25519' && !isP256)
      throw new ClientError(
        'APPLICATION_KEY_INVALID',
        `An application's key is Ed25519 or EC P-256, not ${kind}`,
      );
    const spki = key.export({ type: 'spki', format: 'der' });
    return { id: createHash('sha256').update(spki).digest('hex'), key };
  });
}

/**
 * The release a store has signed: nothing in it is believed before the signature under a pinned key holds over exactly its bytes.
 * @throws {ClientError} MANIFEST_MALFORMED | MANIFEST_KEY_UNKNOWN | MANIFEST_SIGNATURE_INVALID | MANIFEST_OF_OTHER_APPLICATION |
 *   MANIFEST_OF_OTHER_CHANNEL | MANIFEST_EXPIRED
 */
export function readRelease(
  answer: unknown,
  identity: Pick<ApplicationIdentity, 'name' | 'channel'>,
  keys: readonly PinnedKey[],
  now: Date,
): ApplicationRelease {
  if (!Check(SignedApplicationRelease, answer)) throw malformed('it is not a signed release');
  const pinned = keys.find(({ id }) => id === answer.keyId);
  if (pinned === undefined)
    throw new ClientError(
      'MANIFEST_KEY_UNKNOWN',
      'The release is signed with a key this application does not know',
    );
  const payload = strictBase64(answer.payload);
  const signature = strictBase64(answer.signature);
  if (!isSigned(payload, signature, pinned.key))
    throw new ClientError('MANIFEST_SIGNATURE_INVALID', 'The signature of the release does not hold');
  const release = parsed(payload);
  if (release.application !== identity.name)
    throw new ClientError('MANIFEST_OF_OTHER_APPLICATION', `The release is one of ${release.application}`);
  if (release.channel !== identity.channel)
    throw new ClientError('MANIFEST_OF_OTHER_CHANNEL', `The release is of the channel ${release.channel}`);
  // An old release must not be shown for ever (TUF, "indefinite freeze").
  if (!(Date.parse(release.expiresAt) > now.getTime()))
    throw new ClientError('MANIFEST_EXPIRED', `The release was news until ${release.expiresAt}`);
  return release;
}

/** @throws {ClientError} INSTALLER_NOT_OFFERED */
export function installerFor(release: ApplicationRelease, platform: string): ApplicationInstaller {
  const installer = release.installers.find((candidate) => candidate.platform === platform);
  if (installer !== undefined) return installer;
  throw new ClientError(
    'INSTALLER_NOT_OFFERED',
    `There is no installer of ${release.version} for ${platform}`,
  );
}

function readKey(text: string | Buffer): KeyObject {
  try {
    if (typeof text === 'string') return createPublicKey(text);
    return createPublicKey({ key: text, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new ClientError('APPLICATION_KEY_INVALID', 'The application’s key cannot be read', { cause });
  }
}

/** Ed25519 takes the message itself; ECDSA hashes it, and its signature is DER. */
function isSigned(payload: Buffer, signature: Buffer, key: KeyObject): boolean {
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return verify(digest, payload, { key, dsaEncoding: 'der' }, signature);
}

function parsed(payload: Buffer): ApplicationRelease {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (cause) {
    throw malformed('it is not JSON', cause);
  }
  if (!Check(ApplicationRelease, value)) throw malformed('it lacks what a release has');
  if (!isVersion(value.version)) throw malformed('its version is none');
  return value;
}

function strictBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw malformed('it is not base64');
  return bytes;
}

function malformed(why: string, cause?: unknown): ClientError {
  return new ClientError('MANIFEST_MALFORMED', `The release cannot be read: ${why}`, { cause });
}
