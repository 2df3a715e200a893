import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { PageWorld } from './page-world.js';
import { tampered } from './sample-publisher.js';

/**
 * Plays somebody on the way between store and client: one file inside a package is changed, every signature stays, and what the
 * store says of the package is corrected, so that nothing but a signature can tell.
 * @returns what ends it
 */
export async function tamperInTransit(
  { front, publisher }: PageWorld,
  id: string,
  entryName: string,
): Promise<AsyncDisposable> {
  const path = publisher.packageOf(id);
  const genuine = await readFile(path);
  const bytes = await tampered(path, entryName);
  front.mischief.forge = {
    [digest(genuine)]: digest(bytes),
    [`"size":${genuine.length}`]: `"size":${bytes.length}`,
  };
  front.mischief.replace = { from: /^\/(blobs|download)\//, bytes };
  return {
    [Symbol.asyncDispose]: async () => {
      front.mischief.forge = undefined;
      front.mischief.replace = undefined;
    },
  };
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
