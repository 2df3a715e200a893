import { resolve } from 'node:path';
import { addStore, listStores, removeStore } from '@jami-plugin-store/client';
import { createStore } from '@jami-plugin-store/store';
import type { RevocationMode } from '@jami-plugin-store/trust';
import { dataDirOf } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { readInput, readTrustAnchors } from '../options.js';
import { announce, listening, untilStopped } from '../serving.js';

export interface ServeStoreOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly host: string;
  readonly name?: string | undefined;
  readonly trustAnchor?: readonly string[] | undefined;
  readonly revocation?: RevocationMode | undefined;
  readonly allowPrivateAddresses?: boolean | undefined;
  readonly crlUrl?: string | undefined;
}

/** `jpl store serve`: offers the packages of a folder until stopped. */
export async function storeServe(io: Io, options: ServeStoreOptions): Promise<number> {
  await using store = await createStore({
    dataDir: resolve(io.cwd, options.dataDir),
    anchors: await readTrustAnchors(io, options.trustAnchor ?? []),
    clock: io.clock,
    name: options.name,
    revocation: options.revocation,
    allowPrivateAddresses: options.allowPrivateAddresses,
    crlRootUrl: options.crlUrl,
    logger: { write: io.stderr },
  });
  const { url } = await listening(store.listen({ port: options.port, host: options.host }));
  announce(io, { url });
  await untilStopped(io);
  return 0;
}

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
