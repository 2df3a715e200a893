import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { StoreError } from '../error.js';
import { imageMediaTypeOf } from './image-kind.js';
import { type ImageOrder, type ImagePurpose, type ImageReport, imageExit } from './image-order.js';

/** An image as the store serves it: its own bytes, never those a stranger sent (SVG aside, which is text). */
export interface RenderedImage {
  readonly bytes: Buffer;
  readonly mediaType: ImageReport['mediaType'] | 'image/svg+xml';
}

/** What one image may cost. Milliseconds, bytes, pixels. */
export interface ImageLimits {
  readonly maxSourceBytes: number;
  readonly maxPixels: number;
  readonly timeMs: number;
  readonly cpuSeconds: number;
  /** Writable memory of the decoding process, where the system can hold it to that (Linux). */
  readonly dataBytes: number;
  readonly maxRssBytes: number;
  /** Decoding processes at the same time; the others wait. */
  readonly atOnce: number;
}

const mebibyte = 1024 * 1024;

const defaultImageLimits: ImageLimits = {
  maxSourceBytes: 4 * mebibyte,
  maxPixels: 4096 * 4096,
  timeMs: 15_000,
  cpuSeconds: 10,
  dataBytes: 512 * mebibyte,
  maxRssBytes: 384 * mebibyte,
  atOnce: 2,
};

const sizes: Readonly<Record<ImagePurpose, Pick<ImageOrder, 'maxWidth' | 'maxHeight' | 'maxOutputBytes'>>> = {
  icon: { maxWidth: 512, maxHeight: 512, maxOutputBytes: mebibyte },
  background: { maxWidth: 1920, maxHeight: 1080, maxOutputBytes: 2 * mebibyte },
};

// From the sources as from the build: a process of its own needs the built file.
const imageMain = fileURLToPath(new URL('../../dist/images/image-main.js', import.meta.url));

/** Makes images that are safe to show out of those that packages bring. */
export interface ImageRenderer {
  /**
   * Decodes an image in a bounded process of its own and encodes it anew; an SVG stays as it is (the routes serve it in a sandbox).
   * @throws {StoreError} IMAGE_REFUSED: no such format, too large, broken, or it cost more than it may
   * @throws the signal's reason
   */
  render(source: Buffer, purpose: ImagePurpose, signal?: AbortSignal): Promise<RenderedImage>;
}

export function createImageRenderer(given: Partial<ImageLimits> = {}): ImageRenderer {
  const limits = { ...defaultImageLimits, ...given };
  const turns = new Turns(limits.atOnce);
  const known = new KnownImages();
  return {
    async render(source, purpose, signal) {
      signal?.throwIfAborted();
      if (source.length > limits.maxSourceBytes)
        throw refused(`it has more than ${limits.maxSourceBytes} bytes`);
      const kind = imageMediaTypeOf(source);
      if (kind === undefined) throw refused('it is no PNG, JPEG, GIF, WebP or SVG image');
      if (kind === 'image/svg+xml') return { bytes: source, mediaType: kind };
      const name = `${purpose} ${createHash('sha256').update(source).digest('hex')}`;
      const before = known.get(name);
      if (before !== undefined) return before;
      using _turn = await turns.take();
      signal?.throwIfAborted();
      const order = { ...sizes[purpose], maxPixels: limits.maxPixels, maxRssBytes: limits.maxRssBytes };
      const image = await decode(source, order, limits, signal);
      known.add(name, image);
      return image;
    },
  };
}

async function decode(
  source: Buffer,
  order: ImageOrder,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<RenderedImage> {
  const child = start(order, limits);
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, limits.timeMs);
  const giveUp = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', giveUp);
  try {
    // A process that is gone reads no more; how it ended says why.
    child.stdin?.on('error', () => undefined).end(source);
    const end = ended(child);
    const [said, why] = await Promise.all([
      readAtMost(child.stdout, order.maxOutputBytes + maxReportBytes, giveUp),
      readAtMost(child.stderr, maxReasonBytes),
      end,
    ]);
    const code = await end;
    signal?.throwIfAborted();
    if (code === 0) return parseResult(said);
    throw refused(isLate ? `it took more than ${limits.timeMs} ms to decode` : reasonOf(code, why));
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', giveUp);
    child.kill('SIGKILL');
  }
}

/** All images remembered together. */
const maxKnownBytes = 8 * mebibyte;
const maxReportBytes = 1024;
const maxReasonBytes = 1024;

/** The process gets no environment, no file to write and, where the system can, no more memory and time than is its due. */
function start(order: ImageOrder, { dataBytes, cpuSeconds }: ImageLimits): ChildProcess {
  const node = [process.execPath, '--max-old-space-size=64', imageMain, JSON.stringify(order)] as const;
  const bounds = ['-c 0', '-f 0', `-t ${cpuSeconds}`, `-d ${Math.floor(dataBytes / 1024)}`];
  const limited = `${bounds.map((bound) => `ulimit ${bound}`).join(' && ')} && exec "$@"`;
  const [command, ...args] =
    process.platform === 'linux' ? (['/bin/sh', '-c', limited, 'sh', ...node] as const) : node;
  return spawn(command, args, { env: {}, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
}

/** @returns the exit code; undefined where it was ended by a signal */
function ended(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new StoreError('INTERNAL', 'Images cannot be decoded: no process starts.', { cause })),
    );
    child.once('close', (code) => resolve(code ?? undefined));
  });
}

async function readAtMost(
  stream: Readable | null,
  maxBytes: number,
  onMore: () => void = () => undefined,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream ?? []) {
    length += chunk.length;
    if (length <= maxBytes) chunks.push(chunk);
    else onMore();
  }
  return Buffer.concat(chunks);
}

function reasonOf(code: number | undefined, why: Buffer): string {
  if (code === imageExit.refused) return `it cannot be decoded (${why.toString().trim()})`;
  if (code === imageExit.tooLarge) return 'it is too large to be shown';
  if (code === imageExit.tooMuchMemory) return 'it needs too much memory to decode';
  return 'decoding it ended its process';
}

const madeHere: ReadonlySet<unknown> = new Set(['image/png', 'image/jpeg', 'image/webp']);

/** What comes out of a process that read a stranger's bytes is looked at as a stranger's. */
function parseResult(said: Buffer): RenderedImage {
  const lineEnd = said.indexOf(0x0a);
  const bytes = said.subarray(lineEnd + 1);
  let report: Partial<ImageReport>;
  try {
    report = JSON.parse(said.subarray(0, Math.max(0, lineEnd)).toString('utf8'));
  } catch (cause) {
    throw refused('its process said something else than an image', cause);
  }
  const { mediaType } = report;
  if (mediaType === undefined || !madeHere.has(mediaType) || imageMediaTypeOf(bytes) !== mediaType) {
    throw refused('its process said something else than an image');
  }
  return { bytes: Buffer.from(bytes), mediaType };
}

function refused(why: string, cause?: unknown): StoreError {
  return new StoreError('IMAGE_REFUSED', `The image cannot be shown: ${why}.`, { cause });
}

/** Images made lately: most versions of a plugin bring the icon of the one before. Bounded; the oldest go first. */
class KnownImages {
  readonly #images = new Map<string, RenderedImage>();
  #bytes = 0;

  get(name: string): RenderedImage | undefined {
    return this.#images.get(name);
  }

  add(name: string, image: RenderedImage): void {
    if (this.#images.has(name)) return;
    this.#images.set(name, image);
    this.#bytes += image.bytes.length;
    for (const [oldest, { bytes }] of this.#images) {
      if (this.#bytes <= maxKnownBytes) return;
      this.#images.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}

/** Lets a number of holders in at a time; the others wait in order. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  async take(): Promise<Disposable> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return {
      [Symbol.dispose]: () => {
        const next = this.#waiting.shift();
        if (next === undefined) this.#free += 1;
        else next();
      },
    };
  }
}
