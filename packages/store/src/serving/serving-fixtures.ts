import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Catalog } from '../catalog/catalog.js';
import type { ImageRecord, ReleaseRecord } from '../catalog/release-record.js';
import { imageRoutes } from './image-routes.js';
import { infoRoutes } from './info-routes.js';
import { jamiRoutes } from './jami-routes.js';
import { packageRoutes } from './package-routes.js';
import { PreparedAnswers } from './prepared-answers.js';
import { createServer, type ServerLimits, serve } from './server.js';

/** The instant at which the fixtures' store serves. */
const servedAt = new Date('2030-01-02T03:04:05.678Z');

export const linux = 'x86_64-linux-gnu';

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A record as the scan would have made it, for a package of these bytes. */
export function recordOf(
  bytes: Buffer,
  given: Partial<ReleaseRecord> & { readonly id: string; readonly file?: string },
): ReleaseRecord {
  return {
    format: 1,
    version: '1.0.0',
    publisher: { name: 'Acme', organization: '0a'.repeat(32), pluginKey: '0b'.repeat(32) },
    anchor: '0c'.repeat(32),
    revocation: 'required',
    platforms: [linux],
    sha256: sha256Of(bytes),
    size: bytes.length,
    file: `${given.id}.jpl`,
    mtimeMs: 0,
    timestamp: '2029-12-01T00:00:00.000Z',
    expiresAt: '2031-01-01T00:00:00.000Z',
    texts: { en: { name: given.id, description: `About ${given.id}` } },
    icon: null,
    background: null,
    ...given,
  };
}

/** The serving half of a store, over a catalog made by hand and files on a real disk, listening on a free port. */
export class ServedFolder implements AsyncDisposable {
  readonly catalog = new Catalog();
  at = servedAt;
  changes = 0;
  readonly #root: string;
  readonly #app: ReturnType<typeof createServer>;

  private constructor(root: string, limits: Partial<ServerLimits>) {
    this.#root = root;
    this.#app = createServer(undefined, limits);
  }

  static async open(limits: Partial<ServerLimits> = {}): Promise<ServedFolder> {
    const served = new ServedFolder(await mkdtemp(join(tmpdir(), 'jpl-store-')), limits);
    await mkdir(served.packagesDir);
    await mkdir(served.imagesDir);
    const { catalog } = served;
    const clock = () => served.at;
    const answers = new PreparedAnswers(catalog, clock);
    serve(served.#app, [
      ...jamiRoutes(answers),
      ...infoRoutes({ name: 'Test', anchors: [], revocation: 'required', answers }),
      ...packageRoutes({
        catalog,
        packagesDir: served.packagesDir,
        clock,
        onChanged: () => {
          served.changes += 1;
        },
      }),
      ...imageRoutes({ catalog, imagesDir: served.imagesDir, clock }),
    ]);
    await served.#app.listen({ port: 0, host: '127.0.0.1' });
    return served;
  }

  get packagesDir(): string {
    return join(this.#root, 'packages');
  }

  get imagesDir(): string {
    return join(this.#root, 'images');
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

  async publish(bytes: Buffer, given: Parameters<typeof recordOf>[1]): Promise<ReleaseRecord> {
    const record = recordOf(bytes, given);
    const path = join(this.packagesDir, record.file);
    await writeFile(path, bytes);
    const { mtimeMs } = await stat(path);
    return this.catalog.add({ ...record, mtimeMs }).record;
  }

  async keepImage(bytes: Buffer, entry: string, mediaType: string): Promise<ImageRecord> {
    const sha256 = sha256Of(bytes);
    await writeFile(join(this.imagesDir, sha256), bytes);
    return { entry, sha256, size: bytes.length, mediaType };
  }

  ask(path: string, headers: OutgoingHttpHeaders = {}, method = 'GET'): Promise<RawAnswer> {
    return askRaw(this.port, { path, headers, method });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#app.close();
    await rm(this.#root, { recursive: true, force: true });
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
