import {
  type ConfiguredStore,
  createNetwork,
  createStoreApi,
  listStores,
  type Network,
  readSystemNetwork,
  type StoreApi,
  type SystemNetwork,
} from '@jami-plugin-store/client';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { dataDirOf, languageOf } from './daemon-access.js';
import type { Io } from './io.js';
import { UsageError } from './usage-error.js';

export interface StoreChoice {
  readonly dataDir?: string | undefined;
  /** Name of the configured store; needed only where several are. */
  readonly store?: string | undefined;
}

/**
 * The configured store a command is about.
 * @throws {UsageError} STORE_NOT_CONFIGURED | STORE_AMBIGUOUS
 */
export async function chooseStore(io: Io, choice: StoreChoice): Promise<ConfiguredStore> {
  const stores = await listStores(dataDirOf(io, choice));
  if (choice.store !== undefined) {
    const named = stores.find(({ name }) => name === choice.store);
    if (named !== undefined) return named;
    throw new UsageError(
      'STORE_NOT_CONFIGURED',
      `No store named ${choice.store} is configured (jpl store list).`,
    );
  }
  const [only, ...others] = stores;
  if (only === undefined) {
    throw new UsageError(
      'STORE_NOT_CONFIGURED',
      'No store is configured; add one with: jpl store add NAME URL …',
    );
  }
  if (others.length > 0) {
    const names = stores.map(({ name }) => name).join(', ');
    throw new UsageError(
      'STORE_AMBIGUOUS',
      `Several stores are configured; choose one with --store: ${names}`,
    );
  }
  return only;
}

/** How long a command waits for a server that is out of reach in the middle of a download: a person may watch it. */
const patienceMs = { watched: 600_000, unwatched: 60_000 };

/** How a command reaches stores: by this machine's certificates and proxy, and not for ever. */
export async function networkOf(io: Io): Promise<SystemNetwork & { offlineTimeoutMs: number }> {
  const system = await readSystemNetwork(io.env);
  return { ...system, offlineTimeoutMs: io.interactive ? patienceMs.watched : patienceMs.unwatched };
}

export interface StoreQuestion extends StoreChoice {
  readonly platform?: string | undefined;
}

/** Asks a store with a network of its own, closed after the answer. */
export async function askStore<Answer>(
  io: Io,
  question: StoreQuestion,
  ask: (store: StoreApi) => Promise<Answer>,
): Promise<Answer> {
  const { url } = await chooseStore(io, question);
  await using network: Network = createNetwork({ ...(await networkOf(io)), language: languageOf(io) });
  return await ask(createStoreApi(network, url, question.platform ?? currentPlatform()));
}
