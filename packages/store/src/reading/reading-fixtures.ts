/** The reading side of a store on a free port, over a real database and blob store, for tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../blobs/blob-store.js';
import { openBlobs } from '../blobs/open-blobs.js';
import { publish } from '../catalog/catalog-fixtures.js';
import { ChangeWatch } from '../database/change-watch.js';
import type { StoreDatabase } from '../database/database.js';
import { type DatabaseOptions, openDatabase } from '../database/open-database.js';
import { BlobSource } from '../serving/blob-source.js';
import { createServer, serve } from '../serving/server.js';
import { askRaw, type RawAnswer } from '../serving/serving-fixtures.js';
import { StoredImages } from '../serving/stored-images.js';
import { readingRoutes } from './reading-routes.js';

const servedAt = new Date('2030-01-02T03:04:05.678Z');

export interface JsonAnswer extends RawAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any member
  readonly json: any;
}

export class ReadingPlace implements AsyncDisposable {
  at = servedAt;
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  #watch: ChangeWatch | undefined;
  #app = createServer();
  readonly #dataDir: string;

  private constructor(dataDir: string, database: StoreDatabase, blobs: BlobStore) {
    this.#dataDir = dataDir;
    this.database = database;
    this.blobs = blobs;
  }

  static async open(options?: DatabaseOptions): Promise<ReadingPlace> {
    const dataDir = await mkdtemp(join(tmpdir(), 'jpl-reading-'));
    const clock = () => place.at;
    const database = await openDatabase(options ?? { dataDir });
    const blobs = await openBlobs({ dataDir, clock: () => servedAt });
    const place = new ReadingPlace(dataDir, database, blobs);
    const log = { warn: () => {}, info: () => {} };
    const watch = await ChangeWatch.start({ database, onChanges: () => {}, log });
    place.#watch = watch;
    const info = { name: 'Test', anchors: [], revocation: 'required' } as const;
    const images = new StoredImages(blobs);
    const bytes = new BlobSource(blobs);
    serve(place.#app, readingRoutes({ database, blobs, images, bytes, watch, clock, info }));
    await place.#app.listen({ port: 0, host: '127.0.0.1' });
    return place;
  }

  get port(): number {
    return (this.#app.server.address() as AddressInfo).port;
  }

  /** Publishes, and lets the server know as it would within a second. */
  async publish(...given: Parameters<typeof publish> extends [unknown, ...infer Rest] ? Rest : never) {
    const recorded = await publish(this.database, ...given);
    await this.#watch?.look();
    return recorded;
  }

  /** Changes rows by hand, as a step of the publishing side would. */
  async change(work: Parameters<StoreDatabase['transact']>[0]): Promise<void> {
    await this.database.transact(work);
    // Nobody noted that change: it is seen when answers are made anew.
    this.at = new Date(this.at.getTime() + 10_000);
  }

  async ask(
    path: string,
    headers: OutgoingHttpHeaders = {},
    method = 'GET',
    body?: object,
  ): Promise<JsonAnswer> {
    const sent =
      body === undefined
        ? { headers }
        : {
            headers: { 'content-type': 'application/json', ...headers },
            body: Buffer.from(JSON.stringify(body)),
          };
    const answer = await askRaw(this.port, { path, method, ...sent });
    const isJson =
      /json/.test(answer.headers['content-type'] ?? '') && answer.headers['content-encoding'] === undefined;
    return {
      ...answer,
      json: isJson && answer.body.length > 0 ? JSON.parse(answer.body.toString()) : undefined,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app.close();
    await this.#watch?.[Symbol.asyncDispose]();
    await this.blobs[Symbol.asyncDispose]();
    await this.database[Symbol.asyncDispose]();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
