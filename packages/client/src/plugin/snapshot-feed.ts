import type { PluginSnapshot } from '@jami-plugin-store/contract';
import type { DaemonState } from '../daemon/daemon-mirror.js';
import type { StoreCatalog } from '../store/catalog.js';

export type StoreClientEvent =
  | { type: 'plugin'; plugin: PluginSnapshot }
  /** Neither offered nor installed any more. */
  | { type: 'gone'; id: string }
  | { type: 'catalog'; catalog: StoreCatalog }
  | { type: 'daemon'; daemon: DaemonState }
  /** Something beside the plugin's own life went wrong, such as an archive that could not be removed. */
  | { type: 'trouble'; error: Error };

/** Tells every listener, and lets a slow reader have the newest of each thing instead of a queue without end. */
export class SnapshotFeed {
  readonly #listeners = new Set<(event: StoreClientEvent) => void>();

  emit(event: StoreClientEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** @returns what ends it */
  on(listener: (event: StoreClientEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Events from now on, until the signal is aborted. */
  async *read(signal: AbortSignal): AsyncGenerator<StoreClientEvent, void> {
    const pending = new Map<string, StoreClientEvent>();
    let wake: (() => void) | undefined;
    const turn = (): void => {
      wake?.();
      wake = undefined;
    };
    const off = this.on((event) => {
      const key = keyOf(event);
      pending.delete(key);
      pending.set(key, event);
      turn();
    });
    signal.addEventListener('abort', turn);
    try {
      while (!signal.aborted) {
        const next = pending.entries().next();
        if (next.done === true) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        pending.delete(next.value[0]);
        yield next.value[1];
      }
    } finally {
      off();
      signal.removeEventListener('abort', turn);
    }
  }
}

function keyOf(event: StoreClientEvent): string {
  if (event.type === 'plugin') return `plugin ${event.plugin.id}`;
  if (event.type === 'gone') return `plugin ${event.id}`;
  return event.type;
}
