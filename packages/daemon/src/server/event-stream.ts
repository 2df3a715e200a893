import type { ServerResponse } from 'node:http';
import type { DaemonEvent } from '@jami-plugin-store/contract';
import { DaemonError } from '../error.js';
import type { EventLog } from '../events/event-log.js';

export interface EventStreamOptions {
  readonly maxStreams: number;
  /** A comment goes out this often, so that dead connections are noticed; who has taken nothing in between is cut off. */
  readonly heartbeatMs: number;
}

export interface EventStreams {
  /** @throws {DaemonError} TOO_MANY_LISTENERS */
  open(response: ServerResponse, lastEventId: string | undefined): void;
  close(): void;
}

/**
 * Server-sent events (HTML Living Standard 9.2) out of an event log. A listener that reads slowly gets its events out of the
 * log when it reads on: none are kept for it meanwhile, so that memory does not grow with listeners that do not read.
 */
export function eventStreams(events: EventLog, options: EventStreamOptions): EventStreams {
  const open = new Set<EventStream>();
  const heartbeat = setInterval(() => {
    for (const stream of open) stream.beat();
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
      const stream = new EventStream(response, events);
      open.add(stream);
      response.once('close', () => open.delete(stream));
      stream.start(lastEventId);
    },
    close: () => {
      clearInterval(heartbeat);
      for (const stream of open) stream.end();
    },
  };
}

class EventStream {
  readonly #response: ServerResponse;
  readonly #events: EventLog;
  /** The last event that was written; undefined before the first. */
  #cursor: string | undefined;
  /** What came while the stream was blocked before its first event. */
  #first: DaemonEvent | undefined;
  /** What was written waits for the listener to read. */
  #isBlocked = false;
  #wasBlocked = false;

  constructor(response: ServerResponse, events: EventLog) {
    this.#response = response;
    this.#events = events;
    response.on('error', () => response.destroy());
    response.on('drain', () => {
      this.#isBlocked = false;
      this.#wasBlocked = false;
      this.#catchUp();
    });
  }

  /** Runs without a break from what was missed to the subscription: no event is lost or told twice. */
  start(lastEventId: string | undefined): void {
    this.#write('retry: 1000\n\n');
    if (lastEventId !== undefined && this.#events.since(lastEventId) === 'forgotten')
      this.#write('event: reset\ndata: {}\n\n');
    else this.#cursor = lastEventId;
    const unsubscribe = this.#events.subscribe((event) => {
      if (!this.#isBlocked) this.#tell(event);
      else if (this.#cursor === undefined) this.#first ??= event;
    });
    this.#response.once('close', unsubscribe);
    this.#catchUp();
  }

  beat(): void {
    if (this.#isBlocked && this.#wasBlocked) this.#response.destroy();
    else if (this.#isBlocked) this.#wasBlocked = true;
    else this.#write(':\n\n');
  }

  end(): void {
    this.#response.end();
  }

  #catchUp(): void {
    if (this.#cursor === undefined && this.#first !== undefined) this.#tell(this.#first);
    if (this.#cursor === undefined) return;
    const missed = this.#events.since(this.#cursor);
    // It was too slow for what the log remembers: it comes again and is told to read the list.
    if (missed === 'forgotten') return void this.#response.destroy();
    for (const event of missed) {
      if (this.#isBlocked) return;
      this.#tell(event);
    }
  }

  #tell(event: DaemonEvent): void {
    this.#cursor = event.id;
    this.#write(messageOf(event));
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#isBlocked = true;
  }
}

/** JSON has no line breaks of its own, so one `data` line is enough. */
function messageOf(event: DaemonEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
