import { StoreError } from '../error.js';

/** The one doorway from what a disk or an object store throws to a refusal; what is one already stays as it is. */
export function blobFailureOf(error: unknown, place: string): StoreError {
  if (error instanceof StoreError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') {
    return new StoreError('STORAGE_FULL', 'The store has no room for more.', { file: place, cause: error });
  }
  return new StoreError('BLOB_STORE_UNAVAILABLE', 'The store cannot reach its packages at the moment.', {
    file: place,
    cause: error,
    headers: { 'retry-after': '5' },
  });
}

/** True where a name of the file system leads to nothing. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
