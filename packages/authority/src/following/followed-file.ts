import { readFileSync, type Stats, statSync } from 'node:fs';
import { AuthorityError } from '../error.js';
import { storageFailed } from '../storage/durable-file.js';

interface Version<Value> {
  readonly stats: Pick<Stats, 'ino' | 'size' | 'mtimeMs'>;
  readonly value: Value;
}

const maxFileBytes = 64 * 1024 * 1024;

/** A file that another process replaces as a whole: read again when it is another one. */
export class FollowedFile<Value> {
  readonly #path: string;
  readonly #parse: (bytes: Buffer) => Value;
  #version: Version<Value> | undefined;

  constructor(path: string, parse: (bytes: Buffer) => Value) {
    this.#path = path;
    this.#parse = parse;
  }

  /**
   * What it holds now; `undefined` where there is none.
   * @throws {AuthorityError} STORAGE_FAILED, and what parsing throws
   */
  read(): Value | undefined {
    try {
      const stats = statSync(this.#path, { throwIfNoEntry: false });
      if (stats === undefined) {
        this.#version = undefined;
        return undefined;
      }
      const known = this.#version?.stats;
      if (known?.ino === stats.ino && known.size === stats.size && known.mtimeMs === stats.mtimeMs) {
        return this.#version?.value;
      }
      if (stats.size > maxFileBytes) throw new Error(`the file has ${stats.size} bytes`);
      const value = this.#parse(readFileSync(this.#path));
      this.#version = { stats, value };
      return value;
    } catch (cause) {
      if (cause instanceof AuthorityError) throw cause;
      throw storageFailed(this.#path, 'read', cause);
    }
  }
}
