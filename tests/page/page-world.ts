import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Authority,
  createPublicServer,
  initAuthority,
  openAuthority,
} from '@jami-plugin-store/authority';
import {
  addStore,
  type Client,
  connectDaemon,
  openClient,
  type PageHost,
  removeStore,
  servePage,
} from '@jami-plugin-store/client';
import { createDaemon, type Daemon, serveDaemon } from '@jami-plugin-store/daemon';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { createStore, type Store } from '@jami-plugin-store/store';
import { parseTrustAnchors, type TrustAnchor } from '@jami-plugin-store/trust';
import { temporaryFolder } from '../interop/openssl.js';
import { openStoreFront, type StoreFront } from '../store-front.js';
import { SamplePublisher, type SampleRelease } from './sample-publisher.js';

export const storeName = 'samples';
const builtPage = fileURLToPath(new URL('../../packages/web/dist', import.meta.url));
const clock = (): Date => new Date();

/** How a page's user is set up. */
interface PageUser {
  readonly language?: string | undefined;
  /** Of the page's host; any that is free by default. */
  readonly port?: number | undefined;
}

/**
 * Everything behind the page, all of it real and in this process: authority with its OCSP responder, store, daemon on its socket,
 * client and the page's host. Between client and store stands a front that can be told to misbehave.
 */
export class PageWorld implements AsyncDisposable {
  readonly folder: string;
  readonly authority: Authority;
  readonly publisher: SamplePublisher;
  readonly front: StoreFront;
  readonly #store: Store;
  readonly #anchors: readonly TrustAnchor[];
  readonly #closers: (() => Promise<void>)[];
  #daemon: { daemon: Daemon; close: () => Promise<void> } | undefined;
  #user: { client: Client; host: PageHost; close: () => Promise<void> } | undefined;

  private constructor(parts: {
    folder: string;
    authority: Authority;
    publisher: SamplePublisher;
    front: StoreFront;
    store: Store;
    anchors: readonly TrustAnchor[];
    closers: (() => Promise<void>)[];
  }) {
    this.folder = parts.folder;
    this.authority = parts.authority;
    this.publisher = parts.publisher;
    this.front = parts.front;
    this.#store = parts.store;
    this.#anchors = parts.anchors;
    this.#closers = parts.closers;
  }

  static async open(): Promise<PageWorld> {
    const closers: (() => Promise<void>)[] = [];
    const use = <T extends AsyncDisposable>(item: T): T => {
      closers.push(async () => item[Symbol.asyncDispose]());
      return item;
    };
    const { path: folder } = use(await temporaryFolder());
    const dir = join(folder, 'authority');
    // Its address stands in every certificate, so it is known before there is one.
    const port = await freePort();
    const baseUrl = `http://127.0.0.1:${port}`;
    const { rootPem } = await initAuthority({ dir, name: 'Sample Store Root', baseUrl, clock });
    const authority = use(await openAuthority({ dir, clock }));
    await use(createPublicServer(authority)).listen({ port });
    const anchors = parseTrustAnchors(Buffer.from(rootPem));

    const packages = join(folder, 'store', 'packages');
    await mkdir(packages, { recursive: true });
    const store = use(
      await createStore({
        dataDir: join(folder, 'store'),
        name: 'Sample Store',
        anchors,
        clock,
        allowPrivateAddresses: true,
        watch: false,
        closeGraceMs: 50,
      }),
    );
    const { url } = await store.listen({ port: 0 });
    const front = use(await openStoreFront(url));
    const publisher = new SamplePublisher(authority, join(folder, 'publisher'), packages);
    const world = new PageWorld({ folder, authority, publisher, front, store, anchors, closers });
    await mkdir(world.dataDir, { recursive: true, mode: 0o700 });
    const sha256 = new X509Certificate(rootPem).fingerprint256;
    await addStore(world.dataDir, { name: storeName, url: front.url, rootPem, sha256 });
    return world;
  }

  readonly platform = currentPlatform();

  get dataDir(): string {
    return join(this.folder, 'data');
  }

  get client(): Client {
    if (this.#user === undefined) throw new Error('No user has opened the page');
    return this.#user.client;
  }

  get host(): PageHost {
    if (this.#user === undefined) throw new Error('No user has opened the page');
    return this.#user.host;
  }

  get hasDaemon(): boolean {
    return this.#daemon !== undefined;
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error('The daemon does not run');
    return this.#daemon.daemon;
  }

  /** Has the store offer these releases. @returns the package of each */
  async publish(...releases: SampleRelease[]): Promise<string[]> {
    const files: string[] = [];
    for (const release of releases) files.push(await this.publisher.publish(release));
    await this.#store.rescan();
    const problems = this.#store.problems();
    if (problems.length > 0) throw new Error(`Not published: ${JSON.stringify(problems)}`);
    return files;
  }

  /** Ids of what the daemon has installed. */
  async installed(): Promise<string[]> {
    return (await this.daemon.list()).map(({ id }) => id);
  }

  /** Every preference of a plugin as the daemon keeps it: those for everybody, and those of one account. */
  async preferences(id: string, account: string): Promise<Record<string, string>> {
    const { preferences } = await this.daemon.preferences(id, account);
    return Object.fromEntries(preferences.map(({ key, value }) => [key, value]));
  }

  async startDaemon(): Promise<void> {
    const daemon = await createDaemon({
      dataDir: this.dataDir,
      anchors: this.#anchors,
      revocation: 'required',
      clock,
      schedule: () => ({ stop: () => undefined }),
      keepsLoaded: true,
    });
    const server = await serveDaemon(daemon, { socketPath: join(this.folder, 'd.sock'), closeGraceMs: 50 });
    this.#daemon = {
      daemon,
      close: async () => {
        await server[Symbol.asyncDispose]();
        await daemon[Symbol.asyncDispose]();
      },
    };
  }

  async stopDaemon(): Promise<void> {
    await this.#daemon?.close();
    this.#daemon = undefined;
  }

  /** Starts the user's program; `host.issueAddress()` then opens the page. */
  async startUser({ language = 'en', port = 0 }: PageUser = {}): Promise<void> {
    const daemon = connectDaemon(join(this.folder, 'd.sock'), { reconnectMs: [100] });
    const client = await openClient({
      dataDir: this.dataDir,
      cacheDir: join(this.folder, 'cache'),
      daemon,
      platform: this.platform,
      language,
      clock,
      network: { retry: { attempts: 3 } },
    });
    const host = await servePage(client, { filesDir: builtPage, port, closeGraceMs: 50 });
    await client.start();
    this.#user = {
      client,
      host,
      close: async () => {
        await host[Symbol.asyncDispose]();
        await client[Symbol.asyncDispose]();
        await daemon[Symbol.asyncDispose]();
      },
    };
  }

  async stopUser(): Promise<void> {
    await this.#user?.close();
    this.#user = undefined;
  }

  async restartUser(): Promise<void> {
    await this.stopUser();
    await this.startUser();
  }

  /** Configures a second store, which offers nothing; gone again when disposed of. */
  async addEmptyStore(name: string): Promise<AsyncDisposable> {
    const dataDir = join(this.folder, name);
    await mkdir(join(dataDir, 'packages'), { recursive: true });
    const store = await createStore({
      dataDir,
      anchors: this.#anchors,
      clock,
      watch: false,
      closeGraceMs: 50,
    });
    const { url } = await store.listen({ port: 0 });
    const rootPem = await readFile(join(this.folder, 'authority', 'root.pem'), 'utf8');
    const sha256 = new X509Certificate(rootPem).fingerprint256;
    await addStore(this.dataDir, { name, url, rootPem, sha256 });
    return {
      [Symbol.asyncDispose]: async () => {
        await removeStore(this.dataDir, name);
        await store[Symbol.asyncDispose]();
      },
    };
  }

  /** An account of Jami's with values of its own. */
  async addAccount(id: string): Promise<void> {
    await mkdir(join(this.dataDir, id, 'plugins'), { recursive: true });
    await writeFile(join(this.dataDir, id, 'config.yml'), '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopUser();
    await this.stopDaemon();
    for (const close of this.#closers.reverse()) await close();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
