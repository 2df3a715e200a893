import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { openFileSource } from '../archive/file-source.js';
import { openArchive } from '../archive/open-archive.js';
import { JplError } from '../error.js';

/**
 * Writes an archive under another name beside `path`, proves that the strict reader takes it, makes it durable and
 * renames it: `path` never holds half a package, and after a failure what was there before.
 * @throws {JplError} WRITE_FAILED, or what `write` or the reader throws
 */
export async function writeWhole(path: string, write: (out: Writable) => Promise<void>): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
  try {
    await writeDraft(draft, write);
    {
      await using source = await openFileSource(draft);
      await openArchive(source);
    }
    await rename(draft, path).catch(failed(path));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(draft: string, write: (out: Writable) => Promise<void>): Promise<void> {
  const handle = await open(draft, 'wx', 0o644).catch(failed(draft));
  const out = handle.createWriteStream({ flush: true });
  try {
    await write(out);
  } finally {
    if (!out.closed) await new Promise<void>((resolve) => out.once('close', () => resolve()).destroy());
  }
}

function failed(path: string): (cause: unknown) => never {
  return (cause) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new JplError('WRITE_FAILED', `${path} cannot be written: ${reason}.`, { cause });
  };
}
