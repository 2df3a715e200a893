import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';

interface PageFile {
  type: string;
  cacheControl: string;
  bytes: Buffer;
  /** Made when the page was built; by name of the content coding. */
  encoded: Map<string, Buffer>;
}

/** The built files of the page, held in memory: an address is a key of this table and never a path. */
export class PageFiles {
  readonly #files: ReadonlyMap<string, PageFile>;

  constructor(files: ReadonlyMap<string, PageFile>) {
    this.#files = files;
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** Sends the file of an address. @returns undefined where there is none */
  send(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    const path = request.url.split(/[?#]/, 1)[0] ?? '';
    const file = this.#files.get(path === '/' ? '/index.html' : path);
    if (file === undefined) return undefined;
    const accepted = String(request.headers['accept-encoding'] ?? '');
    const coding = ['br', 'gzip'].find((name) => file.encoded.has(name) && accepts(accepted, name));
    reply.header('content-type', file.type).header('cache-control', file.cacheControl);
    if (file.encoded.size > 0) reply.header('vary', 'Accept-Encoding');
    if (coding !== undefined) reply.header('content-encoding', coding);
    return reply.send((coding === undefined ? undefined : file.encoded.get(coding)) ?? file.bytes);
  }
}

const typeOf: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.ico': 'image/vnd.microsoft.icon',
  '.woff2': 'font/woff2',
};
const codingOf: Readonly<Record<string, string>> = { '.br': 'br', '.gz': 'gzip' };
/** What the bundler names by its content: `name-<hash>.ext`. */
const isImmutable = /^\/assets\/.+-[\w-]{8,}\.\w+$/;
const limits = { files: 2_000, bytes: 64 * 1024 * 1024 };

/**
 * Reads the built page.
 * @param folder undefined, or a folder that is not there: the page was not built
 * @throws the file system's own errors, and an Error where it is more than a page can be
 */
export async function readPageFiles(folder: string | undefined): Promise<PageFiles> {
  const files = new Map<string, PageFile>();
  const codings: { path: string; coding: string; bytes: Buffer }[] = [];
  let total = 0;
  for (const path of folder === undefined ? [] : await filesIn(folder)) {
    const extension = extname(path);
    const address = `/${relative(folder ?? '', path)
      .split(sep)
      .join('/')}`;
    const coding = codingOf[extension];
    const type = typeOf[extension];
    if (coding === undefined && type === undefined) continue;
    const bytes = await readFile(path);
    total += bytes.length;
    if (files.size + codings.length >= limits.files || total > limits.bytes)
      throw new Error(`${folder} holds more than a page: ${limits.files} files, ${limits.bytes} bytes`);
    if (coding !== undefined) codings.push({ path: address.slice(0, -extension.length), coding, bytes });
    else if (type !== undefined) {
      const cacheControl = isImmutable.test(address) ? 'public, max-age=31536000, immutable' : 'no-cache';
      files.set(address, { type, cacheControl, bytes, encoded: new Map() });
    }
  }
  for (const { path, coding, bytes } of codings) files.get(path)?.encoded.set(coding, bytes);
  return new PageFiles(files);
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    // Links are not followed.
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

/** RFC 9110 12.5.3, as browsers send it. */
function accepts(field: string, coding: string): boolean {
  return field.split(',').some((part) => {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    return name === coding && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}
