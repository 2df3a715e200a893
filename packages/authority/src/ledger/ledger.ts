import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AuthorityError } from '../error.js';
import { isNotFound, storageFailed, syncFolder } from '../storage/durable-file.js';
import { ChainedLines, chainHash, emptyHead, maxLineBytes } from './chained-lines.js';
import type { LedgerRecord } from './record.js';

/**
 * The append-only journal of what was issued and revoked: one line a record, `<hash> <JSON>`, where the hash is
 * SHA-256 of the hash before it and the JSON, in hex. A record counts when `append` has returned: it is on the disk.
 */
export interface Ledger extends AsyncDisposable {
  /**
   * Adds one record, durably. Calls queue up and keep their order.
   * @throws {AuthorityError} LEDGER_NOT_WRITABLE; the record then does not count
   */
  append(record: LedgerRecord): Promise<void>;
  /** Hash of the last record: names the whole history. */
  readonly head: string;
}

export const maxLedgerBytes = 1024 * 1024 * 1024;
const chunkBytes = 1024 * 1024;

/** @throws {AuthorityError} STORAGE_FAILED */
export async function createLedger(path: string): Promise<Ledger> {
  try {
    const handle = await open(path, 'wx+', 0o600);
    await syncFolder(dirname(path));
    return appendTo(handle, path, { head: emptyHead, length: 0 });
  } catch (cause) {
    throw storageFailed(path, 'written', cause);
  }
}

/**
 * Opens the ledger and hands each record to `take`, in order. A last line that a crash cut off was never
 * acknowledged and is removed; a changed line anywhere is refused.
 * @throws {AuthorityError} AUTHORITY_DAMAGED | LEDGER_DAMAGED | STORAGE_FAILED
 */
export async function openLedger(path: string, take: (record: LedgerRecord) => void): Promise<Ledger> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r+');
    const end = await replay(handle, path, take);
    const { size } = await handle.stat();
    if (size > end.length) {
      await handle.truncate(end.length);
      await handle.sync();
    }
    return appendTo(handle, path, end);
  } catch (cause) {
    await handle?.close();
    if (cause instanceof AuthorityError) throw cause;
    if (isNotFound(cause)) {
      throw new AuthorityError('AUTHORITY_DAMAGED', `The ledger is missing: ${path}.`, { path, cause });
    }
    throw storageFailed(path, 'read', cause);
  }
}

interface End {
  readonly head: string;
  /** Bytes of whole lines. */
  readonly length: number;
}

async function replay(handle: FileHandle, path: string, take: (record: LedgerRecord) => void): Promise<End> {
  const { size } = await handle.stat();
  if (size > maxLedgerBytes) throw new Error(`the ledger has ${size} bytes`);
  const lines = new ChainedLines(path, take);
  for (let offset = 0; offset < size; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, offset);
    if (bytesRead === 0) break;
    offset += bytesRead;
    lines.push(buffer.subarray(0, bytesRead), size);
  }
  return { head: lines.head, length: lines.length };
}

function appendTo(handle: FileHandle, path: string, start: End): Ledger {
  let { head, length } = start;
  let queue: Promise<unknown> = Promise.resolve();
  let failure: AuthorityError | undefined;

  async function write(record: LedgerRecord): Promise<void> {
    if (failure !== undefined) throw failure;
    const json = JSON.stringify(record);
    const hash = chainHash(head, json);
    const line = Buffer.from(`${hash} ${json}\n`);
    if (line.length > maxLineBytes) throw new AuthorityError('ARGUMENT_INVALID', 'This record is too large.');
    try {
      await handle.write(line, 0, line.length, length).then(({ bytesWritten }) => {
        if (bytesWritten !== line.length) throw new Error('a part only was written');
      });
      await handle.datasync();
    } catch (cause) {
      failure = await undo(cause);
      throw failure ?? notWritable(path, cause);
    }
    head = hash;
    length += line.length;
  }

  /** Takes the half-written line back. Where even that fails, nothing more may be written behind it. */
  async function undo(cause: unknown): Promise<AuthorityError | undefined> {
    try {
      await handle.truncate(length);
      await handle.sync();
      return undefined;
    } catch {
      return notWritable(path, cause);
    }
  }

  return {
    get head() {
      return head;
    },
    append(record) {
      const done = queue.then(() => write(record));
      queue = done.catch(() => undefined);
      return done;
    },
    async [Symbol.asyncDispose]() {
      await queue;
      failure ??= new AuthorityError('AUTHORITY_CLOSED', 'The authority is closed.');
      await handle.close().catch(() => undefined);
    },
  };
}

const notWritable = (path: string, cause: unknown): AuthorityError =>
  new AuthorityError('LEDGER_NOT_WRITABLE', 'The ledger cannot be written: nothing was issued or revoked.', {
    path,
    cause,
  });
