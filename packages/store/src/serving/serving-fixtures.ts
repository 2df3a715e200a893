/** The reading side of a store, over a real database and real blobs, for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/blob-store.js';
import { openBlobs } from '../blobs/open-blobs.js';
import { publish, publishedAt, sha256Of } from '../catalog/catalog-fixtures.js';
import type { PackageFacts, PackageImage } from '../catalog/package-facts.js';
import { refreshPlugin } from '../catalog/refresh-plugin.js';
import { ChangeWatch } from '../database/change-watch.js';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import { type DatabaseOptions, openDatabase } from '../database/open-database.js';
import { Lifetime } from '../lifetime.js';
import { type LaneAnswer, PreparedLane } from './prepared-lane.js';
import { PublishedCrl } from './published-crl.js';
import { createServer, type ServerLimits, serve } from './server.js';
import { createServing } from './serving.js';

/** The instant at which the fixtures' store serves. */
const servedAt = new Date('2030-01-02T03:04:05.678Z');

export { linux } from '../catalog/catalog-fixtures.js';

export interface ServedStoreOptions extends Partial<ServerLimits> {
  /** Default: SQLite in a folder of its own. */
  readonly database?: DatabaseOptions | undefined;
  /** Default: in that folder. */
  readonly openBlobs?: ((clock: () => Date) => Promise<BlobStore>) | undefined;
  /** Bounds of what is answered ahead of the framework. */
  readonly held?: ConstructorParameters<typeof PreparedLane>[1];
}

/** A package to be served. */
export type ServedPackage = Partial<PackageFacts> & {
  readonly id: string;
  readonly publishedAt?: Date | undefined;
};

/** The serving half of a store: what is published into its database by hand, listening on a free port. */
export class ServedStore implements AsyncDisposable {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  /** What was answered ahead of the framework, in order. */
  readonly ahead: readonly LaneAnswer[];
  readonly #now: { at: Date };
  readonly #lifetime: Lifetime;
  readonly #app: ReturnType<typeof createServer>;
  readonly #watch: ChangeWatch;

  private constructor(
    opened: Pick<ServedStore, 'database' | 'blobs' | 'ahead'> & {
      now: { at: Date };
      lifetime: Lifetime;
      app: ReturnType<typeof createServer>;
      watch: ChangeWatch;
    },
  ) {
    this.database = opened.database;
    this.blobs = opened.blobs;
    this.ahead = opened.ahead;
    this.#now = opened.now;
    this.#lifetime = opened.lifetime;
    this.#app = opened.app;
    this.#watch = opened.watch;
  }

  static async open({
    database: place,
    openBlobs: open,
    held,
    ...limits
  }: ServedStoreOptions = {}): Promise<ServedStore> {
    const lifetime = new Lifetime();
    const dataDir = await mkdtemp(join(tmpdir(), 'jpl-store-'));
    lifetime.defer(() => rm(dataDir, { recursive: true, force: true }));
    const now = { at: servedAt };
    const clock = (): Date => now.at;
    const lane = new PreparedLane(clock, held);
    const ahead: LaneAnswer[] = [];
    const app = createServer({ limits, lane, onLaneAnswer: (answer) => ahead.push(answer) });
    const database = lifetime.use(await openDatabase(place ?? { dataDir }));
    const blobs = lifetime.use(await (open?.(() => new Date()) ?? openBlobs({ dataDir, clock })));
    const lists = {
      fetch: () => Promise.reject(new Error('there is nothing to fetch')),
      onFailure: () => undefined,
    };
    const root = new PublishedCrl({ ...lists, issuers: [], clock });
    const crl = { ...lists, root, authorityUrl: undefined };
    const judging = { anchors: [], revocation: 'required' } as const;
    const { log } = app;
    const serving = lifetime.use(
      createServing({ database, blobs, clock, judging, crl, name: 'Test', log, lane }),
    );
    const watch = lifetime.use(await ChangeWatch.start({ database, onChanges: serving.forget, log }));
    lane.open(watch);
    serve(app, serving.routes(watch));
    lifetime.defer(() => app.close());
    const served = new ServedStore({ now, database, blobs, lifetime, app, watch, ahead });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return served;
  }

  /** The instant at which it serves. */
  get at(): Date {
    return this.#now.at;
  }

  set at(at: Date) {
    this.#now.at = at;
  }

  get port(): number {
    return (this.#app.server.address() as AddressInfo).port;
  }

  /** Connections open at the moment. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#app.server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  /** Publishes bytes as a package; they need be none. @returns its digest, its number and its plugin's */
  async publish(
    bytes: Buffer,
    { publishedAt: since = publishedAt, ...given }: ServedPackage,
  ): Promise<{ sha256: string; number: number; plugin: number; release: number }> {
    const { sha256, size } = await this.blobs.put(bytes);
    const recorded = await publish(this.database, { ...given, sha256, size }, { publishedAt: since });
    await this.#watch.look();
    return { sha256, ...recorded };
  }

  /** Changes rows of a plugin, and works out anew what is offered of it. */
  async change(plugin: number, work: (tx: StoreTransaction) => Promise<unknown>): Promise<void> {
    await this.database.transact(async (tx) => {
      await work(tx);
      await refreshPlugin(tx, this.database.kind, plugin, this.at);
    });
    await this.#watch.look();
  }

  async keepImage(bytes: Buffer, entry: string, mediaType: string): Promise<PackageImage> {
    await this.blobs.put(bytes);
    return { entry, sha256: sha256Of(bytes), size: bytes.length, mediaType };
  }

  ask(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<RawAnswer> {
    return askRaw(this.port, { path, headers, method });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#lifetime[Symbol.asyncDispose]();
  }
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request by node:http, nothing decoded, nothing followed. */
export function askRaw(
  port: number,
  options: { path: string; headers?: OutgoingHttpHeaders; method?: string; body?: Buffer },
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const { path, headers = {}, method = 'GET', body } = options;
    const request = httpRequest(
      { host: '127.0.0.1', port, path, method, headers, agent: false },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
