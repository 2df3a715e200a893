import { createHash, type Hash } from 'node:crypto';
import type { Archive, ArchiveEntry } from '@jami-plugin-store/jpl';
import type { EntrySink, EntryWriter } from '@jami-plugin-store/trust';
import { StoreError } from '../error.js';

/**
 * Remembers the digest of each file while the judge verifies it: after the verdict a small one can be read again and is known to be the
 * one that was verified, with no content held in between, and all of them together say what the package contains.
 */
export class VerifiedContent implements EntrySink {
  /** Largest that is read again. */
  readonly #maxBytes: number;
  readonly #digests = new Map<string, Buffer>();

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  wants(entry: ArchiveEntry): boolean {
    return entry.kind === 'file';
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
    if (entry === undefined || verified === undefined || entry.size > this.#maxBytes) return undefined;
    const content = await archive.read(entry);
    if (!sha256().update(content).digest().equals(verified)) {
      throw new StoreError('PACKAGE_CHANGED_ON_DISK', `"${name}" changed while the package was judged.`);
    }
    return content;
  }

  /** One digest for everything that is signed, files and directories, whatever their order in the archive. */
  digest(entries: readonly ArchiveEntry[]): string {
    const directories = entries
      .filter(({ kind }) => kind === 'directory')
      .map(({ name }) => [name, 'directory']);
    const files = [...this.#digests].map(([name, digest]) => [name, digest.toString('hex')]);
    const lines = [...directories, ...files].map((line) => JSON.stringify(line)).sort();
    return sha256().update(lines.join('\n')).digest('hex');
  }
}

function sha256(): Hash {
  return createHash('sha256');
}
