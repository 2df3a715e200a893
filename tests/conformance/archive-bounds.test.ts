import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { JplError } from '@jami-plugin-store/jpl';
import { describe, expect, it } from 'vitest';
import { readArchiveCases, readWholeArchive } from './archives.js';
import { conformanceFolder, skipMessage } from './shared.js';

const suite = conformanceFolder();
/** Writing 5 here sets the high-water mark of resident memory back to what is resident now (proc(5)). */
const reset = '/proc/self/clear_refs';
const canMeasure = existsSync(reset);
if (suite === undefined) process.stderr.write(`archive bounds: ${skipMessage}\n`);
else if (!canMeasure) process.stderr.write('archive bounds: skipped: resident memory is measured on Linux\n');

const maxGrowthMiB = 64;

function residentMiB(field: 'VmRSS' | 'VmHWM'): number {
  const [, kibibytes] =
    new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kibibytes) / 1024;
}

async function answer(path: string): Promise<void> {
  try {
    await readWholeArchive(path);
  } catch (error) {
    if (!(error instanceof JplError)) throw error;
  }
}

/** How much resident memory the reading took at its highest. */
async function growthOf(path: string): Promise<number> {
  writeFileSync(reset, '5');
  const before = residentMiB('VmRSS');
  await answer(path);
  return residentMiB('VmHWM') - before;
}

interface Part {
  readonly name: string;
  readonly data: Buffer;
  readonly size: number;
  readonly crc: number;
}

/** A plain archive of deflated entries. */
function zip(parts: readonly Part[]): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { name, data, size, crc } of parts) {
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt16LE(0x21, 8);
    fields.writeUInt32LE(crc, 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    locals.push(Buffer.from('504b0304', 'hex'), fields, Buffer.from(name), data);
    central.push(Buffer.from('504b01021400', 'hex'), fields, tail, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + data.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

function part(name: string, content: Buffer): Part {
  return { name, data: deflateRawSync(content, { level: 9 }), size: content.length, crc: crc32(content) };
}

describe.skipIf(!canMeasure)('archives as large as the limits allow', () => {
  const zeros = part('zeros', Buffer.alloc(200 << 20));
  const deep = `${'d'.repeat(31)}/`.repeat(31);
  it.each<[string, () => Part[]]>([
    ['one entry of zeros, a thousand times its size', () => [zeros]],
    ['entries that each claim half a gibibyte', () => [{ ...zeros, size: 512 << 20 }]],
    [
      'ten thousand entries',
      () => Array.from({ length: 10_000 }, (_, n) => part(`f${n}`, Buffer.from(`${n}`))),
    ],
    [
      'ten thousand long names',
      () => Array.from({ length: 10_000 }, (_, n) => part(`${deep}${n}`, Buffer.alloc(1))),
    ],
    [
      'more entries than allowed',
      () => Array.from({ length: 60_000 }, (_, n) => ({ ...zeros, name: `${n}`, data: Buffer.alloc(0) })),
    ],
  ])('%s', async (_what, make) => {
    const folder = mkdtempSync(join(tmpdir(), 'archive-bounds-'));
    try {
      const path = join(folder, 'hostile.zip');
      writeFileSync(path, zip(make()));
      const growth = await growthOf(path);
      expect(growth).toBeLessThanOrEqual(maxGrowthMiB);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.skipIf(suite === undefined || !canMeasure)('every archive of the public suite', () => {
  it(`is answered with at most ${maxGrowthMiB} MiB more in memory than before`, async () => {
    const folder = join(suite ?? '.', 'archives');
    const cases = await readArchiveCases(folder);
    expect(cases.length).toBe(3_110);
    const grown: [file: string, mebibytes: number][] = [];
    for (const { file } of cases) {
      grown.push([file, await growthOf(join(folder, file))]);
    }
    expect(grown.filter(([, mebibytes]) => !(mebibytes <= maxGrowthMiB))).toEqual([]);
  });
});
