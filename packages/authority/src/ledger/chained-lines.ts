import { createHash } from 'node:crypto';
import { damaged, type LedgerRecord, parseRecord } from './record.js';

/** The hash before the first record. */
export const emptyHead = '0'.repeat(64);

const newline = 0x0a;
export const maxLineBytes = 64 * 1024;

export const chainHash = (before: string, text: string): string =>
  createHash('sha256').update(`${before}\n${text}`).digest('hex');

/** Reads the ledger's chain from its bytes as they come, and hands on each record that holds. */
export class ChainedLines {
  readonly #path: string;
  readonly #take: (record: LedgerRecord) => void;
  #head = emptyHead;
  #length = 0;
  #lines = 0;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, take: (record: LedgerRecord) => void) {
    this.#path = path;
    this.#take = take;
  }

  /** Hash of the last whole line. */
  get head(): string {
    return this.#head;
  }

  /** Bytes of whole lines. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes the next bytes. What is behind the last line break waits for more.
   * @param size  of the whole file, as far as it is known
   * @throws {AuthorityError} LEDGER_DAMAGED
   */
  push(bytes: Uint8Array, size: number): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    for (let end = this.#rest.indexOf(newline); end >= 0; end = this.#rest.indexOf(newline)) {
      const line = this.#rest.subarray(0, end);
      // Blocks of an unfinished append may reach the disk out of order; those missing read as zeros.
      if (this.#length + end + 1 === size && line.includes(0)) return;
      this.#read(line.toString('utf8'));
      this.#length += end + 1;
      this.#rest = this.#rest.subarray(end + 1);
    }
    if (this.#rest.length > maxLineBytes) throw damaged(this.#path, this.#lines + 1);
  }

  /** Forgets what is not a whole line: it is read again from `length` on. */
  dropUnfinished(): void {
    this.#rest = Buffer.alloc(0);
  }

  #read(text: string): void {
    const line = this.#lines + 1;
    const [hash, json] = [text.slice(0, 64), text.slice(65)];
    if (text[64] !== ' ' || hash !== chainHash(this.#head, json)) throw damaged(this.#path, line);
    this.#take(parseRecord(json, this.#path, line));
    this.#lines = line;
    this.#head = hash;
  }
}
