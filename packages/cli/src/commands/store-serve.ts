import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createStore, type PublishingSettings, readS3Settings } from '@jami-plugin-store/store';
import type { RevocationMode } from '@jami-plugin-store/trust';
import type { Io } from '../io.js';
import { writeNew } from '../new-file.js';
import { readInput, readTrustAnchors } from '../options.js';
import { announce, listening, untilStopped } from '../serving.js';
import { UsageError } from '../usage-error.js';

export interface ServeStoreOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly host: string;
  readonly name?: string | undefined;
  readonly trustAnchor?: readonly string[] | undefined;
  readonly revocation?: RevocationMode | undefined;
  readonly allowPrivateAddresses?: boolean | undefined;
  readonly crlUrl?: string | undefined;
  readonly crlFile?: string | undefined;
  readonly trustedProxy?: readonly string[] | undefined;
  readonly openMetrics?: boolean | undefined;
  readonly askRevocationEvery?: number | undefined;
  readonly authorityUrl?: string | undefined;
  readonly authorityAdmin?: string | undefined;
  readonly authorityCredential?: string | undefined;
  readonly termsFile?: string | undefined;
  readonly applicationKey?: readonly string[] | undefined;
  readonly operatorTokenFile?: string | undefined;
}

/** `jpl store serve`: one process of a store, until stopped. Database and bucket are named by `DATABASE_URL` and `S3_*`. */
export async function storeServe(io: Io, options: ServeStoreOptions): Promise<number> {
  const { crlFile } = options;
  await using store = await createStore({
    dataDir: resolve(io.cwd, options.dataDir),
    databaseUrl: io.env.DATABASE_URL || undefined,
    s3: readS3Settings(io.env),
    anchors: await readTrustAnchors(io, options.trustAnchor ?? []),
    clock: io.clock,
    name: options.name,
    revocation: options.revocation,
    allowPrivateAddresses: options.allowPrivateAddresses,
    crlRootUrl: options.crlUrl,
    crlRootFile: crlFile === undefined ? undefined : resolve(io.cwd, crlFile),
    trustedProxies: options.trustedProxy,
    metrics: options.openMetrics === true ? 'anyone' : 'loopback',
    publishing: await publishingOf(io, options),
    logger: { write: io.stderr },
  });
  const { url } = await listening(store.listen({ port: options.port, host: options.host }));
  announce(io, { url });
  await untilStopped(io);
  return 0;
}

async function publishingOf(io: Io, options: ServeStoreOptions): Promise<PublishingSettings> {
  const { authorityUrl, authorityAdmin, authorityCredential, termsFile, applicationKey = [] } = options;
  const { askRevocationEvery: hours } = options;
  if ((authorityAdmin === undefined) !== (authorityCredential === undefined)) {
    throw new UsageError(
      'OPTIONS_INCOMPLETE',
      '--authority-admin and --authority-credential are given together',
    );
  }
  const text = async (file: string): Promise<string> => (await readInput(io, file)).toString();
  return {
    authorityUrl,
    revocationEveryMs: hours === undefined ? undefined : hours * 60 * 60_000,
    authority:
      authorityAdmin === undefined || authorityCredential === undefined
        ? undefined
        : { url: authorityAdmin, credentialPem: await text(authorityCredential) },
    terms: termsFile === undefined ? undefined : await text(termsFile),
    applicationKeys: await Promise.all(applicationKey.map(text)),
    keepFirstToken: (token) => keepFirstToken(io, options.operatorTokenFile, token),
  };
}

/** Where its operator finds the first token: shown this once, or in a file. One that a start before this one left there is taken. */
async function keepFirstToken(io: Io, file: string | undefined, token: string): Promise<string> {
  if (file === undefined) {
    io.stderr(`The operator's token, shown this once: ${token}\n`);
    return token;
  }
  const path = resolve(io.cwd, file);
  try {
    await writeNew(path, `${token}\n`, 0o600);
    return token;
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'FILE_EXISTS') throw error;
    return (await readFile(path, 'utf8')).trim();
  }
}
