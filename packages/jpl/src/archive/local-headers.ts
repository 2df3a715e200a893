import { JplError } from '../error.js';
import type { ByteSource } from './archive.js';
import type { CentralRecord } from './central-directory.js';
import { extraFieldProblem } from './extra-field.js';
import { flag, quote, readSharedFields, type SharedFields } from './header-fields.js';
import { maxExtraFieldBytes } from './limits.js';
import { windowOver } from './read-window.js';

const signature = 0x04034b50;
const fixedBytes = 30;
const descriptorSignature = 0x08074b50;
const shortDescriptorBytes = 12;
const signedDescriptorBytes = 16;

/**
 * Proves that local headers, data and descriptors tile the file from its first byte to the central directory, and
 * that each says what the directory says. Only then do a reader that goes from front to back (libarchive on a pipe)
 * and one that trusts the directory (yauzl) see the same thing.
 * @returns where each entry's data begins, in the order of the records
 * @throws {JplError} any layout or header code
 */
export async function proveLocalHeaders(
  source: ByteSource,
  records: readonly CentralRecord[],
  directoryOffset: number,
): Promise<number[]> {
  const reader = windowOver(source);
  const dataOffsets: number[] = [];
  const boundaryOf = (index: number) => records[index + 1]?.entry.offset ?? directoryOffset;
  assertBegin(records, directoryOffset);
  for (const [index, record] of records.entries()) assertPlace(record, boundaryOf(index), directoryOffset);
  for (const [index, record] of records.entries()) {
    const boundary = boundaryOf(index);
    dataOffsets.push(await proveOne(reader, record, boundary));
  }
  return dataOffsets;
}

function assertBegin(records: readonly CentralRecord[], directoryOffset: number): void {
  const first = records[0]?.entry ?? { name: undefined, offset: directoryOffset };
  if (first.offset === 0) return;
  const detail = { entry: first.name, offset: first.offset };
  if (records.some(({ entry }) => entry.offset === 0)) {
    throw new JplError(
      'ENTRY_OUT_OF_ORDER',
      'The list of entries is not in the order of the entries.',
      detail,
    );
  }
  throw new JplError('PREFIX_BYTES', 'Foreign bytes stand before the first entry.', { ...detail, offset: 0 });
}

function assertPlace(record: CentralRecord, boundary: number, directoryOffset: number): void {
  const { name, offset } = record.entry;
  const detail = { entry: name, offset };
  if (offset + fixedBytes + record.nameBytes.length > directoryOffset) {
    throw new JplError('OVERLAP', `${quote(name)} would lie inside the list of entries.`, detail);
  }
  if (boundary === offset) {
    throw new JplError('OVERLAP', `${quote(name)} shares its place with another entry.`, detail);
  }
  if (boundary < offset) {
    throw new JplError('ENTRY_OUT_OF_ORDER', `The entry after ${quote(name)} lies before it.`, detail);
  }
  if (boundary > directoryOffset) {
    throw new JplError(
      'OVERLAP',
      `The entry after ${quote(name)} would lie behind the list of entries.`,
      detail,
    );
  }
}

async function proveOne(source: ByteSource, record: CentralRecord, boundary: number): Promise<number> {
  const { entry, nameBytes } = record;
  const { name, offset } = entry;
  const headBytes = Math.min(fixedBytes + nameBytes.length + maxExtraFieldBytes, boundary - offset);
  const head = await source.read(offset, headBytes);
  if (headBytes < fixedBytes || head.readUInt32LE(0) !== signature) {
    throw new JplError('LOCAL_HEADER_MALFORMED', `${quote(name)} does not begin with its header.`, {
      entry: name,
      offset,
    });
  }
  const fields = readSharedFields(head, 4);
  assertAgreement(record, fields, head);
  const dataOffset = offset + fixedBytes + fields.nameLength + fields.extraLength;
  if (dataOffset + entry.compressedSize > boundary) {
    throw new JplError('OVERLAP', `The data of ${quote(name)} runs into what follows it.`, {
      entry: name,
      offset: boundary,
    });
  }
  const extraStart = fixedBytes + nameBytes.length;
  const problem = extraFieldProblem(head.subarray(extraStart), fields.extraLength, 'local');
  if (problem !== undefined) {
    throw new JplError(problem.code, `${quote(name)}: ${problem.reason}.`, { entry: name, offset });
  }
  await proveTail(source, record, dataOffset + entry.compressedSize, boundary);
  return dataOffset;
}

function assertAgreement(record: CentralRecord, local: SharedFields, head: Buffer): void {
  const central = record.fields;
  const hasDescriptor = (central.flags & flag.descriptor) !== 0;
  // APPNOTE 4.4.4 bit 3: zero here, the value in the descriptor; libarchive fills in the size it knows.
  const differs = (inList: number, here: number) => inList !== here && !(hasDescriptor && here === 0);
  const differing = [
    central.versionNeeded !== local.versionNeeded && 'version needed',
    central.flags !== local.flags && 'flags',
    central.method !== local.method && 'method',
    (central.time !== local.time || central.date !== local.date) && 'time',
    differs(central.crc32, local.crc32) && 'CRC',
    differs(central.compressedSize, local.compressedSize) && 'compressed size',
    differs(central.size, local.size) && 'size',
    !nameAgrees(record.nameBytes, local, head) && 'name',
  ].filter((field) => field !== false);
  if (differing.length === 0) return;
  const { name, offset } = record.entry;
  throw new JplError(
    'HEADERS_DISAGREE',
    `The two headers of ${quote(name)} disagree on: ${differing.join(', ')}.`,
    {
      entry: name,
      offset,
    },
  );
}

function nameAgrees(nameBytes: Buffer, local: SharedFields, head: Buffer): boolean {
  if (local.nameLength !== nameBytes.length) return false;
  return head.subarray(fixedBytes, fixedBytes + local.nameLength).equals(nameBytes);
}

/** What stands between an entry's data and the next record: nothing, or exactly its data descriptor. */
async function proveTail(
  source: ByteSource,
  record: CentralRecord,
  dataEnd: number,
  boundary: number,
): Promise<void> {
  const { name } = record.entry;
  const detail = { entry: name, offset: dataEnd };
  const tailBytes = boundary - dataEnd;
  const hasDescriptor = (record.fields.flags & flag.descriptor) !== 0;
  if (!hasDescriptor && tailBytes === 0) return;
  const tail = await source.read(dataEnd, Math.min(tailBytes, signedDescriptorBytes + 4));
  if (!hasDescriptor) throw strayBytes(name, dataEnd, tail);
  if (tailBytes !== shortDescriptorBytes && tailBytes !== signedDescriptorBytes) {
    const follower = tail.subarray(signedDescriptorBytes);
    if (tailBytes > signedDescriptorBytes && describes(tail.subarray(0, signedDescriptorBytes), record)) {
      throw strayBytes(name, dataEnd + signedDescriptorBytes, follower);
    }
    throw new JplError('DESCRIPTOR_MALFORMED', `${quote(name)} has no whole data descriptor.`, detail);
  }
  const isSigned = tail.readUInt32LE(0) === descriptorSignature;
  // Twelve bytes that begin like the signature could be taken for the longer form.
  if (isSigned !== (tailBytes === signedDescriptorBytes)) {
    throw new JplError('DESCRIPTOR_MALFORMED', `The data descriptor of ${quote(name)} is ambiguous.`, detail);
  }
  if (!describes(tail, record)) {
    throw new JplError(
      'DESCRIPTOR_MISMATCH',
      `The data descriptor of ${quote(name)} contradicts the list.`,
      detail,
    );
  }
}

function describes(tail: Buffer, { fields }: CentralRecord): boolean {
  const at = tail.length - shortDescriptorBytes;
  return (
    tail.readUInt32LE(at) === fields.crc32 &&
    tail.readUInt32LE(at + 4) === fields.compressedSize &&
    tail.readUInt32LE(at + 8) === fields.size
  );
}

function strayBytes(name: string, offset: number, bytes: Buffer): JplError {
  const isHeader = bytes.length >= 4 && bytes.readUInt32LE(0) === signature;
  return isHeader
    ? new JplError('HIDDEN_ENTRY', `An unlisted entry hides after ${quote(name)}.`, { entry: name, offset })
    : new JplError('GAP', `Foreign bytes stand after ${quote(name)}.`, { entry: name, offset });
}
