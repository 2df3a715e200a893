import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bufferSource, openArchive, type PackageEntry, writeArchive } from '@jami-plugin-store/jpl';

/** The entry that the tampered sample has changed: read by nobody but the judge, so the listing stays as it was. */
const victim = 'data/preferences.json';

/**
 * Plays an intruder on the store's disk: changes one file inside a published package, keeps every signature as it was, and
 * corrects the store's own record, so that nothing but the signature can tell.
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
    await writeFile(file, bytes);
    await forgeRecord(join(storeDir, 'catalog'), digest(original), {
      sha256: digest(bytes),
      size: bytes.length,
      mtimeMs: (await stat(file)).mtimeMs,
    });
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

async function forgeRecord(
  catalog: string,
  original: string,
  forged: { sha256: string; size: number; mtimeMs: number },
): Promise<void> {
  for (const name of await readdir(catalog)) {
    const record = JSON.parse(await readFile(join(catalog, name), 'utf8')) as { sha256: string };
    if (record.sha256 !== original) continue;
    await writeFile(join(catalog, name), `${JSON.stringify({ ...record, ...forged })}\n`);
    await rename(join(catalog, name), join(catalog, `${forged.sha256}.json`));
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
