import { constants, promises as fs } from 'node:fs';
import { makeFolder } from './make-folder.js';

/** What stands at a path, links not followed. */
export type PathKind = 'file' | 'directory' | 'link' | 'other' | 'absent';

export interface DiskFile {
  write(chunk: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/**
 * Everything the daemon does to the data folder, as single steps that can fail or be killed at, one by one.
 * Errors are the file system's own (`code`, `syscall`); `typedError` gives them the daemon's codes.
 */
export interface Disk {
  /** Makes missing parents too; an existing folder is fine. `mode` before umask. */
  makeDirectory(path: string, mode?: number): Promise<void>;
  /** A new file; never follows or overwrites what stands there. */
  createFile(path: string): Promise<DiskFile>;
  /** A new whole file. */
  writeFile(path: string, content: Uint8Array): Promise<void>;
  /** Adds to the end of a file, which is made where it is missing, and flushes it. Never follows a link in the last part. */
  appendFile(path: string, content: Uint8Array): Promise<void>;
  syncFile(path: string): Promise<void>;
  /** Makes names in a folder durable. Does nothing where the system has no such call (Windows). */
  syncDirectory(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  symlink(target: string, path: string, kind: 'file' | 'dir' | 'junction'): Promise<void>;
  /** A second name of the same file. */
  link(existing: string, path: string): Promise<void>;
  /** Removes one file or link. */
  remove(path: string): Promise<void>;
  /** Removes a folder and all in it, links not followed; nothing there is fine. */
  removeTree(path: string): Promise<void>;
  kindOf(path: string): Promise<PathKind>;
  /** Names in a folder, sorted. */
  list(path: string): Promise<string[]>;
  readLink(path: string): Promise<string>;
  /** A whole file of at most `maxBytes`; a longer one is EFBIG. Never follows a link in the last part. */
  readFile(path: string, maxBytes: number): Promise<Buffer>;
  /** A file in chunks. Never follows a link in the last part. */
  readChunks(path: string): AsyncIterable<Buffer>;
}

/** The real file system. */
export function nodeDisk(platform: NodeJS.Platform = process.platform): Disk {
  return {
    makeDirectory: async (path, mode = 0o755) => {
      await makeFolder(path, mode);
    },
    createFile: openNew,
    writeFile: async (path, content) => {
      const file = await openNew(path);
      try {
        await file.write(content);
      } finally {
        await file.close();
      }
    },
    appendFile,
    syncFile: (path) => sync(path, platform === 'win32' ? 'r+' : 'r'),
    // Windows has no fsync of a folder: opening one fails there.
    syncDirectory: async (path) => {
      if (platform !== 'win32') await sync(path, 'r');
    },
    rename: (from, to) => fs.rename(from, to),
    symlink: (target, path, kind) => fs.symlink(target, path, kind),
    link: (existing, path) => fs.link(existing, path),
    remove: (path) => fs.unlink(path),
    removeTree: (path) => fs.rm(path, { recursive: true, force: true, maxRetries: 2 }),
    kindOf,
    list: async (path) => (await fs.readdir(path)).sort(),
    readLink: (path) => fs.readlink(path),
    readFile,
    readChunks,
  };
}

async function openNew(path: string): Promise<DiskFile> {
  const handle = await fs.open(path, 'wx', 0o644);
  return {
    // FileHandle.writeFile repeats short writes until the chunk is whole.
    write: (chunk) => handle.writeFile(chunk),
    close: () => handle.close(),
  };
}

async function sync(path: string, flags: string): Promise<void> {
  const handle = await fs.open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const appendFlags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

async function appendFile(path: string, content: Uint8Array): Promise<void> {
  const handle = await fs.open(path, appendFlags, 0o600);
  try {
    await handle.writeFile(content);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function kindOf(path: string): Promise<PathKind> {
  try {
    const status = await fs.lstat(path);
    if (status.isSymbolicLink()) return 'link';
    if (status.isDirectory()) return 'directory';
    return status.isFile() ? 'file' : 'other';
  } catch (error) {
    if (isAbsent(error)) return 'absent';
    throw error;
  }
}

// O_NONBLOCK: opening a pipe that somebody put there must not hang.
const readFlags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

async function* readChunks(path: string): AsyncIterable<Buffer> {
  const handle = await fs.open(path, readFlags);
  for await (const chunk of handle.createReadStream({ highWaterMark: 256 * 1024 })) yield chunk as Buffer;
}

async function readFile(path: string, maxBytes: number): Promise<Buffer> {
  const handle = await fs.open(path, readFlags);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) throw tooLarge(path, maxBytes);
    const buffer = Buffer.alloc(size + 1);
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
      if (bytesRead === 0) return buffer.subarray(0, filled);
      filled += bytesRead;
    }
    throw tooLarge(path, size);
  } finally {
    await handle.close();
  }
}

function tooLarge(path: string, maxBytes: number): Error {
  const error: NodeJS.ErrnoException = new Error(`EFBIG: more than ${maxBytes} bytes, read '${path}'`);
  return Object.assign(error, { code: 'EFBIG', syscall: 'read', path });
}

/** True for "nothing stands there" (a part of the path being a file included). */
export function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
