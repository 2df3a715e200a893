import type { Connectivity } from '../network/connectivity.js';
import type { Scheduler } from './scheduler.js';
import type { VersionManager } from './version-manager.js';

export interface RoutineMeans {
  manager: Pick<VersionManager, 'check' | 'isDue' | 'checkedAt'>;
  /** Reads when the last check was; another program may have made it. */
  reload(): Promise<void>;
  schedule: Scheduler;
  connectivity: Connectivity;
  clock: () => Date;
  /** In [0, 1): the second of each look, so that not all clients ask at once. */
  random: () => number;
  onTrouble(error: unknown): void;
}

/** A check at the start is left out where one was made so shortly before. */
const startGraceMs = 600_000;

/**
 * Looks for updates at the start and each day. Every ten minutes it asks whether a day has passed, so that what was missed in sleep, or
 * while nobody could be asked, is made up; also as soon as the network is back.
 */
export class DailyRoutine implements AsyncDisposable {
  readonly #means: RoutineMeans;
  readonly #job: Disposable;
  readonly #off: () => void;
  #running: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(means: RoutineMeans) {
    this.#means = means;
    const second = Math.floor(means.random() * 60);
    const minute = Math.floor(means.random() * 10);
    this.#job = means.schedule(`${second} ${minute}-59/10 * * * *`, () =>
      this.#run(() => means.manager.isDue()),
    );
    this.#off = means.connectivity.on((isOnline) => {
      if (isOnline) void this.#run(() => means.manager.isDue());
    });
  }

  /** The check at the start. */
  start(): Promise<void> {
    return this.#run(() => {
      const last = Date.parse(this.#means.manager.checkedAt ?? '');
      const agoMs = this.#means.clock().getTime() - last;
      return this.#means.manager.isDue() || !(agoMs >= 0 && agoMs < startGraceMs);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#job[Symbol.dispose]();
    this.#off();
    await this.#running;
  }

  /** One after the other; what goes wrong is told, and tried again the next time. */
  #run(isWanted: () => boolean): Promise<void> {
    const { manager, reload, onTrouble } = this.#means;
    this.#running = this.#running.then(async () => {
      if (this.#isClosed) return;
      try {
        await reload();
        if (isWanted()) await manager.check();
      } catch (error) {
        if (!this.#isClosed) onTrouble(error);
      }
    });
    return this.#running;
  }
}
