import { StoreError } from '../error.js';

/** A file of an archive; the stream has exactly `size` bytes, and is read to its end before the next file. */
export interface ArchivedFile {
  readonly name: string;
  readonly size: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const blockBytes = 512;
/** What eleven octal digits hold; more is written in base 256, as GNU tar does. */
const maxOctal = 8 * 1024 ** 3 - 1;

/** A tar archive (POSIX.1-1988 ustar) of plain files, for `tar` to read as well. @throws what a file's stream throws, or a wrong length */
export async function* writeTar(files: AsyncIterable<ArchivedFile>): AsyncGenerator<Uint8Array> {
  for await (const { name, size, bytes } of files) {
    yield headerOf(name, size);
    let written = 0;
    for await (const chunk of bytes) {
      written += chunk.length;
      yield chunk;
    }
    if (written !== size) throw new RangeError(`${name} has ${written} bytes instead of ${size}`);
    yield Buffer.alloc(-size & (blockBytes - 1));
  }
  yield Buffer.alloc(2 * blockBytes);
}

function headerOf(name: string, size: number): Buffer {
  const header = Buffer.alloc(blockBytes);
  if (header.write(name, 0, 100, 'latin1') !== name.length)
    throw new RangeError(`${name} is too long a name`);
  header.write('0000600\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  if (size <= maxOctal) header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else {
    header[124] = 0x80;
    header.writeBigUInt64BE(BigInt(size), 128);
  }
  header.write('00000000000\0', 136);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  header.write(`${checksumOf(header).toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** The sum of a header's bytes, its own field taken for spaces. */
function checksumOf(header: Buffer): number {
  let sum = 8 * 0x20;
  header.forEach((byte, index) => {
    if (index < 148 || index >= 156) sum += byte;
  });
  return sum;
}

/**
 * Reads such an archive: plain files and nothing else.
 * @throws {StoreError} BACKUP_MALFORMED where it is damaged, ends too early, or holds something else
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchivedFile> {
  const reader = new BlockReader(source);
  for (;;) {
    const header = await reader.take(blockBytes);
    if (header.every((byte) => byte === 0)) return;
    const name = header.toString('latin1', 0, 100).replace(/\0.*$/, '');
    const size = sizeIn(header);
    const isSound =
      octalAt(header, 148, 8) === checksumOf(header) && header.toString('latin1', 257, 262) === 'ustar';
    if (!isSound || header[156] !== 0x30 || !Number.isSafeInteger(size)) throw malformed('it is damaged');
    yield { name, size, bytes: reader.read(size) };
    await reader.finish();
    await reader.take(-size & (blockBytes - 1));
  }
}

function sizeIn(header: Buffer): number {
  return header[124] === 0x80 ? Number(header.readBigUInt64BE(128)) : octalAt(header, 124, 12);
}

function octalAt(header: Buffer, at: number, length: number): number {
  const text = header.toString('latin1', at, at + length).replace(/[\0 ]+$/, '');
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

/** Cuts a stream at given lengths. */
class BlockReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Buffer = Buffer.alloc(0);
  #left = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async take(length: number): Promise<Buffer> {
    while (this.#held.length < length) this.#held = Buffer.concat([this.#held, await this.#more()]);
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async *read(length: number): AsyncGenerator<Buffer> {
    this.#left = length;
    while (this.#left > 0) {
      if (this.#held.length === 0) this.#held = await this.#more();
      const chunk = this.#held.subarray(0, this.#left);
      this.#held = this.#held.subarray(chunk.length);
      this.#left -= chunk.length;
      yield chunk;
    }
  }

  /** Passes over what nobody read. */
  async finish(): Promise<void> {
    for await (const _ of this.read(this.#left));
  }

  async #more(): Promise<Buffer> {
    const next = await this.#source.next();
    if (next.done === true) throw malformed('it ends too early');
    return Buffer.from(next.value.buffer, next.value.byteOffset, next.value.length);
  }
}

export function malformed(what: string, cause?: unknown): StoreError {
  return new StoreError('BACKUP_MALFORMED', `This is no whole backup: ${what}.`, { cause });
}
