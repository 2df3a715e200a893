import { createHash, type Hash } from 'node:crypto';
import type { Archive, ArchiveEntry } from '@jami-plugin-store/jpl';
import type { EntrySink, EntryWriter } from '@jami-plugin-store/trust';
import { StoreError } from '../error.js';

/**
 * Remembers the digest of each small file while the judge verifies it, so that after the verdict the same file can
 * be read again and is known to be the one that was verified, with no content held in between.
 */
export class VerifiedContent implements EntrySink {
  readonly #maxBytes: number;
  readonly #digests = new Map<string, Buffer>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  wants(entry: ArchiveEntry): boolean {
    return entry.kind === 'file' && entry.size <= this.#maxBytes;
  }

  async write(entry: ArchiveEntry, content: Buffer): Promise<void> {
    this.#digests.set(entry.name, sha256().update(content).digest());
  }

  async open(entry: ArchiveEntry): Promise<EntryWriter> {
    const hash = sha256();
    return {
      write: async (chunk) => {
        hash.update(chunk);
      },
      close: async () => {
        this.#digests.set(entry.name, hash.digest());
      },
      abort: async () => {},
    };
  }

  /**
   * The content of a verified file; undefined where the package has no such file, or one too large. Only to be
   * called after the verdict.
   * @throws {StoreError} PACKAGE_CHANGED_ON_DISK when the bytes are not those that were verified
   * @throws {JplError} when the entry cannot be read any more
   */
  async read(archive: Archive, name: string): Promise<Buffer | undefined> {
    const entry = archive.get(name);
    const verified = this.#digests.get(name);
    if (entry === undefined || verified === undefined) return undefined;
    const content = await archive.read(entry);
    if (!sha256().update(content).digest().equals(verified)) {
      throw new StoreError('PACKAGE_CHANGED_ON_DISK', `"${name}" changed while the package was judged.`);
    }
    return content;
  }
}

function sha256(): Hash {
  return createHash('sha256');
}
