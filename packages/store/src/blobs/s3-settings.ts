import { StoreError } from '../error.js';

/** An S3 bucket and the right to it. */
export interface S3Settings {
  /** e.g. `https://s3.example.org`; the bucket is the first part of the path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Put before every name, e.g. `store/`; empty or ending with a slash. */
  readonly prefix: string;
}

/**
 * Reads `S3_ENDPOINT`, `S3_BUCKET`, `S3_REGION` (default `us-east-1`), `S3_ACCESS_KEY_ID`, `S3_SECRET_ACCESS_KEY` and
 * `S3_PREFIX`. None of them: undefined, and blobs lie in the data folder.
 * @throws {StoreError} S3_SETTINGS_MALFORMED: some are missing or cannot be; no secret is repeated
 */
export function readS3Settings(
  environment: Readonly<Record<string, string | undefined>>,
): S3Settings | undefined {
  const given = (name: string): string => environment[name]?.trim() ?? '';
  const needed = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const;
  if (needed.every((name) => given(name) === '')) return undefined;
  const missing = needed.filter((name) => given(name) === '');
  if (missing.length > 0) throw malformed(`${missing.join(', ')} must be set, too`);
  const endpoint = given('S3_ENDPOINT');
  if (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol)) {
    throw malformed('S3_ENDPOINT is no http or https address');
  }
  const bucket = given('S3_BUCKET');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw malformed('S3_BUCKET cannot name a bucket');
  const prefix = given('S3_PREFIX').replace(/^\/+|\/+$/g, '');
  if (!/^[A-Za-z0-9._/-]{0,200}$/.test(prefix)) {
    throw malformed('S3_PREFIX has other characters than letters, digits, ".", "_", "-" and "/"');
  }
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    bucket,
    region: given('S3_REGION') || 'us-east-1',
    accessKeyId: given('S3_ACCESS_KEY_ID'),
    secretAccessKey: given('S3_SECRET_ACCESS_KEY'),
    prefix: prefix === '' ? '' : `${prefix}/`,
  };
}

function malformed(what: string): StoreError {
  return new StoreError('S3_SETTINGS_MALFORMED', `The settings of the S3 bucket cannot be used: ${what}.`);
}
