import { open, rm } from 'node:fs/promises';
import { UsageError } from './usage-error.js';

/** A file that is there already, empty, and is removed again unless it is filled. */
export interface NewFile extends AsyncDisposable {
  /** Writes the file durably. @throws {UsageError} FILE_NOT_WRITABLE */
  fill(text: string): Promise<void>;
}

/**
 * Takes a name before the work begins whose result it will hold, so that nothing is done that cannot be kept.
 * @throws {UsageError} FILE_EXISTS | FILE_NOT_WRITABLE
 */
export async function createNew(path: string, mode: number): Promise<NewFile> {
  const file = await open(path, 'wx', mode).catch((error: unknown) => {
    throw notWritable(path, error);
  });
  let isFilled = false;
  return {
    async fill(text) {
      try {
        await file.writeFile(text);
        await file.sync();
        isFilled = true;
      } catch (error) {
        throw notWritable(path, error);
      }
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!isFilled) await rm(path, { force: true });
    },
  };
}

/** Creates a file durably; a file that is there stays as it is. @throws {UsageError} FILE_EXISTS | FILE_NOT_WRITABLE */
export async function writeNew(path: string, text: string, mode: number): Promise<void> {
  await using file = await createNew(path, mode);
  await file.fill(text);
}

function notWritable(path: string, error: unknown): UsageError {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
    return new UsageError('FILE_EXISTS', `${path} exists already and is not overwritten`, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new UsageError('FILE_NOT_WRITABLE', `${path} cannot be written: ${reason}`, { cause: error });
}

/**
 * Writes a stream into a new file, durably; nothing is left where it fails.
 * @returns its bytes
 * @throws {UsageError} FILE_EXISTS | FILE_NOT_WRITABLE, and whatever the stream throws
 */
export async function createNewStream(
  path: string,
  mode: number,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  const file = await open(path, 'wx', mode).catch((error: unknown) => {
    throw notWritable(path, error);
  });
  let bytes = 0;
  let isWhole = false;
  try {
    for await (const chunk of source) {
      signal.throwIfAborted();
      await file.writeFile(chunk).catch((error: unknown) => {
        throw notWritable(path, error);
      });
      bytes += chunk.length;
    }
    await file.sync();
    isWhole = true;
    return bytes;
  } finally {
    await file.close();
    if (!isWhole) await rm(path, { force: true });
  }
}
