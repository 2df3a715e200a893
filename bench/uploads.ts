import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { openTokens } from '@jami-plugin-store/store';
import { leastRow, median, plainRow, type Row } from './report.js';
import { halfCompressible } from './sample-package.js';
import { type StorePlace, writeSignedPackage } from './store-place.js';

const mib = 1024 * 1024;
/** Deflates to about 100 MiB. */
const libraryBytes = 175 * mib;
const atOnce = 8;
const oneByOne = 3;

/** Packages of 100 MiB, handed in one after the other and then several at once: how fast, and in how much memory. */
export async function measureUploads(place: StorePlace): Promise<Row[]> {
  const signer = await place.signer('Upload', 'rsa-4096');
  const library = halfCompressible(libraryBytes, 'an uploaded library');
  const files: string[] = [];
  for (let version = 0; version < 1 + oneByOne + atOnce; version += 1) {
    const file = join(place.dir, `upload-${version}.jpl`);
    const manifest = { version: `${version}.0.0`, description: 'made to be handed in' };
    const entry = { name: 'lib/x86_64-linux-gnu/libUpload.so', data: library };
    await writeSignedPackage(file, signer, manifest, [entry]);
    files.push(file);
  }
  const bytes = (await stat(files[0] ?? '')).size;
  process.stderr.write(`packages of ${Math.round(bytes / mib)} MiB are made\n`);
  // A fresh process: what it held at most is what uploads took.
  await using server = await place.start();
  const token = await introduce(place, server.url);
  const [warmUp = '', ...measured] = files;
  await upload(server.url, token, warmUp);
  const times: number[] = [];
  for (const file of measured.slice(0, oneByOne)) times.push(await upload(server.url, token, file));
  const alone = await server.peakBytes();
  const started = performance.now();
  await Promise.all(measured.slice(oneByOne).map((file) => upload(server.url, token, file)));
  const together = performance.now() - started;
  const rows = [
    leastRow('upload, judged and stored', bytes / 1e6 / (median(times) / 1000), 'MB/s', 60),
    plainRow(`${atOnce} uploads at once`, (atOnce * bytes) / 1e6 / (together / 1000), 'MB/s'),
  ];
  const most = await server.peakBytes();
  if (alone !== undefined) rows.push(plainRow('peak memory, uploads one by one', alone / 1e6, 'MB'));
  if (most !== undefined)
    rows.push(plainRow(`peak memory, ${atOnce} uploads at once`, most / 1e6, 'MB', 200));
  return rows;
}

/** Makes the organization known. @returns a token of a publisher of it */
async function introduce(place: StorePlace, url: string): Promise<string> {
  const operator = (await readFile(place.operatorTokenFile, 'utf8')).trim();
  const answer = await fetch(`${url}/v1/organizations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json' },
    body: JSON.stringify({ chainPem: place.chainPem }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the organization was not made known: ${text}`);
  await using tokens = await openTokens({ dataDir: place.dataDir, clock: () => new Date() });
  const organization: string = JSON.parse(text).id;
  return (await tokens.create({ role: 'publisher', label: 'benchmark', organization })).token;
}

/** @returns milliseconds from the first byte sent to the verdict */
async function upload(url: string, token: string, file: string): Promise<number> {
  const { size } = await stat(file);
  const started = performance.now();
  const sent = request(`${url}/v1/packages`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-length': size },
  });
  const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      buffer(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, text: body.toString() }),
        reject,
      );
    });
  });
  await pipeline(createReadStream(file, { highWaterMark: mib }), sent);
  const { status, text } = await answered;
  // Accepted and put before a reviewer: the organization is not one that publishes at once.
  if (status !== 202) throw new Error(`an upload was answered ${status}: ${text}`);
  return performance.now() - started;
}
