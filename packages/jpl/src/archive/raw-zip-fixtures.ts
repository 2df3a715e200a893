import { crc32, deflateRawSync } from 'node:zlib';

/** The fields both headers have; a test overrides one side to make them lie. */
export interface RawHeader {
  versionNeeded: number;
  flags: number;
  method: number;
  time: number;
  date: number;
  crc32: number;
  compressedSize: number;
  size: number;
  name: Buffer;
  extra: Buffer;
}

export interface RawEntry {
  name: string | Buffer;
  content?: Buffer | string;
  /** 8 by default for content, 0 for folders and empty files. */
  method?: number;
  flags?: number;
  /** Packed bytes instead of the honest ones. */
  packed?: Buffer;
  extra?: Buffer;
  local?: Partial<RawHeader>;
  central?: Partial<RawHeader>;
  /** Bytes of the data descriptor; `honest` writes it with signature and zeroes the local header. */
  descriptor?: Buffer | 'honest' | 'without signature' | undefined;
  external?: number;
  internal?: number;
  disk?: number;
  comment?: Buffer;
  /** Offset as listed, where it shall not be the true one. */
  listedOffset?: number;
  /** Bytes after the entry's data and descriptor. */
  after?: Buffer;
  /** Left out of the central directory. */
  hidden?: boolean;
  /** Listed without a place of its own. */
  unwritten?: boolean;
}

export interface RawZip {
  prefix?: Buffer;
  /** Bytes between the last entry and the directory. */
  beforeDirectory?: Buffer;
  beforeEnd?: Buffer;
  trailing?: Buffer;
  listOrder?: readonly number[];
  end?: Partial<RawEnd>;
}

interface RawEnd {
  signature: number;
  disk: number;
  directoryDisk: number;
  entriesOnDisk: number;
  entries: number;
  directorySize: number;
  directoryOffset: number;
  commentLength: number;
  comment: Buffer;
}

/** Builds an archive byte by byte, honest except where a test says otherwise. No code of the reader or writer is used. */
export function rawZip(entries: readonly RawEntry[], zip: RawZip = {}): Buffer {
  const parts: Buffer[] = [zip.prefix ?? Buffer.alloc(0)];
  let offset = zip.prefix?.length ?? 0;
  const listed: Buffer[] = [];
  for (const entry of entries) {
    const { local, central, body } = headersOf(entry);
    if (!entry.hidden) listed.push(centralRecord(entry, central, entry.listedOffset ?? offset));
    if (entry.unwritten) continue;
    for (const part of [localRecord(local), body, entry.after ?? Buffer.alloc(0)]) {
      parts.push(part);
      offset += part.length;
    }
  }
  const order = zip.listOrder ?? listed.map((_, index) => index);
  const directory = Buffer.concat(order.map((index) => listed[index] ?? Buffer.alloc(0)));
  const gap = zip.beforeDirectory ?? Buffer.alloc(0);
  parts.push(gap, directory, zip.beforeEnd ?? Buffer.alloc(0));
  parts.push(endRecord(listed.length, directory.length, offset + gap.length, zip.end ?? {}));
  parts.push(zip.trailing ?? Buffer.alloc(0));
  return Buffer.concat(parts);
}

/** One extra field: id, length, data. */
export function extraField(id: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(id, 0);
  header.writeUInt16LE(data.length, 2);
  return Buffer.concat([header, data]);
}

function headersOf(entry: RawEntry): { local: RawHeader; central: RawHeader; body: Buffer } {
  const name = Buffer.isBuffer(entry.name) ? entry.name : Buffer.from(entry.name);
  const content = Buffer.from(entry.content ?? '');
  const method = entry.method ?? (content.length > 0 ? 8 : 0);
  const packed = entry.packed ?? (method === 8 ? deflateRawSync(content) : content);
  const isAscii = name.every((byte) => byte < 0x80);
  const honest: RawHeader = {
    versionNeeded: 20,
    flags: (entry.flags ?? 0) | (isAscii ? 0 : 0x0800) | (entry.descriptor === undefined ? 0 : 0x0008),
    method,
    time: 0,
    date: 0x21,
    crc32: crc32(content),
    compressedSize: packed.length,
    size: content.length,
    name,
    extra: entry.extra ?? Buffer.alloc(0),
  };
  const unknown = entry.descriptor === undefined ? {} : { crc32: 0, compressedSize: 0, size: 0 };
  return {
    local: { ...honest, ...unknown, ...entry.local },
    central: { ...honest, ...entry.central },
    body: Buffer.concat([packed, descriptorBytes(entry.descriptor, honest)]),
  };
}

function descriptorBytes(descriptor: RawEntry['descriptor'], header: RawHeader): Buffer {
  if (descriptor === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(descriptor)) return descriptor;
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(header.crc32, 4);
  bytes.writeUInt32LE(header.compressedSize, 8);
  bytes.writeUInt32LE(header.size, 12);
  return descriptor === 'honest' ? bytes : bytes.subarray(4);
}

function shared(header: RawHeader): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt16LE(header.versionNeeded, 0);
  bytes.writeUInt16LE(header.flags, 2);
  bytes.writeUInt16LE(header.method, 4);
  bytes.writeUInt16LE(header.time, 6);
  bytes.writeUInt16LE(header.date, 8);
  bytes.writeUInt32LE(header.crc32, 10);
  bytes.writeUInt32LE(header.compressedSize, 14);
  bytes.writeUInt32LE(header.size, 18);
  bytes.writeUInt16LE(header.name.length, 22);
  bytes.writeUInt16LE(header.extra.length, 24);
  return bytes;
}

function localRecord(header: RawHeader): Buffer {
  return Buffer.concat([Buffer.from('PK\x03\x04'), shared(header), header.name, header.extra]);
}

function centralRecord(entry: RawEntry, header: RawHeader, offset: number): Buffer {
  const comment = entry.comment ?? Buffer.alloc(0);
  const isDirectory = header.name.at(-1) === 0x2f;
  const rest = Buffer.alloc(14);
  rest.writeUInt16LE(comment.length, 0);
  rest.writeUInt16LE(entry.disk ?? 0, 2);
  rest.writeUInt16LE(entry.internal ?? 0, 4);
  rest.writeUInt32LE(entry.external ?? ((isDirectory ? 0o040755 : 0o100644) << 16) >>> 0, 6);
  rest.writeUInt32LE(offset, 10);
  const madeBy = Buffer.from([20, 3]);
  return Buffer.concat([
    Buffer.from('PK\x01\x02'),
    madeBy,
    shared(header),
    rest,
    header.name,
    header.extra,
    comment,
  ]);
}

function endRecord(
  entries: number,
  directorySize: number,
  directoryOffset: number,
  lies: Partial<RawEnd>,
): Buffer {
  const comment = lies.comment ?? Buffer.alloc(0);
  const end: RawEnd = {
    signature: 0x06054b50,
    disk: 0,
    directoryDisk: 0,
    entriesOnDisk: entries,
    entries,
    directorySize,
    directoryOffset,
    commentLength: comment.length,
    comment,
    ...lies,
  };
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(end.signature, 0);
  bytes.writeUInt16LE(end.disk, 4);
  bytes.writeUInt16LE(end.directoryDisk, 6);
  bytes.writeUInt16LE(end.entriesOnDisk, 8);
  bytes.writeUInt16LE(end.entries, 10);
  bytes.writeUInt32LE(end.directorySize, 12);
  bytes.writeUInt32LE(end.directoryOffset, 16);
  bytes.writeUInt16LE(end.commentLength, 20);
  return Buffer.concat([bytes, comment]);
}
