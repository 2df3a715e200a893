import { constants, type FileHandle, open } from 'node:fs/promises';
import { type FileErrorCode, JplError } from '../error.js';
import type { ByteSource } from './archive.js';
import { assertWithin } from './byte-source.js';

/** A source over one open file, which it owns: disposing it closes the handle. */
export interface FileSource extends ByteSource, AsyncDisposable {
  readonly handle: FileHandle;
}

/**
 * Opens a file once; from then on it is read by its handle only, so that what was judged is what is read.
 * @throws {JplError} FILE_NOT_FOUND | FILE_NOT_READABLE | NOT_A_FILE | EMPTY_FILE | READ_FAILED
 */
export async function openFileSource(path: string): Promise<FileSource> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK, opening a named pipe would wait for its writer.
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    const [code, reason] = openFailure(cause);
    throw new JplError(code, `${path}: ${reason}.`, { cause });
  }
  try {
    return await fileSource(handle, path);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Takes over an open handle of a regular file. When it throws, the handle is still the caller's.
 * @throws {JplError} NOT_A_FILE | EMPTY_FILE | READ_FAILED
 */
export async function fileSource(handle: FileHandle, label = 'The file'): Promise<FileSource> {
  const stats = await handle.stat().catch((cause: unknown) => {
    throw new JplError('READ_FAILED', `${label}: its size cannot be read.`, { cause });
  });
  if (!stats.isFile()) {
    const what = stats.isDirectory() ? 'is a folder' : 'is not a regular file';
    throw new JplError('NOT_A_FILE', `${label}: ${what}.`);
  }
  if (stats.size === 0) throw new JplError('EMPTY_FILE', `${label}: is empty.`);
  return {
    handle,
    size: stats.size,
    read: (position, length) => readExactly(handle, position, length, stats.size),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

async function readExactly(
  handle: FileHandle,
  position: number,
  length: number,
  size: number,
): Promise<Buffer> {
  assertWithin(position, length, size);
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle
      .read(bytes, filled, length - filled, position + filled)
      .catch((cause: unknown) => {
        throw new JplError('READ_FAILED', 'The file cannot be read.', { offset: position + filled, cause });
      });
    if (bytesRead === 0) {
      throw new JplError('READ_FAILED', 'The file became shorter while it was read.', {
        offset: position + filled,
      });
    }
    filled += bytesRead;
  }
  return bytes;
}

function openFailure(error: unknown): [FileErrorCode, string] {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return ['FILE_NOT_FOUND', 'does not exist'];
  if (code === 'EISDIR') return ['NOT_A_FILE', 'is a folder'];
  if (code === 'ENXIO') return ['NOT_A_FILE', 'is not a regular file'];
  if (code === 'EACCES' || code === 'EPERM') return ['FILE_NOT_READABLE', 'may not be read (no permission)'];
  return ['FILE_NOT_READABLE', `cannot be opened (${String(code ?? error)})`];
}
