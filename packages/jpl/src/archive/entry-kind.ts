import type { HeaderErrorCode } from '../error.js';

export interface KindProblem {
  readonly code: Extract<
    HeaderErrorCode,
    'LINK' | 'SPECIAL_FILE' | 'SETUID' | 'ATTRIBUTES_RESERVED' | 'KIND_DISAGREES'
  >;
  readonly reason: string;
}

const unixType = { mask: 0o170000, directory: 0o040000, file: 0o100000, link: 0o120000 } as const;
const unixSpecialBits = 0o7000;
const dosVolumeLabel = 0x08;
const dosDirectory = 0x10;
const windowsReparsePoint = 0x400;
// read-only, hidden, system, directory, archive, normal, compressed, not indexed, and what macOS and 7-Zip set
const dosHarmless = 0x01 | 0x02 | 0x04 | dosDirectory | 0x20 | 0x80 | 0x800 | 0x2000 | 0x4000 | 0x8000;

/**
 * Judges whether the attributes let any reader see something else than the plain file or folder of the name.
 * Both halves count whatever system "made" the entry: readers differ in whom they believe.
 * @param external  external file attributes: Unix mode above, DOS attributes below (APPNOTE 4.4.15)
 */
export function kindProblem(name: string, external: number): KindProblem | undefined {
  const mode = external >>> 16;
  const dos = external & 0xffff;
  const type = mode & unixType.mask;
  if (type === unixType.link || (dos & windowsReparsePoint) !== 0) {
    return { code: 'LINK', reason: 'it is a link' };
  }
  if ((dos & dosVolumeLabel) !== 0 || (type !== 0 && type !== unixType.file && type !== unixType.directory)) {
    return { code: 'SPECIAL_FILE', reason: 'it is neither a file nor a folder' };
  }
  if ((mode & unixSpecialBits) !== 0) {
    return { code: 'SETUID', reason: 'it carries setuid, setgid or sticky bits' };
  }
  if ((dos & ~dosHarmless) !== 0) {
    return { code: 'ATTRIBUTES_RESERVED', reason: 'it carries attributes of unknown meaning' };
  }
  return disagreement(name.endsWith('/'), type, dos);
}

function disagreement(isDirectory: boolean, type: number, dos: number): KindProblem | undefined {
  const saysDirectory = type === unixType.directory || (dos & dosDirectory) !== 0;
  const saysFile = type === unixType.file || (type === 0 && dos !== 0 && (dos & dosDirectory) === 0);
  if (!(isDirectory ? saysFile : saysDirectory) && !(saysFile && saysDirectory)) return undefined;
  return { code: 'KIND_DISAGREES', reason: 'its name and its attributes disagree on file or folder' };
}
