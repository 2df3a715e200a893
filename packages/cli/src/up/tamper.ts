import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { bufferSource, openArchive, type PackageEntry, writeArchive } from '@jami-plugin-store/jpl';
import Libsql from 'libsql';

/** The entry that the tampered sample has changed: read by nobody but the judge, so the listing stays as it was. */
const victim = 'data/preferences.json';

/**
 * Plays an intruder on the store's disk: changes one file inside a published package, keeps every signature as it was, and
 * corrects the store's own records, so that nothing but the signature can tell.
 * @param storeDir folder of a store that is not running
 */
export async function tamper(storeDir: string, packageName: string): Promise<void> {
  const file = join(storeDir, 'packages', packageName);
  const original = await readFile(file);
  const folder = await mkdtemp(join(tmpdir(), 'jpl-tamper-'));
  try {
    const altered = join(folder, packageName);
    await rewrite(original, altered);
    const bytes = await readFile(altered);
    const sha256 = digest(bytes);
    const blob = join(storeDir, 'blobs', 'sha256', sha256.slice(0, 2), sha256);
    await mkdir(dirname(blob), { recursive: true });
    await writeFile(blob, bytes);
    await writeFile(file, bytes);
    const { mtimeMs } = await stat(file);
    forgeRecords(join(storeDir, 'store.sqlite'), digest(original), { sha256, size: bytes.length, mtimeMs });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function rewrite(original: Buffer, output: string): Promise<void> {
  const archive = await openArchive(bufferSource(original));
  const entries: PackageEntry[] = [];
  for (const entry of archive.entries) {
    const content = await archive.read(entry);
    const data = entry.name === victim ? Buffer.from(content.toString().replace('true', 'evil')) : content;
    entries.push({ name: entry.name, data });
  }
  await writeArchive(entries, output);
}

function forgeRecords(
  database: string,
  original: string,
  { sha256, size, mtimeMs }: { sha256: string; size: number; mtimeMs: number },
): void {
  const records = new Libsql(database);
  try {
    const forge = (change: string, ...values: (string | bigint)[]): void =>
      void records.prepare(`update ${change} where sha256 = ?`).run([...values, original]);
    forge('packages set sha256 = ?, size = ?', sha256, BigInt(size));
    forge(
      'imported_files set sha256 = ?, size = ?, mtime_ms = ?',
      sha256,
      BigInt(size),
      BigInt(Math.trunc(mtimeMs)),
    );
  } finally {
    records.close();
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
