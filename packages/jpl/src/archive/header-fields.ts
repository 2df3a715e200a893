import { isUtf8 } from 'node:buffer';
import { JplError } from '../error.js';

/** Fields that stand in the local header as well as in the central directory (APPNOTE 4.3.7, 4.3.12). */
export interface SharedFields {
  readonly versionNeeded: number;
  readonly flags: number;
  readonly method: number;
  readonly time: number;
  readonly date: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly nameLength: number;
  readonly extraLength: number;
}

export const flag = {
  encrypted: 0x0001,
  descriptor: 0x0008,
  patch: 0x0020,
  strongEncryption: 0x0040,
  utf8: 0x0800,
  maskedHeader: 0x2000,
} as const;

/** Bits 1 and 2 tell how hard the compressor tried; nobody reads them. */
const lawfulFlags = 0x0006 | flag.descriptor | flag.utf8;

export const methodNumber = { stored: 0, deflate: 8 } as const;

// 2.0 is what folders and deflate need; more announces other methods or encryption. 4.5 announces ZIP64, which
// writers that could have needed it leave standing; the upper byte is a system (7-Zip), which says nothing here.
const maxVersionNeeded = 20;
const zip64Version = 45;

/** Decodes the shared run of fields, which begins at `at` with "version needed". */
export function readSharedFields(bytes: Buffer, at: number): SharedFields {
  return {
    versionNeeded: bytes.readUInt16LE(at),
    flags: bytes.readUInt16LE(at + 2),
    method: bytes.readUInt16LE(at + 4),
    time: bytes.readUInt16LE(at + 6),
    date: bytes.readUInt16LE(at + 8),
    crc32: bytes.readUInt32LE(at + 10),
    compressedSize: bytes.readUInt32LE(at + 14),
    size: bytes.readUInt32LE(at + 18),
    nameLength: bytes.readUInt16LE(at + 22),
    extraLength: bytes.readUInt16LE(at + 24),
  };
}

/**
 * Refuses what this reader does not read, before anything else is made of the entry.
 * @throws {JplError} ENCRYPTED | PATCH_DATA | FLAG_RESERVED | METHOD_UNSUPPORTED | VERSION_NEEDED_UNSUPPORTED | STORED_WITH_DESCRIPTOR
 */
export function assertReadable(fields: SharedFields, entry: string, offset: number): void {
  const detail = { entry, offset };
  if ((fields.flags & (flag.encrypted | flag.strongEncryption | flag.maskedHeader)) !== 0) {
    throw new JplError('ENCRYPTED', `${quote(entry)} is encrypted.`, detail);
  }
  if ((fields.flags & flag.patch) !== 0) {
    throw new JplError('PATCH_DATA', `${quote(entry)} holds patch data, not a file.`, detail);
  }
  if ((fields.flags & ~lawfulFlags) !== 0) {
    throw new JplError('FLAG_RESERVED', `${quote(entry)} carries reserved flags.`, detail);
  }
  if (fields.method !== methodNumber.stored && fields.method !== methodNumber.deflate) {
    throw new JplError('METHOD_UNSUPPORTED', `${quote(entry)} is packed by method ${fields.method}.`, detail);
  }
  const version = fields.versionNeeded & 0xff;
  const hasDescriptor = (fields.flags & flag.descriptor) !== 0;
  // Some readers take the width of a descriptor's sizes from this number.
  if (version > maxVersionNeeded && (version !== zip64Version || hasDescriptor)) {
    throw new JplError(
      'VERSION_NEEDED_UNSUPPORTED',
      `${quote(entry)} asks for ZIP version ${version / 10}.`,
      detail,
    );
  }
  if (fields.method === methodNumber.stored && hasDescriptor) {
    // Where such data ends can only be guessed by a reader that goes from front to back.
    throw new JplError('STORED_WITH_DESCRIPTOR', `${quote(entry)} is stored with its size after it.`, detail);
  }
}

/**
 * The name's one meaning: ASCII, or UTF-8 that says so.
 * @throws {JplError} NAME_NOT_UTF8 | NAME_CHARSET_AMBIGUOUS
 */
export function decodeName(bytes: Buffer, flags: number, offset: number): string {
  if (!isUtf8(bytes)) {
    throw new JplError('NAME_NOT_UTF8', `${quote(bytes.toString('latin1'))}: the name is not UTF-8.`, {
      offset,
    });
  }
  const name = bytes.toString('utf8');
  if ((flags & flag.utf8) === 0 && name.length !== bytes.length) {
    throw new JplError('NAME_CHARSET_AMBIGUOUS', `${quote(name)}: the name does not say that it is UTF-8.`, {
      entry: name,
      offset,
    });
  }
  return name;
}

/** A foreign name as it may be shown: no control, bidi or invisible characters, bounded. */
export function quote(name: string): string {
  const shown = name.length > 120 ? `${name.slice(0, 120)}…` : name;
  return JSON.stringify(shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\u{fffd}'));
}
