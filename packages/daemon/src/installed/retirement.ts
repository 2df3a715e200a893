import type { KeyQueue } from '../install/key-queue.js';
import type { InstalledPlace } from './find-plugin.js';
import { removeUnused, unusedNames } from './recovery.js';

/** Removes trees that updates left behind, after a time in which somebody may still read from them. */
export interface Retirement {
  /** To be called after a commit, in the plugin's queue. */
  retire(id: string): Promise<void>;
  /** Removes now what still waits. */
  close(): Promise<void>;
}

export interface RetirementOptions {
  /** How long a program that opened a plugin's folder finds all of it, however many updates follow. 0: removed at once. */
  readonly retireMs: number;
  readonly queue: KeyQueue;
  readonly onLeftover: (error: unknown, id: string) => void;
}

/** What still waits when the process is killed is removed by recovery. */
export function createRetirement(place: InstalledPlace, options: RetirementOptions): Retirement {
  const { retireMs, queue, onLeftover } = options;
  const waiting = new Map<NodeJS.Timeout, () => Promise<void>>();
  const remove = (id: string, names: ReadonlySet<string> | undefined): Promise<void> =>
    removeUnused(place, id, names).catch((error: unknown) => onLeftover(error, id));

  return {
    retire: async (id) => {
      if (retireMs === 0) return remove(id, undefined);
      const names = new Set(await unusedNames(place, id));
      if (names.size === 0) return;
      const work = (): Promise<void> => queue.run(id.toLowerCase(), () => remove(id, names));
      const timer = setTimeout(() => {
        waiting.delete(timer);
        void work();
      }, retireMs);
      timer.unref();
      waiting.set(timer, work);
    },
    close: async () => {
      const left = [...waiting];
      waiting.clear();
      for (const [timer, work] of left) {
        clearTimeout(timer);
        await work();
      }
    },
  };
}
