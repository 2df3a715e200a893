import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyBaseLogger } from 'fastify';

/** A burst of changes (a copy in progress) counts as one, this long after its last one… */
const quietMs = 300;
/** …but a folder that never rests is looked at after this long all the same. */
const maxQuietMs = 1_500;
/** Without notices from the system (network disks), new and renamed files are seen by the folder's own time. */
const lookMs = 2_000;
/** Everything is looked at this often: files written in place, and judgements worth trying again. */
const fullLookMs = 30_000;

/** Calls `onChange` soon after something in a folder changed, and now and then without a reason. */
export class FolderWatch implements Disposable {
  readonly #onChange: () => void;
  readonly #watcher: FSWatcher | undefined;
  readonly #looking: NodeJS.Timeout;
  readonly #fullLooking: NodeJS.Timeout;
  #quiet: NodeJS.Timeout | undefined;
  #burstSince: number | undefined;
  #folderTime: number | undefined;

  constructor(folder: string, onChange: () => void, log: FastifyBaseLogger) {
    this.#onChange = onChange;
    this.#watcher = watchOrTell(folder, () => this.#noticed(), log);
    this.#looking = setInterval(() => void this.#look(folder), lookMs).unref();
    this.#fullLooking = setInterval(onChange, fullLookMs).unref();
  }

  [Symbol.dispose](): void {
    this.#watcher?.close();
    clearInterval(this.#looking);
    clearInterval(this.#fullLooking);
    clearTimeout(this.#quiet);
  }

  #noticed(): void {
    const now = performance.now();
    this.#burstSince ??= now;
    const wait = Math.min(quietMs, Math.max(0, this.#burstSince + maxQuietMs - now));
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => {
      this.#burstSince = undefined;
      this.#onChange();
    }, wait).unref();
  }

  async #look(folder: string): Promise<void> {
    // A folder that cannot be read is reported by the scan that follows the full look.
    const time = await stat(folder).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined,
    );
    if (time === undefined) return;
    if (this.#folderTime !== undefined && this.#folderTime !== time) this.#noticed();
    this.#folderTime = time;
  }
}

function watchOrTell(folder: string, onEvent: () => void, log: FastifyBaseLogger): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onEvent);
    watcher.on('error', (error) =>
      log.warn({ err: error }, 'the system stopped telling of changed packages'),
    );
    return watcher;
  } catch (error) {
    log.warn({ err: error }, 'the system does not tell of changed packages; looking every two seconds');
    return undefined;
  }
}
