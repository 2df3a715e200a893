import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, opendir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceKind } from './evidence-request.js';

/** Names one stored answer. */
export interface AnswerKey {
  readonly kind: EvidenceKind;
  /** 64 lowercase hex digits: SHA-256 of what was asked. */
  readonly digest: string;
}

/**
 * Keeps the bytes of answers, never verdicts: whoever reads one judges it again at his own instant, and
 * removes it when it does not stand. The cache knows no expiry and trusts nothing it finds on disk.
 */
export interface AnswerCache {
  get(key: AnswerKey): Promise<Buffer | undefined>;
  put(key: AnswerKey, bytes: Uint8Array): Promise<void>;
  remove(key: AnswerKey): Promise<void>;
}

export interface AnswerCacheOptions {
  /** All answers together. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** Default 500. */
  readonly maxAnswers?: number | undefined;
  /** One answer. Default 10 MiB. */
  readonly maxAnswerBytes?: number | undefined;
  /** Told when the disk fails; the cache then answers as if it were empty, and asking goes on without it. */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

interface Bounds {
  readonly maxBytes: number;
  readonly maxAnswers: number;
  readonly maxAnswerBytes: number;
}

/**
 * @param folder  made when missing, mode 0700; belongs to the cache alone. Undefined: kept in memory.
 */
export function createAnswerCache(folder: string | undefined, options: AnswerCacheOptions = {}): AnswerCache {
  const bounds: Bounds = {
    maxBytes: options.maxBytes ?? 64 * 1024 * 1024,
    maxAnswers: options.maxAnswers ?? 500,
    maxAnswerBytes: options.maxAnswerBytes ?? 10 * 1024 * 1024,
  };
  if (folder === undefined) return memoryCache(bounds);
  const guarded = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      options.onProblem?.(error);
      return undefined;
    }
  };
  return {
    get: (key) => guarded(() => readAnswer(join(folder, fileName(key)), bounds.maxAnswerBytes)),
    put: async (key, bytes) => {
      if (bytes.length === 0 || bytes.length > bounds.maxAnswerBytes) return;
      await guarded(async () => {
        await writeAnswer(folder, fileName(key), bytes);
        await evict(folder, bounds);
      });
    },
    remove: async (key) => {
      await guarded(() => discard(join(folder, fileName(key))));
    },
  };
}

const ownFile = /^[0-9a-f]{64}\.(ocsp|crl)(\.[0-9a-f]{16}\.tmp)?$/;

function fileName({ kind, digest }: AnswerKey): string {
  const name = `${digest}.${kind}`;
  if (!ownFile.test(name)) throw new RangeError('an answer is named by 64 lowercase hex digits');
  return name;
}

async function readAnswer(path: string, maxBytes: number): Promise<Buffer | undefined> {
  let file: FileHandle;
  try {
    // Neither a link nor a pipe that somebody put there is followed or waited for.
    file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    await discard(path);
    throw error;
  }
  try {
    const status = await file.stat();
    if (status.isFile() && status.size > 0 && status.size <= maxBytes) {
      const bytes = Buffer.alloc(status.size);
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      if (bytesRead === bytes.length) return bytes;
    }
  } finally {
    await file.close();
  }
  await discard(path);
  return undefined;
}

async function writeAnswer(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = join(folder, `${name}.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
    await rename(temporary, join(folder, name));
  } catch (error) {
    await discard(temporary);
    // A folder squatting on the name would stop every rename to come.
    await discard(join(folder, name));
    throw error;
  }
}

/** Newest first while both budgets last; abandoned temporary files age out like answers. */
async function evict(folder: string, { maxAnswers, maxBytes }: Bounds): Promise<void> {
  const files: { path: string; bytes: number; changedMs: number }[] = [];
  for await (const { name } of await opendir(folder)) {
    if (!ownFile.test(name)) continue;
    const path = join(folder, name);
    const status = await lstat(path).catch(absent);
    if (status !== undefined) files.push({ path, bytes: status.size, changedMs: status.mtimeMs });
  }
  files.sort((a, b) => b.changedMs - a.changedMs);
  let bytes = 0;
  for (const [index, file] of files.entries()) {
    bytes += file.bytes;
    if (index >= maxAnswers || bytes > maxBytes) await discard(file.path);
  }
}

function discard(path: string): Promise<void> {
  return rm(path, { force: true, recursive: true });
}

function absent(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}

function memoryCache({ maxAnswers, maxBytes, maxAnswerBytes }: Bounds): AnswerCache {
  const answers = new Map<string, Buffer>();
  let total = 0;
  const drop = (name: string) => {
    total -= answers.get(name)?.length ?? 0;
    answers.delete(name);
  };
  return {
    get: async (key) => answers.get(fileName(key)),
    put: async (key, bytes) => {
      if (bytes.length === 0 || bytes.length > maxAnswerBytes) return;
      const name = fileName(key);
      drop(name);
      answers.set(name, Buffer.from(bytes));
      total += bytes.length;
      for (const oldest of answers.keys()) {
        if (answers.size <= maxAnswers && total <= maxBytes) break;
        drop(oldest);
      }
    },
    remove: async (key) => drop(fileName(key)),
  };
}
