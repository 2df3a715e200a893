import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import {
  type ApplicationChannel,
  type ApplicationInstaller,
  type ApplicationRelease,
  applicationPaths,
  publishingPaths,
  SignedApplicationRelease,
  UploadedInstaller,
} from '@jami-plugin-store/contract';
import { Value } from 'typebox/value';
import { type Io, printJson } from '../io.js';
import { inputError, readInput } from '../options.js';
import { drawUpload } from '../progress.js';
import {
  reachStore,
  type StoreChoice,
  type StoreConnection,
  senseless,
} from '../publishing/store-connection.js';
import { UsageError } from '../usage-error.js';
import { readPrivateKey } from './sign.js';

export interface ApplicationPublishOptions extends StoreChoice {
  readonly application: string;
  readonly channel: ApplicationChannel;
  readonly release: string;
  readonly key: string;
  /** `PLATFORM=FILE` */
  readonly installer: readonly string[];
  readonly notesFile?: string | undefined;
  readonly days: number;
  readonly json?: boolean | undefined;
}

const dayMs = 24 * 60 * 60 * 1000;

/**
 * `jpl application publish`: uploads installers, then the release manifest that the application's own key signs here. The store never sees the
 * key; it takes the release because its operator configured the public one.
 */
export async function applicationPublish(io: Io, options: ApplicationPublishOptions): Promise<number> {
  const key = await readPrivateKey(io, options.key);
  const keyId = keyIdOf(key);
  const notes =
    options.notesFile === undefined ? undefined : (await readInput(io, options.notesFile)).toString();
  await using store = await reachStore(io, options);
  const installers: ApplicationInstaller[] = [];
  for (const wish of options.installer) installers.push(await uploadInstaller(io, store, wish));
  const at = io.clock();
  const release: ApplicationRelease = {
    format: 1,
    application: options.application,
    channel: options.channel,
    version: options.release,
    publishedAt: at.toISOString(),
    expiresAt: new Date(at.getTime() + options.days * dayMs).toISOString(),
    ...(notes === undefined ? {} : { notes }),
    installers,
  };
  const payload = Buffer.from(JSON.stringify(release));
  const signed: SignedApplicationRelease = {
    payload: payload.toString('base64'),
    signature: sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', payload, key).toString('base64'),
    keyId,
  };
  await store.ask(SignedApplicationRelease, 'PUT', publishingPaths.application(options.channel), signed);
  if (options.json) printJson(io, { release, keyId });
  else
    io.stdout(
      `${release.application} ${release.version} is published in ${release.channel}\n  key: ${keyId}\n`,
    );
  return 0;
}

/** SHA-256 of the public key, as clients pin it. @throws {UsageError} KEY_NOT_READABLE for a key of another kind */
function keyIdOf(key: KeyObject): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  const isKnown =
    asymmetricKeyType === 'ed25519' ||
    (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1');
  if (!isKnown)
    throw new UsageError('KEY_NOT_READABLE', 'the key of an application is Ed25519 or ECDSA with P-256');
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex');
}

async function uploadInstaller(io: Io, store: StoreConnection, wish: string): Promise<ApplicationInstaller> {
  const [, platform, path] = /^([A-Za-z0-9._-]{1,64})=(.+)$/.exec(wish) ?? [];
  if (platform === undefined || path === undefined)
    throw new UsageError('USAGE', `--installer is PLATFORM=FILE, not ${wish}`);
  await using file = await open(resolve(io.cwd, path)).catch((error: unknown) => {
    throw inputError(path, error);
  });
  const { size } = await file.stat();
  if (size === 0) throw new UsageError('FILE_NOT_READABLE', `${path} is empty, or no file`);
  const bytes = (): ReturnType<typeof file.createReadStream> =>
    file.createReadStream({ start: 0, end: size - 1, autoClose: false, signal: io.signal });
  const hash = createHash('sha256');
  for await (const chunk of bytes()) hash.update(chunk);
  const sha256 = hash.digest('hex');
  let sent = 0;
  const body = bytes().on('data', (chunk) => {
    sent += chunk.length;
    drawUpload(io, sent, size);
  });
  const { value } = await store.send('PUT', publishingPaths.installer(sha256), { body, length: size });
  if (!Value.Check(UploadedInstaller, value)) throw senseless(store.url);
  if (io.interactive) io.stderr('\r\u001b[K');
  return { platform, fileName: basename(path), size, sha256, url: applicationPaths.installer(sha256) };
}
