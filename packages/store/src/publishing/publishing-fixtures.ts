/** The writing side of a store on a free port, over a real database and blob store, for tests. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreRole, TokenScope } from '@jami-plugin-store/contract';
import { type AskRevocation, notOffered } from '@jami-plugin-store/trust';
import type { FastifyInstance } from 'fastify';
import { createToken } from '../access/token-desk.js';
import type { BlobStore } from '../blobs/blob-store.js';
import { openBlobs } from '../blobs/open-blobs.js';
import type { StoreDatabase } from '../database/database.js';
import { type DatabaseOptions, openDatabase } from '../database/open-database.js';
import { createImageRenderer } from '../images/render-image.js';
import {
  type FixtureCa,
  fixtureInstant,
  makePackage,
  type PluginWish,
  type Publisher,
} from '../judging/package-fixtures.js';
import { createServer } from '../serving/server.js';
import { openPublishing, type Publishing, type PublishingSettings } from './open-publishing.js';

const images = createImageRenderer();

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any member
  readonly json: any;
}

export interface Call {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** An object goes as JSON, bytes as they are. */
  readonly body?: object | Buffer | undefined;
}

/** Asks a server; resolves with whatever it answers. */
export function call(
  port: number,
  method: string,
  path: string,
  { token, headers, body }: Call = {},
): Promise<Reply> {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const isJson = body !== undefined && !Buffer.isBuffer(body);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        port,
        method,
        path,
        agent: false,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(isJson ? { 'content-type': 'application/json' } : {}),
          ...(bytes === undefined ? {} : { 'content-length': bytes.length }),
          ...headers,
        },
      },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        const text = Buffer.concat(chunks).toString();
        const isJsonReply =
          /json/.test(response.headers['content-type'] ?? '') &&
          !/ndjson/.test(String(response.headers['content-type']));
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: isJsonReply && text !== '' ? JSON.parse(text) : undefined,
        });
      },
    );
    request.on('error', reject);
    request.end(bytes);
  });
}

export interface PublishingPlaceOptions extends PublishingSettings {
  readonly ca: FixtureCa;
  /** Where the database is; default: SQLite in a new folder. */
  readonly database?: DatabaseOptions | undefined;
  /** Where the blobs are; default: a new folder. */
  readonly dataDir?: string | undefined;
  readonly ask?: AskRevocation | undefined;
  /** Serves more on the same port; what it returns is closed before the rest. */
  readonly alsoServe?:
    | ((app: FastifyInstance, place: PublishingPlace) => Promise<AsyncDisposable>)
    | undefined;
}

/** One process of a store, as far as publishing goes. */
export class PublishingPlace implements AsyncDisposable {
  at: Date = fixtureInstant;
  readonly dataDir: string;
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  /** What to close, last first. */
  readonly #closers: (() => PromiseLike<unknown>)[];
  #port = 0;
  #publishing: Publishing | undefined;
  static #made = 0;

  private constructor(
    dataDir: string,
    database: StoreDatabase,
    blobs: BlobStore,
    closers: (() => PromiseLike<unknown>)[],
  ) {
    this.dataDir = dataDir;
    this.database = database;
    this.blobs = blobs;
    this.#closers = closers;
  }

  static async open(options: PublishingPlaceOptions): Promise<PublishingPlace> {
    const closers: (() => PromiseLike<unknown>)[] = [];
    const use = <T extends AsyncDisposable>(opened: T): T => {
      closers.push(() => opened[Symbol.asyncDispose]());
      return opened;
    };
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'jpl-publishing-')));
    if (options.dataDir === undefined) closers.push(() => rm(dataDir, { recursive: true, force: true }));
    const database = use(await openDatabase(options.database ?? { dataDir }));
    const blobs = use(await openBlobs({ dataDir, clock: () => fixtureInstant }));
    const place = new PublishingPlace(dataDir, database, blobs, closers);
    const ask: AskRevocation = async (questions) =>
      questions.map(({ certificate }) => notOffered(certificate));
    const app = createServer();
    const publishing = use(
      await openPublishing({
        ...options,
        database,
        blobs,
        clock: () => place.at,
        log: app.log,
        judging: {
          anchors: options.ca.anchors,
          revocation: 'when-named',
          ask: options.ask ?? ask,
          images,
        },
      }),
    );
    place.#publishing = publishing;
    if (options.alsoServe !== undefined) use(await options.alsoServe(app, place));
    publishing.serve(app);
    closers.push(() => app.close());
    await app.listen({ port: 0, host: '127.0.0.1' });
    place.#port = (app.server.address() as AddressInfo).port;
    return place;
  }

  get revocations(): Publishing['revocations'] {
    if (this.#publishing === undefined) throw new Error('not open yet');
    return this.#publishing.revocations;
  }

  get routes(): Publishing['routes'] {
    if (this.#publishing === undefined) throw new Error('not open yet');
    return this.#publishing.routes;
  }

  get port(): number {
    return this.#port;
  }

  call(method: string, path: string, options?: Call): Promise<Reply> {
    return call(this.#port, method, path, options);
  }

  /** A token made by the store itself. */
  async token(role: StoreRole, organization?: string, scopes?: TokenScope[]): Promise<string> {
    const wish = {
      label: `a ${role}`,
      role,
      ...(organization && { organization }),
      ...(scopes && { scopes }),
    };
    const made = await this.database.transact((tx) => createToken(tx, { role: 'store' }, wish, this.at));
    return made.token;
  }

  /** Makes an organization known and gives it a token. */
  async publisher(publisher: Publisher): Promise<{ organization: string; token: string }> {
    const operator = await this.token('operator');
    const chainPem = publisher.organization.pem.toString();
    const { status, json, text } = await this.call('POST', '/v1/organizations', {
      token: operator,
      body: { chainPem },
    });
    if (status !== 201) throw new Error(text);
    return { organization: json.id, token: await this.token('publisher', json.id) };
  }

  /** Bytes of a signed package. */
  async package(publisher: Publisher, wish: PluginWish): Promise<Buffer> {
    PublishingPlace.#made += 1;
    const path = join(this.dataDir, `made-${PublishingPlace.#made}.jpl`);
    await makePackage(path, publisher, wish);
    const bytes = await readFile(path);
    await rm(path);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers.reverse()) await close();
  }
}
