import type { ServerResponse } from 'node:http';
import type { DaemonEvent } from '@jami-plugin-store/contract';
import { DaemonError } from '../error.js';
import type { EventLog } from '../events/event-log.js';

export interface EventStreamOptions {
  readonly maxStreams: number;
  /** A listener that lets more pile up is cut off; it can resume. */
  readonly maxPendingBytes: number;
  /** A comment goes out this often, so that dead connections are noticed. */
  readonly heartbeatMs: number;
}

export interface EventStreams {
  /** @throws {DaemonError} TOO_MANY_LISTENERS */
  open(response: ServerResponse, lastEventId: string | undefined): void;
  close(): void;
}

/** Server-sent events (HTML Living Standard 9.2) out of an event log. */
export function eventStreams(events: EventLog, options: EventStreamOptions): EventStreams {
  const open = new Set<ServerResponse>();
  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength > options.maxPendingBytes) response.destroy();
    else response.write(text);
  };
  const heartbeat = setInterval(() => {
    for (const response of open) send(response, ':\n\n');
  }, options.heartbeatMs);
  heartbeat.unref();

  return {
    open: (response, lastEventId) => {
      if (open.size >= options.maxStreams)
        throw new DaemonError('TOO_MANY_LISTENERS', `${open.size} event streams are open already.`);
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        connection: 'keep-alive',
      });
      // Everything from here to `subscribe` runs without a break: no event is lost or told twice.
      response.write('retry: 1000\n\n');
      const missed = lastEventId === undefined ? [] : events.since(lastEventId);
      if (missed === 'forgotten') response.write('event: reset\ndata: {}\n\n');
      else for (const event of missed) response.write(messageOf(event));
      const unsubscribe = events.subscribe((event) => send(response, messageOf(event)));
      open.add(response);
      response.once('close', () => {
        unsubscribe();
        open.delete(response);
      });
      response.on('error', () => response.destroy());
    },
    close: () => {
      clearInterval(heartbeat);
      for (const response of open) response.end();
    },
  };
}

/** JSON has no line breaks of its own, so one `data` line is enough. */
function messageOf(event: DaemonEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
