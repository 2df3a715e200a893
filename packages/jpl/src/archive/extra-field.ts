import type { HeaderErrorCode } from '../error.js';
import { maxExtraFieldBytes } from './limits.js';

export interface ExtraFieldProblem {
  readonly code: Extract<HeaderErrorCode, 'EXTRA_FIELD_MALFORMED' | 'EXTRA_FIELD_UNSUPPORTED'>;
  readonly reason: string;
}

type Header = 'local' | 'central';

/**
 * Only times and owners are let through, and only in their exact form: every other field can give an
 * entry another name, size, content or kind in some reader (APPNOTE 4.5, Info-ZIP extrafld.txt).
 */
const lawfulForms: ReadonlyMap<number, (data: Buffer, header: Header) => boolean> = new Map([
  [0x000a, isNtfsTimes],
  [0x5455, isExtendedTimestamp],
  [0x5855, isOldUnix],
  [0x7855, isUnixOwner16],
  [0x7875, isUnixOwner],
]);

/**
 * Judges the extra field of one header.
 * @param bytes  begin with the field; what follows it is not looked at
 */
export function extraFieldProblem(
  bytes: Buffer,
  length: number,
  header: Header,
): ExtraFieldProblem | undefined {
  if (length > maxExtraFieldBytes) return malformed(`is longer than ${maxExtraFieldBytes} bytes`);
  const extra = bytes.subarray(0, length);
  const seen = new Set<number>();
  let position = 0;
  while (position < extra.length) {
    if (position + 4 > extra.length) return malformed('ends inside a field');
    const id = extra.readUInt16LE(position);
    const end = position + 4 + extra.readUInt16LE(position + 2);
    if (end > extra.length) return malformed('ends inside a field');
    if (seen.has(id)) return malformed(`has ${hex(id)} twice`);
    seen.add(id);
    const isLawful = lawfulForms.get(id);
    if (isLawful === undefined) {
      return { code: 'EXTRA_FIELD_UNSUPPORTED', reason: `an extra field of kind ${hex(id)} is not allowed` };
    }
    if (!isLawful(extra.subarray(position + 4, end), header)) return malformed(`has a wrong ${hex(id)}`);
    position = end;
  }
  return undefined;
}

function malformed(what: string): ExtraFieldProblem {
  return { code: 'EXTRA_FIELD_MALFORMED', reason: `its extra field ${what}` };
}

function hex(id: number): string {
  return `0x${id.toString(16).padStart(4, '0')}`;
}

// One byte says which of three times follow; the central copy carries the first only (minizip: all).
function isExtendedTimestamp(data: Buffer, header: Header): boolean {
  const flags = data[0];
  if (flags === undefined || flags > 7) return false;
  const times = (flags & 1) + ((flags >> 1) & 1) + ((flags >> 2) & 1);
  if (data.length === 1 + 4 * times) return true;
  return header === 'central' && data.length === 1 + 4 * (flags & 1);
}

// APPNOTE 4.5.5: four reserved bytes, then attribute 1 with three times of 8 bytes.
function isNtfsTimes(data: Buffer): boolean {
  return data.length === 32 && data.readUInt16LE(4) === 1 && data.readUInt16LE(6) === 24;
}

function isOldUnix(data: Buffer, header: Header): boolean {
  return data.length === 8 || (header === 'local' && data.length === 12);
}

function isUnixOwner16(data: Buffer, header: Header): boolean {
  return data.length === (header === 'local' ? 4 : 0);
}

function isUnixOwner(data: Buffer): boolean {
  const userBytes = data[1];
  if (data[0] !== 1 || userBytes === undefined || userBytes > 8) return false;
  const groupBytes = data[2 + userBytes];
  return groupBytes !== undefined && groupBytes <= 8 && data.length === 3 + userBytes + groupBytes;
}
