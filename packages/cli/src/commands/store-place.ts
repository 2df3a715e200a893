import { resolve } from 'node:path';
import { readS3Settings, type StorePlace } from '@jami-plugin-store/store';
import type { Io } from '../io.js';
import { readInput } from '../options.js';
import { UsageError } from '../usage-error.js';

/** Where the environment says that a store keeps what it has, as `jpl store serve` reads it. */
export function placeOf(io: Io, dataDir: string): StorePlace {
  return {
    dataDir: resolve(io.cwd, dataDir),
    databaseUrl: io.env.DATABASE_URL || undefined,
    s3: readS3Settings(io.env),
  };
}

/**
 * Where a store is to go: another database, another folder; its bytes into a bucket, or where they are when only the database is another.
 * @param s3File  lines `S3_NAME=value`, as an EnvironmentFile of systemd has them: secrets are no arguments
 */
export async function targetOf(
  io: Io,
  source: StorePlace,
  { to, s3File }: { readonly to: string; readonly s3File?: string | undefined },
): Promise<StorePlace> {
  const s3 = s3File === undefined ? undefined : readS3Settings(await readVariables(io, s3File));
  if (s3File !== undefined && s3 === undefined)
    throw new UsageError(
      'OPTION_MISSING',
      `${s3File} sets no S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY`,
    );
  if (!/^postgres(ql)?:/i.test(to)) return { dataDir: resolve(io.cwd, to), s3 };
  return { dataDir: source.dataDir, databaseUrl: to, s3: s3 ?? source.s3 };
}

async function readVariables(io: Io, file: string): Promise<Record<string, string>> {
  const lines = (await readInput(io, file)).toString().split(/\r?\n/);
  const found = lines.flatMap((line) => {
    const [, name, value = ''] = /^\s*(?:export\s+)?([A-Z0-9_]+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value.trim().replace(/^(['"])(.*)\1$/, '$2')]];
  });
  return Object.fromEntries(found);
}
