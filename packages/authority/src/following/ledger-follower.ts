import { closeSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { AuthorityError } from '../error.js';
import { ChainedLines } from '../ledger/chained-lines.js';
import { maxLedgerBytes } from '../ledger/ledger.js';
import { Registry } from '../ledger/registry.js';
import { storageFailed } from '../storage/durable-file.js';

const chunkBytes = 1024 * 1024;

/**
 * Reads the ledger that another process writes, and never anything that is not there: before each answer one `stat` tells whether it
 * has grown or was replaced. All of it is synchronous, so that between that look and the answer nothing happens.
 */
export class LedgerFollower {
  readonly #path: string;
  #seen: Pick<Stats, 'ino' | 'size' | 'mtimeMs'> | undefined;
  #lines: ChainedLines;
  #registry = new Registry();
  #failure: AuthorityError | undefined;

  constructor(path: string) {
    this.#path = path;
    this.#lines = this.#begin();
  }

  /**
   * What the ledger says now. Another object where the file is not the one it was: an older or newer copy was put in its place, or
   * an append that failed was taken back.
   * @throws {AuthorityError} AUTHORITY_DAMAGED (no ledger) | LEDGER_DAMAGED | STORAGE_FAILED; until the file changes again
   */
  refresh(): Registry {
    const before = this.#seen;
    // Before reading: what is written after this look shows in the next one.
    const now = this.#look();
    const isSame = before?.ino === now.ino && before.size === now.size && before.mtimeMs === now.mtimeMs;
    if (isSame && this.#failure === undefined) return this.#registry;
    if (isSame && this.#failure !== undefined) throw this.#failure;
    const hasGrown = before?.ino === now.ino && now.size > before.size && this.#failure === undefined;
    if (!(hasGrown && this.#readOn(now.size))) this.#readAnew(now.size);
    return this.#registry;
  }

  #look(): Stats {
    this.#seen = undefined;
    try {
      const stats = statSync(this.#path, { throwIfNoEntry: false });
      if (stats === undefined) throw this.#fail(missing(this.#path));
      this.#seen = stats;
      return stats;
    } catch (cause) {
      if (cause instanceof AuthorityError) throw cause;
      throw this.#fail(storageFailed(this.#path, 'read', cause));
    }
  }

  /** False: what follows does not continue what was read. */
  #readOn(size: number): boolean {
    try {
      this.#lines.dropUnfinished();
      this.#read(size);
      return true;
    } catch (error) {
      if (error instanceof AuthorityError && error.code === 'LEDGER_DAMAGED') return false;
      throw error;
    }
  }

  #readAnew(size: number): void {
    try {
      this.#registry = new Registry();
      this.#lines = this.#begin();
      this.#read(size);
      if (!this.#registry.issuers.has('root')) {
        throw new AuthorityError('LEDGER_DAMAGED', 'The ledger does not begin with the root.', {
          path: this.#path,
        });
      }
      this.#failure = undefined;
    } catch (error) {
      throw error instanceof AuthorityError ? this.#fail(error) : error;
    }
  }

  #begin(): ChainedLines {
    const registry = this.#registry;
    return new ChainedLines(this.#path, (record) => registry.apply(record));
  }

  #read(size: number): void {
    if (size > maxLedgerBytes)
      throw this.#fail(storageFailed(this.#path, 'read', new Error('it is too large')));
    let handle: number | undefined;
    try {
      handle = openSync(this.#path, 'r');
      const buffer = Buffer.allocUnsafe(chunkBytes);
      for (let offset = this.#lines.length; ; ) {
        const count = readSync(handle, buffer, 0, chunkBytes, offset);
        if (count === 0) return;
        offset += count;
        this.#lines.push(buffer.subarray(0, count), Math.max(size, offset));
      }
    } catch (cause) {
      if (cause instanceof AuthorityError) throw cause;
      throw this.#fail(storageFailed(this.#path, 'read', cause));
    } finally {
      if (handle !== undefined) closeSync(handle);
    }
  }

  #fail(error: AuthorityError): AuthorityError {
    this.#failure = error;
    return error;
  }
}

const missing = (path: string): AuthorityError =>
  new AuthorityError('AUTHORITY_DAMAGED', `The ledger is missing: ${path}.`, { path });
