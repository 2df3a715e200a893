import { addStore, listStores, removeStore } from '@jami-plugin-store/client';
import { dataDirOf } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { readInput } from '../options.js';

export interface AddStoreOptions {
  readonly dataDir?: string | undefined;
  readonly root: string;
  readonly sha256: string;
  readonly json?: boolean | undefined;
}

/** `jpl store add NAME URL`: the root comes from the user and must have the digest the user was given. */
export async function storeAdd(io: Io, name: string, url: string, options: AddStoreOptions): Promise<number> {
  const rootPem = (await readInput(io, options.root)).toString();
  const store = await addStore(dataDirOf(io, options), { name, url, rootPem, sha256: options.sha256 });
  if (options.json) printJson(io, { name: store.name, url: store.url, rootSha256: store.rootSha256 });
  else io.stdout(`${store.name}: ${store.url}, under the root ${store.rootSha256}\n`);
  return 0;
}

export interface StoresOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl store list`: the configured stores. */
export async function storeList(io: Io, options: StoresOptions): Promise<number> {
  const stores = await listStores(dataDirOf(io, options));
  if (options.json)
    printJson(
      io,
      stores.map(({ name, url, rootSha256 }) => ({ name, url, rootSha256 })),
    );
  else {
    if (stores.length === 0) io.stderr('No store is configured; add one with: jpl store add\n');
    for (const { name, url, rootSha256 } of stores) io.stdout(`${name}  ${url}  root ${rootSha256}\n`);
  }
  return 0;
}

/** `jpl store remove NAME`: plugins installed from it stay. */
export async function storeRemove(io: Io, name: string, options: StoresOptions): Promise<number> {
  await removeStore(dataDirOf(io, options), name);
  if (options.json) printJson(io, { removed: name });
  else io.stdout(`${name} is no longer configured\n`);
  return 0;
}
