import { constants, type ReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRecord } from '../catalog/release-record.js';
import { StoreError } from '../error.js';
import type { ByteRange } from './byte-range.js';

/** Bytes read ahead per download: few system calls, and at most this much memory per slow reader. */
const chunkBytes = 256 * 1024;

/** A published package opened for one answer; the caller closes it, or the stream it takes does. */
export interface OpenPackage extends AsyncDisposable {
  /** The bytes of a range; closes the package at its end or when destroyed. */
  stream(range: ByteRange): ReadStream;
}

/**
 * Opens the package of a record. Its size and time of change must still be the recorded ones (to the millisecond:
 * copies of a disk keep no more); what was changed since is not served until it has been judged again.
 * @throws {StoreError} PACKAGE_CHANGED_ON_DISK | PACKAGE_UNREADABLE
 */
export async function openPackage(folder: string, record: ReleaseRecord): Promise<OpenPackage> {
  const handle = await openForReading(join(folder, record.file), record);
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size !== record.size || Math.abs(stat.mtimeMs - record.mtimeMs) >= 1) {
      throw new StoreError(
        'PACKAGE_CHANGED_ON_DISK',
        `The package of ${record.id} ${record.version} changed after it was published; it is not served.`,
        { file: record.file },
      );
    }
    return openPackageOf(handle);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function openPackageOf(handle: FileHandle): OpenPackage {
  let isStreaming = false;
  return {
    stream({ first, last }) {
      isStreaming = true;
      return handle.createReadStream({ start: first, end: last, highWaterMark: chunkBytes });
    },
    async [Symbol.asyncDispose]() {
      if (!isStreaming) await handle.close();
    },
  };
}

async function openForReading(path: string, record: ReleaseRecord): Promise<FileHandle> {
  try {
    // Non-blocking: something other than a file put there must not hold up a thread of the pool.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new StoreError(
      'PACKAGE_UNREADABLE',
      `The package of ${record.id} ${record.version} cannot be read.`,
      {
        file: record.file,
        cause,
      },
    );
  }
}
