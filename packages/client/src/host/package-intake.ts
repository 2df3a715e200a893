import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { PackageReport, PagePackageQuery } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import { diskError, ensurePrivateFolder } from '../network/part-file.js';
import type { PageModel } from '../page/page-model.js';
import { consentOf } from '../plugin/store-work.js';

export interface IntakeOptions {
  maxBytes: number;
  /** Files that are taken in at the same time. */
  maxAtOnce: number;
}

/** Takes in packages that the user dropped on the page: into the cache, to the daemon, and away again. */
export class PackageIntake {
  readonly #model: PageModel;
  readonly #options: IntakeOptions;
  readonly #folder: string;
  #running = 0;

  constructor(model: PageModel, options: IntakeOptions) {
    this.#model = model;
    this.#options = options;
    this.#folder = join(model.client.options.cacheDir, 'dropped');
  }

  /** Removes what a host that was killed left behind. */
  async tidy(): Promise<void> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw diskError(this.#folder, error);
    });
    const own = `${process.pid}-`;
    for (const name of names) {
      if (!name.startsWith(own) && isLeftOver(name)) await rm(join(this.#folder, name), { force: true });
    }
  }

  /**
   * @throws {ClientError} TOO_MANY_UPLOADS | PACKAGE_EMPTY | PACKAGE_TOO_LARGE | UPLOAD_BROKEN | CACHE_NOT_* | DISK_FULL | DAEMON_*
   * @throws {DaemonRefusal} the daemon's verdict where it is a no
   */
  async take(body: Readable, query: PagePackageQuery): Promise<PackageReport> {
    if (this.#running >= this.#options.maxAtOnce)
      throw new ClientError('TOO_MANY_UPLOADS', 'Other files are being handed in: try again in a moment');
    this.#running += 1;
    const job = query.job ?? randomUUID();
    const path = join(this.#folder, `${process.pid}-${randomUUID()}.jpl`);
    try {
      await this.#store(body, path);
      return await this.#install(path, job, query);
    } finally {
      this.#running -= 1;
      await rm(path, { force: true });
    }
  }

  async #store(body: Readable, path: string): Promise<void> {
    const { maxBytes } = this.#options;
    try {
      await ensurePrivateFolder(this.#folder);
      const handle = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
      try {
        let received = 0;
        for await (const chunk of bytesOf(body)) {
          received += chunk.length;
          if (received > maxBytes)
            throw new ClientError('PACKAGE_TOO_LARGE', `A package has at most ${maxBytes} bytes`);
          await handle.writeFile(chunk);
        }
        if (received === 0) throw new ClientError('PACKAGE_EMPTY', 'The file is empty');
      } finally {
        await handle.close();
      }
    } catch (error) {
      throw diskError(path, error);
    }
  }

  async #install(path: string, job: string, query: PagePackageQuery): Promise<PackageReport> {
    const { client } = this.#model;
    const { name, acceptPublisher, force } = query;
    const off = client.mirror.on((news) => {
      if (news.type !== 'event' || news.event.type !== 'verifying' || news.event.job !== job) return;
      const { done, of } = news.event;
      this.#model.notePackage({ type: 'package', job, name, done, of });
    });
    try {
      client.traces.begin(job, null);
      const consent = consentOf({ acceptPublisher, force: force === 'true' ? true : undefined });
      const request = { path, job, ...consent };
      const { id, version } = await client.traces.install(client.mirror.daemon, request, client.signal);
      client.mirror.noteChange();
      return { id, version, job };
    } finally {
      off();
    }
  }
}

async function* bytesOf(body: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch (cause) {
    throw new ClientError('UPLOAD_BROKEN', 'The file did not arrive whole', { cause });
  }
}

/** Of a process that runs no more. */
function isLeftOver(name: string): boolean {
  const pid = Number(/^(\d+)-/.exec(name)?.[1] ?? 0);
  if (pid === 0) return true;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM');
  }
}
