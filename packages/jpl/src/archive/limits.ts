import type { ArchiveLimits } from './archive.js';

const mebibyte = 1024 * 1024;

/** What a package may cost at most; each is checked before bytes are read or memory is taken. */
export const defaultArchiveLimits: Readonly<ArchiveLimits> = Object.freeze({
  maxArchiveBytes: 512 * mebibyte,
  maxEntryBytes: 512 * mebibyte,
  maxTotalBytes: 1024 * mebibyte,
  maxEntries: 10_000,
  maxRatio: 1032,
  maxNameBytes: 1024,
  maxDepth: 32,
});

/** No file system in use holds a longer path component (ext4, APFS, NTFS: 255). */
export const maxComponentBytes = 255;

/** More than every allowed extra field at its longest together; a longer one cannot be lawful here. */
export const maxExtraFieldBytes = 256;
