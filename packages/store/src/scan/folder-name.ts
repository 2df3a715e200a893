import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../blobs/durable-file.js';
import { StoreError } from '../error.js';

const fileName = 'folder-name';

/**
 * The name a data folder gave itself when it was first used. Processes that share a database know by it whether they look at the same
 * packages, whatever path each of them reaches the folder by.
 * @throws {StoreError} DATA_FOLDER_UNUSABLE
 */
export async function folderName(dataDir: string): Promise<string> {
  const path = join(dataDir, fileName);
  try {
    await mkdir(dataDir, { recursive: true });
    return (await readName(path)) ?? (await giveName(path));
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError('DATA_FOLDER_UNUSABLE', `The data folder ${dataDir} cannot be used.`, {
      file: dataDir,
      cause,
    });
  }
}

/** Of two processes that begin at once, one gives the name. */
async function giveName(path: string): Promise<string> {
  const own = `${path}.${randomUUID()}`;
  await writeDurably(own, Buffer.from(`${randomUUID()}\n`));
  try {
    await link(own, path).catch(unlessThere);
  } finally {
    await rm(own, { force: true });
  }
  const name = await readName(path);
  if (name !== undefined) return name;
  throw new StoreError('DATA_FOLDER_UNUSABLE', `${path} cannot be made.`, { file: path });
}

async function readName(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch(unlessMissing);
  if (text === undefined) return undefined;
  const name = text.trim();
  if (/^[0-9a-f-]{36}$/.test(name)) return name;
  throw new StoreError('DATA_FOLDER_UNUSABLE', `${path} is not what this store has written.`, { file: path });
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
