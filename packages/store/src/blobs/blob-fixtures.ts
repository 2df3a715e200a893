/** Lets one suite run on both kinds of blob store: a folder, and an S3 bucket where the environment names one. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import type { BlobStore } from './blob-store.js';
import { FolderBlobs } from './folder-blobs.js';
import { S3Blobs } from './s3-blobs.js';
import { readS3Settings, type S3Settings } from './s3-settings.js';

/** A real S3 server for tests, from `S3_*`; `npm run test:s3` starts one. */
const testedS3 = readS3Settings(process.env);

/** Settings of a part of the bucket that is this test's alone. */
function ownPrefix(settings: S3Settings): S3Settings {
  return { ...settings, prefix: `${settings.prefix}test-${randomBytes(6).toString('hex')}/` };
}

/** Declares a suite twice; without an S3 server its half is skipped and says so. `open` gives the same store again. */
export function describeOnBlobStores(
  name: string,
  suite: (open: (clock?: () => Date) => Promise<BlobStore>) => void,
): void {
  describe(`${name}, in a folder`, () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'jpl-blobs-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));
    suite((clock = () => new Date()) => FolderBlobs.open(join(folder, 'blobs'), clock()));
  });
  describeS3(name, (settings) => {
    suite((clock = () => new Date()) => S3Blobs.open(settings, { clock }));
  });
}

/** Declares a suite on a bucket alone. */
export function describeS3(name: string, suite: (settings: S3Settings) => void): void {
  if (testedS3 === undefined) {
    describe.skip(`${name}, in an S3 bucket (skipped: no S3_* here; npm run test:s3 starts a server)`, () => {});
    return;
  }
  const settings = ownPrefix(testedS3);
  describe(`${name}, in an S3 bucket`, () => suite(settings));
}
