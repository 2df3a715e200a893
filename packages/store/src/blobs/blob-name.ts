import type { StoredPart } from './blob-store.js';

const digest = /^[0-9a-f]{64}$/;
const uploadName = /^[A-Za-z0-9_-]{1,64}$/;

/** Place of a blob below the root, e.g. `sha256/ab/ab12…`. @throws {RangeError} for what is no digest */
export function blobName(sha256: string): string {
  // Every caller has a digest; this only keeps a mistake from becoming a path.
  if (!digest.test(sha256)) throw new RangeError('A blob is named by 64 lowercase hexadecimal digits');
  return `sha256/${sha256.slice(0, 2)}/${sha256}`;
}

/** The digest that a place below the root is of; undefined = it is no blob's. */
export function blobOfName(name: string): string | undefined {
  const found = /^sha256\/([0-9a-f]{2})\/([0-9a-f]{64})$/.exec(name);
  const [, folder, sha256] = found ?? [];
  return folder !== undefined && sha256?.startsWith(folder) ? sha256 : undefined;
}

/** Place of a part below the root; numbers sort as names do. @throws {RangeError} */
export function partName(upload: string, number: number): string {
  if (!Number.isInteger(number) || number < 0 || number > 99_999_999) {
    throw new RangeError('A part is numbered by an integer of at most eight digits');
  }
  return `${uploadFolder(upload)}/${String(number).padStart(8, '0')}`;
}

/** @throws {RangeError} for what cannot name an upload */
export function uploadFolder(upload: string): string {
  if (!uploadName.test(upload)) throw new RangeError('An upload is named by letters, digits, "-" and "_"');
  return `uploads/${upload}`;
}

export function partOfName(name: string): Pick<StoredPart, 'upload' | 'number'> | undefined {
  const [, upload, number] = /^uploads\/([A-Za-z0-9_-]{1,64})\/(\d{8})$/.exec(name) ?? [];
  return upload === undefined ? undefined : { upload, number: Number(number) };
}
