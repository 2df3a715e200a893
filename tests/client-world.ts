import { createPrivateKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addStore,
  type Client,
  type ClientOptions,
  connectDaemon,
  createStoreClient,
  type DaemonApi,
  openClient,
  type StoreClient,
  type StoreClientEvent,
  type StoreClientOptions,
  type Timer,
} from '@jami-plugin-store/client';
import { createDaemon, type Daemon, type DaemonServer, serveDaemon } from '@jami-plugin-store/daemon';
import { packPlugin, signPackage } from '@jami-plugin-store/jpl';
import { createStore, type Store } from '@jami-plugin-store/store';
import {
  type AskRevocation,
  notOffered,
  parseTrustAnchors,
  type TrustAnchor,
} from '@jami-plugin-store/trust';
import { issueByHand, temporaryFolder } from './interop/openssl.js';
import { openStoreFront, type StoreFront } from './store-front.js';

const platform = 'x86_64-linux-gnu';
const instant = new Date('2026-06-01T00:00:00Z');
const nobodyOffers: AskRevocation = async (questions) =>
  questions.map(({ certificate }) => notOffered(certificate));

/** Somebody who signs plugins, certified by `openssl`. */
export interface Publisher {
  readonly folder: string;
  readonly anchors: readonly TrustAnchor[];
  readonly material: { privateKey: KeyObject; certificatePem: Buffer };
}

export async function createPublisher(folder: string): Promise<Publisher> {
  await mkdir(folder, { recursive: true });
  await issueByHand(folder);
  const pems = ['plugin.pem', 'organization.pem'].map((name) => readFile(join(folder, name)));
  return {
    folder,
    anchors: parseTrustAnchors(await readFile(join(folder, 'root.pem'))),
    material: {
      privateKey: createPrivateKey(await readFile(join(folder, 'plugin.key'))),
      certificatePem: Buffer.concat(await Promise.all(pems)),
    },
  };
}

/** Packs and signs a plugin; `bulk` bytes nothing compresses make its download take several chunks. */
export async function makePackage(
  publisher: Publisher,
  { id, version, bulk = 700_000 }: { id: string; version: string; bulk?: number },
): Promise<string> {
  const source = join(publisher.folder, `source-${id}-${version}`);
  await mkdir(join(source, 'data', 'locale'), { recursive: true });
  const manifest = { id, name: '{{name}}', version, description: '{{text}}' };
  await writeFile(join(source, 'manifest.json'), JSON.stringify(manifest));
  await writeFile(join(source, 'data', 'bulk.bin'), randomBytes(bulk));
  for (const [language, text] of [
    ['en', 'Says hello'],
    ['fr', 'Dit bonjour'],
  ] as const) {
    const locale = JSON.stringify({ name: `${id} ${language}`, text });
    await writeFile(join(source, 'data', 'locale', `${id}_${language}.json`), locale);
  }
  const [unsigned, signed] = ['unsigned', 'signed'].map((kind) =>
    join(publisher.folder, `${id}-${version}-${kind}.jpl`),
  );
  await packPlugin(source, unsigned as string);
  await signPackage(unsigned as string, publisher.material, signed as string);
  return signed as string;
}

/** Waits between attempts pass at once; deadlines stay the clock's. */
const impatient: Timer = {
  after(ms, run) {
    const handle = setTimeout(run, ms >= 25_000 ? ms : 1);
    handle.unref();
    return () => clearTimeout(handle);
  },
};

/** A real store, a real daemon on its socket, and a front between client and store that can be told to misbehave. */
export class ClientWorld implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStackLike();
  readonly #anchors: readonly TrustAnchor[];
  readonly #rootFile: string;
  readonly folder: string;
  readonly socketPath: string;
  /** The store's. */
  readonly clock = { now: instant.getTime() };
  #store: Store | undefined;
  #front: StoreFront | undefined;
  #daemon: (AsyncDisposable & { daemon: Daemon; server: DaemonServer }) | undefined;

  private constructor(folder: string, anchors: readonly TrustAnchor[], rootFile: string) {
    this.folder = folder;
    this.#rootFile = rootFile;
    this.#anchors = anchors;
    this.socketPath = join(folder, 'd.sock');
  }

  static async create(publishers: readonly Publisher[]): Promise<ClientWorld> {
    const folder = await temporaryFolder();
    const world = new ClientWorld(
      folder.path,
      publishers.flatMap(({ anchors }) => anchors),
      join(publishers[0]?.folder ?? '', 'root.pem'),
    );
    world.#stack.use(folder);
    await mkdir(join(folder.path, 'store', 'packages'), { recursive: true });
    world.#store = world.#stack.use(
      await createStore({
        dataDir: join(folder.path, 'store'),
        anchors: world.#anchors,
        clock: () => new Date(world.clock.now),
        revocation: 'when-named',
        ask: nobodyOffers,
        watch: false,
        closeGraceMs: 50,
      }),
    );
    const { url } = await world.#store.listen({ port: 0 });
    world.#front = world.#stack.use(await openStoreFront(url));
    await world.startDaemon();
    return world;
  }

  get front(): StoreFront {
    if (this.#front === undefined) throw new Error('No front');
    return this.#front;
  }

  async publish(
    publisher: Publisher,
    release: { id: string; version: string; bulk?: number },
  ): Promise<string> {
    const path = await makePackage(publisher, release);
    await writeFile(
      join(this.folder, 'store', 'packages', `${release.id}-${release.version}.jpl`),
      await readFile(path),
    );
    await this.#store?.rescan();
    return path;
  }

  async startDaemon(): Promise<void> {
    const daemon = await createDaemon({
      dataDir: join(this.folder, 'data'),
      anchors: this.#anchors,
      revocation: 'when-named',
      ask: nobodyOffers,
      clock: () => instant,
      platform,
    });
    const server = await serveDaemon(daemon, { socketPath: this.socketPath, closeGraceMs: 50 });
    this.#daemon = {
      daemon,
      server,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await daemon[Symbol.asyncDispose]();
      },
    };
  }

  async stopDaemon(): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
    this.#daemon = undefined;
  }

  /** A second program that talks to the daemon, such as the command line. */
  connect(): DaemonApi {
    return this.#stack.use(connectDaemon(this.socketPath, { reconnectMs: [10], timer: impatient }));
  }

  client(options: Partial<StoreClientOptions> = {}): StoreClient {
    return createStoreClient({
      storeUrl: this.front.url,
      cacheDir: this.cache,
      daemon: this.connect(),
      platform,
      ...options,
      network: { timer: impatient, retry: { attempts: 3 }, ...options.network },
    });
  }

  /** The whole client over the data folder, with one store configured. */
  async wholeClient(options: Partial<ClientOptions> = {}): Promise<Client> {
    const dataDir = join(this.folder, 'data');
    const rootPem = await readFile(this.#rootFile, 'utf8');
    const sha256 = new X509Certificate(rootPem).fingerprint256;
    await addStore(dataDir, { name: 'hand', url: this.front.url, rootPem, sha256 });
    return await this.openClient(options);
  }

  /** Another client over the same data folder, as after a restart. */
  async openClient(options: Partial<ClientOptions> = {}): Promise<Client> {
    return await openClient({
      dataDir: join(this.folder, 'data'),
      cacheDir: this.cache,
      daemon: this.connect(),
      platform,
      language: 'en',
      clock: () => instant,
      timer: impatient,
      network: { retry: { attempts: 3 } },
      ...options,
    });
  }

  get cache(): string {
    return join(this.folder, 'cache');
  }

  /** Every file this client's cache holds. */
  async cached(): Promise<string[]> {
    const entries = await readdir(this.cache, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => name)
      .sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopDaemon();
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** Disposes in reverse order; Node 20 has no AsyncDisposableStack. */
class AsyncDisposableStackLike implements AsyncDisposable {
  readonly #items: AsyncDisposable[] = [];

  use<T extends AsyncDisposable>(item: T): T {
    this.#items.push(item);
    return item;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (let item = this.#items.pop(); item !== undefined; item = this.#items.pop())
      await item[Symbol.asyncDispose]();
  }
}

/** Resolves with the first event that fits. */
export function nextEvent(
  client: StoreClient,
  fits: (event: StoreClientEvent) => boolean,
): Promise<StoreClientEvent> {
  return new Promise((resolve) => {
    const off = client.on((event) => {
      if (!fits(event)) return;
      off();
      resolve(event);
    });
  });
}
