export type { Archive, ArchiveEntry, ArchiveLimits, ByteSource } from './archive/archive.js';
export { type ArchiveErrorCode, JplError, type JplErrorCode, type JplErrorDetail } from './error.js';
export type { Manifest } from './manifest.js';
