import { JplError, type JplErrorCode } from '../error.js';
import type { ArchiveLimits } from './archive.js';
import { bufferSource } from './byte-source.js';
import { openArchive } from './open-archive.js';

export interface Refusal {
  readonly code: JplErrorCode;
  readonly entry: string | undefined;
  readonly offset: number | undefined;
}

/** Opens an archive and reads every entry to its end; what the JplError said, or undefined when all was accepted. */
export async function refusalOf(
  bytes: Uint8Array,
  limits: Partial<ArchiveLimits> = {},
): Promise<Refusal | undefined> {
  try {
    const archive = await openArchive(bufferSource(bytes), { limits });
    for (const entry of archive.entries) await archive.read(entry);
    return undefined;
  } catch (error) {
    if (!(error instanceof JplError)) throw error;
    return { code: error.code, entry: error.entry, offset: error.offset };
  }
}
