import { type Client, openClient } from '@jami-plugin-store/client';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { dataDirOf, languageOf, openDaemon } from './daemon-access.js';
import type { Io } from './io.js';
import { defaultCacheDir } from './options.js';
import type { PolicyOptions } from './policy.js';
import { networkOf } from './store-access.js';

/**
 * Works with the user's client over a data folder for as long as one command takes: its stores, what is installed, what the user decided
 * and what was found. Ctrl-C closes it; what a download received is kept for the next try.
 * @throws {ClientError} STORES_FILE_* | CLIENT_FILE_* @throws {UsageError} DAEMON_OWNS_POLICY
 */
export async function withClient<Result>(
  io: Io,
  options: PolicyOptions,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  await using daemon = await openDaemon(io, options);
  await using client = await openClient({
    dataDir: dataDirOf(io, options),
    cacheDir: defaultCacheDir(io),
    daemon,
    platform: currentPlatform(),
    language: languageOf(io),
    clock: io.clock,
    network: await networkOf(io),
    browses: false,
    onTrouble: (error) => io.signal.aborted || io.stderr(`warning: ${error.message}\n`),
  });
  io.signal.throwIfAborted();
  const close = (): void => void client[Symbol.asyncDispose]();
  io.signal.addEventListener('abort', close, { once: true });
  try {
    await client.start();
    return await work(client);
  } finally {
    io.signal.removeEventListener('abort', close);
  }
}
