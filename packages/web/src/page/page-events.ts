import type { PageEvent } from '@jami-plugin-store/contract';
import { pageRoutes } from '@jami-plugin-store/contract';

/** Whether the page hears what happens: `lost` while the program behind it does not answer. */
export type Connection = 'connecting' | 'open' | 'lost';

export interface FollowOptions {
  readonly onEvent: (event: PageEvent) => void;
  readonly onConnection: (connection: Connection) => void;
  readonly signal: AbortSignal;
  readonly open?: (path: string) => EventSource;
}

/** Every name a message of the stream may have: one that is not listened to is never heard of. */
const eventTypes = {
  hello: true,
  shell: true,
  plugin: true,
  gone: true,
  catalog: true,
  activity: true,
  package: true,
  update: true,
  trace: true,
} as const satisfies Record<PageEvent['type'], true>;
const firstWaitMs = 500;
const longestWaitMs = 5_000;

/**
 * Follows the host's events until the signal is aborted. The browser goes on by itself after a break of the connection; after
 * an answer that is no stream (no session, no host) it gives up, and this asks again, at growing intervals.
 */
export function followHost({
  onEvent,
  onConnection,
  signal,
  open = (path) => new EventSource(path),
}: FollowOptions): void {
  let waitMs = firstWaitMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let source: EventSource | undefined;

  const start = (): void => {
    if (signal.aborted) return;
    const current = open(pageRoutes.events);
    source = current;
    current.addEventListener('open', () => {
      waitMs = firstWaitMs;
      onConnection('open');
    });
    current.addEventListener('error', () => {
      onConnection('lost');
      if (current.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(start, waitMs);
      waitMs = Math.min(waitMs * 2, longestWaitMs);
    });
    for (const type of Object.keys(eventTypes)) {
      current.addEventListener(type, ({ data }: MessageEvent<string>) =>
        onEvent(JSON.parse(data) as PageEvent),
      );
    }
  };
  signal.addEventListener('abort', () => {
    clearTimeout(timer);
    source?.close();
  });
  start();
}
