import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Static, Type } from 'typebox';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';
import { syncFolder } from '../storage/durable-file.js';

/** What is remembered of a broken download beside its bytes. */
const PartState = Type.Object({
  url: Type.String(),
  etag: Type.String(),
  total: Type.Optional(Type.Integer({ minimum: 0 })),
});
type PartState = Static<typeof PartState>;

const maxStateBytes = 16 * 1024;
const rehashBytes = 256 * 1024;
const isWindows = process.platform === 'win32';

/** `<target>.part`: the bytes received so far and their running digests. Closed with `await using`. */
export interface PartFile extends AsyncDisposable {
  readonly length: number;
  /** The validator and length these bytes belong to; undefined when nothing can be resumed. */
  readonly state: PartState | undefined;
  append(chunk: Buffer): Promise<void>;
  /** Forgets all bytes; those that follow belong to `state` (undefined: they cannot be resumed). */
  restart(state: PartState | undefined): Promise<void>;
  digests(): { sha256: string; sha512: string };
  /** Makes the bytes durable and gives them the target's name in one step. */
  complete(): Promise<void>;
  /** Removes the bytes. */
  remove(): Promise<void>;
}

/**
 * Opens the part of a download, creating its folder (0700) and file (0600). Bytes that were left there are hashed again
 * where they can be resumed: same URL, strong validator. Others are forgotten.
 * @throws {ClientError} CACHE_NOT_PRIVATE | CACHE_NOT_WRITABLE | DISK_FULL
 */
export async function openPartFile(target: string, url: string): Promise<PartFile> {
  const path = `${target}.part`;
  return onDisk(path, async () => {
    await ensurePrivateFolder(dirname(target));
    const noFollow = isWindows ? 0 : constants.O_NOFOLLOW;
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | noFollow, 0o600);
    try {
      if (!isWindows) await handle.chmod(0o600);
      const part = new OpenPartFile(target, handle);
      await part.load(url);
      return part;
    } catch (error) {
      await handle.close();
      throw error;
    }
  });
}

/** Removes what a download of `target` left behind. */
export async function removePartFile(target: string): Promise<void> {
  await onDisk(target, async () => {
    await rm(`${target}.part`, { force: true });
    await rm(`${target}.part.json`, { force: true });
  });
}

class OpenPartFile implements PartFile {
  length = 0;
  state: PartState | undefined;
  #sha256 = createHash('sha256');
  #sha512 = createHash('sha512');
  readonly #target: string;
  readonly #handle: FileHandle;
  #closed = false;

  constructor(target: string, handle: FileHandle) {
    this.#target = target;
    this.#handle = handle;
  }

  async load(url: string): Promise<void> {
    const state = await readState(`${this.#target}.part.json`);
    if (state === undefined || state.url !== url) {
      await this.#empty();
      return;
    }
    const buffer = Buffer.allocUnsafe(rehashBytes);
    for (;;) {
      const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.length);
      if (bytesRead === 0) break;
      this.#take(buffer.subarray(0, bytesRead));
      if (state.total !== undefined && this.length > state.total) {
        await this.#empty();
        return;
      }
    }
    this.state = state;
  }

  append(chunk: Buffer): Promise<void> {
    return onDisk(this.#target, async () => {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await this.#handle.write(
          chunk,
          written,
          chunk.length - written,
          this.length + written,
        );
        written += bytesWritten;
      }
      this.#take(chunk);
    });
  }

  restart(state: PartState | undefined): Promise<void> {
    return onDisk(this.#target, async () => {
      await this.#empty();
      if (state === undefined) return;
      // Written only after the old bytes are gone: a crash in between never joins bytes with a foreign validator.
      const path = `${this.#target}.part.json`;
      await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o600 });
      await rename(`${path}.new`, path);
      this.state = state;
    });
  }

  digests(): { sha256: string; sha512: string } {
    return { sha256: this.#sha256.copy().digest('hex'), sha512: this.#sha512.copy().digest('hex') };
  }

  complete(): Promise<void> {
    return onDisk(this.#target, async () => {
      await this.#handle.sync();
      await this.#close();
      await rename(`${this.#target}.part`, this.#target);
      await rm(`${this.#target}.part.json`, { force: true });
      await syncFolder(dirname(this.#target));
    });
  }

  async remove(): Promise<void> {
    await this.#close();
    await removePartFile(this.#target);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }

  #take(bytes: Buffer): void {
    this.#sha256.update(bytes);
    this.#sha512.update(bytes);
    this.length += bytes.length;
  }

  async #empty(): Promise<void> {
    await rm(`${this.#target}.part.json`, { force: true });
    await this.#handle.truncate(0);
    this.length = 0;
    this.state = undefined;
    this.#sha256 = createHash('sha256');
    this.#sha512 = createHash('sha512');
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#handle.close();
  }
}

/** SHA-256 of a file, hex; undefined where there is no such file. */
export async function sha256OfFile(path: string): Promise<{ sha256: string; bytes: number } | undefined> {
  const hash: Hash = createHash('sha256');
  let bytes = 0;
  try {
    await using handle = await openRegular(path);
    for await (const chunk of handle.file.createReadStream({ autoClose: false })) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw diskError(path, error);
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function openRegular(path: string): Promise<AsyncDisposable & { file: FileHandle }> {
  const file = await open(path, isWindows ? 'r' : constants.O_RDONLY | constants.O_NOFOLLOW);
  return { file, [Symbol.asyncDispose]: () => file.close() };
}

/** Makes the cache a folder that only its owner enters. @throws {ClientError} CACHE_NOT_PRIVATE */
export async function ensurePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (isWindows) return;
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new ClientError(
      'CACHE_NOT_PRIVATE',
      `${folder} is not a folder of this user: nothing is downloaded to it`,
      { at: folder },
    );
  }
  if ((found.mode & 0o077) !== 0) await chmod(folder, 0o700);
}

async function readState(path: string): Promise<PartState | undefined> {
  let bytes: Buffer;
  try {
    if ((await lstat(path)).size > maxStateBytes) return undefined;
    bytes = await readFile(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const state: unknown = JSON.parse(bytes.toString('utf8'));
    return Check(PartState, state) ? state : undefined;
  } catch (error) {
    // Half-written by a crash: the download starts from zero.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(path, error);
  }
}

export function diskError(path: string, error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const reason = error instanceof Error ? error.message : String(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ClientError('DISK_FULL', `No space left for ${path}`, { at: path, cause: error });
  }
  return new ClientError('CACHE_NOT_WRITABLE', `${path} cannot be used: ${reason}`, {
    at: path,
    cause: error,
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
