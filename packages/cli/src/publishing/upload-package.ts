import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import {
  partialUploadMediaType,
  publishingPaths,
  Submission,
  UploadRecord,
} from '@jami-plugin-store/contract';
import { JplError } from '@jami-plugin-store/jpl';
import { Value } from 'typebox/value';
import type { Io } from '../io.js';
import { inputError } from '../options.js';
import { UsageError } from '../usage-error.js';
import { PublishingRefusal, StoreUnreachable } from './publishing-refusal.js';
import { type StoreConnection, senseless } from './store-connection.js';

export interface UploadWish {
  /** Absolute path of the package. */
  readonly path: string;
  readonly changelog: string | undefined;
  /** Told how many bytes are there, of how many. */
  readonly onProgress: (sent: number, of: number) => void;
  /** Told when the upload broke and why it is gone on with. */
  readonly onBreak: (reason: string) => void;
}

/** Breaks in a row, without a byte in between, after which it is given up; what is there already stays for the next try. */
const maxBreaks = 8;
const firstPauseMs = 500;
const maxPauseMs = 15_000;

/**
 * Uploads a package and waits for the verdict. A break is gone on after, by this run or a later one: the store knows by the bytes' digest
 * what it has of them.
 * @returns what became of the package; of one that is there already, too, where it is the caller's
 * @throws {PublishingRefusal} the store's or the judge's reason · {StoreUnreachable} · {UsageError} FILE_NOT_FOUND | NOT_A_FILE | FILE_NOT_READABLE · {JplError} EMPTY_FILE
 */
export async function uploadPackage(io: Io, store: StoreConnection, wish: UploadWish): Promise<Submission> {
  await using file = await openPackage(wish.path);
  const { size } = await file.stat();
  const sha256 = await digestOf(file, size, io.signal);
  let breaks = 0;
  for (let reached = -1; ; ) {
    try {
      const record = await begin(store, { size, sha256, changelog: wish.changelog });
      if ('state' in record) return record;
      if (record.offset > reached) breaks = 0;
      reached = record.offset;
      const result = await sendRest(store, file, record, wish.onProgress);
      if (result !== undefined) return result;
    } catch (error) {
      const again = pauseAfter(error, breaks);
      if (again === undefined || io.signal.aborted) throw error;
      breaks += 1;
      wish.onBreak(error instanceof Error ? error.message : String(error));
      await pause(again, undefined, { signal: io.signal });
    }
  }
}

async function openPackage(path: string): Promise<FileHandle> {
  const file = await open(path).catch((error: unknown) => {
    throw inputError(path, error);
  });
  const found = await file.stat();
  if (found.isFile() && found.size > 0) return file;
  await file.close();
  if (!found.isFile()) throw new UsageError('NOT_A_FILE', `${path} is no regular file`);
  throw new JplError('EMPTY_FILE', `${path} is empty.`);
}

async function digestOf(file: FileHandle, size: number, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const stream = file.createReadStream({ start: 0, end: size - 1, autoClose: false, signal });
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** Where the upload is, or what became of the package where the store has all of it already. */
async function begin(
  store: StoreConnection,
  { size, sha256, changelog }: { size: number; sha256: string; changelog: string | undefined },
): Promise<UploadRecord | Submission> {
  const body = { size, sha256, ...(changelog === undefined ? {} : { changelog }) };
  try {
    return await store.ask(UploadRecord, 'POST', publishingPaths.uploads, body);
  } catch (error) {
    if (!(error instanceof PublishingRefusal) || error.problem.code !== 'PACKAGE_DUPLICATE') throw error;
    // Perhaps it was this very upload, whose answer got lost.
    return await ownSubmission(store, sha256, error);
  }
}

async function ownSubmission(store: StoreConnection, sha256: string, refusal: unknown): Promise<Submission> {
  try {
    return await store.ask(Submission, 'GET', publishingPaths.submission(sha256));
  } catch (error) {
    if (error instanceof PublishingRefusal) throw refusal;
    throw error;
  }
}

async function sendRest(
  store: StoreConnection,
  file: FileHandle,
  { id, offset, size }: UploadRecord,
  onProgress: UploadWish['onProgress'],
): Promise<Submission | undefined> {
  let sent = offset;
  onProgress(sent, size);
  const isRest = offset < size;
  // Read when it is asked for and not before: what a listener made flow would be gone by the time the connection stands.
  const rest = Readable.from(
    readRest(file, offset, size, (length) => {
      sent += length;
      onProgress(sent, size);
    }),
    { objectMode: false },
  );
  const { value } = await store.send('PATCH', publishingPaths.upload(id), {
    body: isRest ? rest : Buffer.alloc(0),
    length: size - offset,
    headers: { 'upload-offset': String(offset), 'content-type': partialUploadMediaType },
  });
  if (Value.Check(Submission, value)) return value;
  if (Value.Check(UploadRecord, value)) return undefined;
  throw senseless(store.url);
}

/** Read ahead of the network. */
const readBytes = 256 * 1024;

async function* readRest(
  file: FileHandle,
  offset: number,
  size: number,
  onRead: (length: number) => void,
): AsyncGenerator<Buffer> {
  for (let position = offset; position < size; ) {
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, size - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    // The file shrank: the store sees that less comes than was announced.
    if (bytesRead === 0) return;
    position += bytesRead;
    onRead(bytesRead);
    yield buffer.subarray(0, bytesRead);
  }
}

/** Milliseconds after which it is worth going on; undefined = it is not. */
function pauseAfter(error: unknown, breaks: number): number | undefined {
  if (breaks >= maxBreaks) return undefined;
  const backoff = Math.min(maxPauseMs, firstPauseMs * 2 ** breaks) * (0.5 + Math.random() / 2);
  if (error instanceof StoreUnreachable) return backoff;
  if (!(error instanceof PublishingRefusal)) return undefined;
  const { code, status } = error.problem;
  if (goesOn.has(code)) return backoff;
  const isPassing = status === 429 || status === 503 || /^(OCSP|CRL)_/.test(code);
  return isPassing ? Math.max(backoff, (error.retryAfter ?? 0) * 1000) : undefined;
}

/** The upload is somewhere else than was believed: asking again tells where. */
const goesOn: ReadonlySet<string> = new Set([
  'UPLOAD_OFFSET_WRONG',
  'UPLOAD_CUT_OFF',
  'UPLOAD_NOT_FOUND',
  'REQUEST_TIMEOUT',
  'BODY_TOO_SLOW',
]);
