import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBlobs } from './open-blobs.js';

const clock = (): Date => new Date();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-blobs-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('without a bucket, blobs lie in the data folder, by the first two digits of their digests', async () => {
  await using blobs = await openBlobs({ dataDir: folder, clock });
  const { sha256 } = await blobs.put(Buffer.from('hello'));
  expect(await readdir(join(folder, 'blobs', 'sha256', sha256.slice(0, 2)))).toEqual([sha256]);
  expect(await readdir(join(folder, 'blobs', 'unfinished'))).toEqual([]);
});

test('a data folder that is none is refused', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(openBlobs({ dataDir: file, clock })).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
});

test('a bucket nobody serves is refused', async () => {
  const s3 = {
    endpoint: 'http://127.0.0.1:1',
    bucket: 'x',
    region: 'us-east-1',
    accessKeyId: 'k',
    secretAccessKey: 's',
    prefix: '',
  };
  await expect(openBlobs({ dataDir: folder, clock, s3 })).rejects.toMatchObject({
    code: 'BLOB_STORE_UNAVAILABLE',
  });
});
