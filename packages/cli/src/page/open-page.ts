import { mkdir, realpath } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  type ApplicationOptions,
  type Client,
  cronScheduler,
  type DaemonApi,
  openClient,
  type PageHost,
  readSystemNetwork,
  type ServePageOptions,
  servePage,
} from '@jami-plugin-store/client';
import { assertOwnSocket, socketPathOf } from '@jami-plugin-store/daemon';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { languageOf, reachDaemon } from '../daemon-access.js';
import type { Io } from '../io.js';
import { printable } from '../printable.js';
import { listening } from '../serving.js';

export interface OpenPageOptions extends Pick<ServePageOptions, 'port'> {
  readonly dataDir: string;
  readonly cacheDir: string;
  /** The application the page belongs to; without it nothing is asked about it. */
  readonly application?: ApplicationOptions | undefined;
  /** The built page; by default the one delivered with this command. */
  readonly filesDir?: string | undefined;
}

export interface OpenPage extends AsyncDisposable {
  readonly client: Client;
  readonly host: PageHost;
}

const builtPage = fileURLToPath(new URL('../../../web/dist', import.meta.url));

/**
 * The user's page over a data folder: a client, and its host on loopback. The daemon that owns the folder may come and go.
 * @throws {UsageError} ADDRESS_NOT_AVAILABLE
 * @throws {ClientError} CLIENT_FILE_* | STORES_FILE_* | CACHE_NOT_*
 */
export async function openPage(io: Io, options: OpenPageOptions): Promise<OpenPage> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
    const daemon = await daemonOf(options.dataDir);
    closers.push(async () => daemon[Symbol.asyncDispose]());
    const warn = (error: unknown): void => {
      const text = error instanceof Error ? error.message : String(error);
      io.stderr(`warning: ${printable(text)}\n`);
    };
    const client = await openClient({
      dataDir: await realpath(options.dataDir),
      cacheDir: options.cacheDir,
      daemon,
      platform: currentPlatform(),
      language: languageOf(io),
      clock: io.clock,
      network: await readSystemNetwork(io.env),
      schedule: cronScheduler,
      application: options.application,
      onTrouble: warn,
    });
    closers.push(async () => client[Symbol.asyncDispose]());
    const filesDir = options.filesDir ?? builtPage;
    const host = await listening(servePage(client, { port: options.port, filesDir, onDefect: warn }));
    closers.push(async () => host[Symbol.asyncDispose]());
    await client.start();
    return { client, host, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function daemonOf(dataDir: string): Promise<DaemonApi> {
  const socket = socketPathOf(dataDir);
  await assertOwnSocket(socket);
  return await reachDaemon(socket, dataDir);
}
