import type { ServerResponse } from 'node:http';
import type { PageEvent } from '@jami-plugin-store/contract';
import { ClientError } from '../error.js';
import type { PageModel } from '../page/page-model.js';
import { securityHeaders } from './page-guard.js';

export interface EventStreamOptions {
  maxStreams: number;
  /** A comment goes out this often; who has taken nothing in between is cut off. */
  heartbeatMs: number;
  /** Events that wait for a page that does not read; with more it is cut off and reads the state again. */
  maxPending: number;
}

/** Server-sent events (HTML Living Standard 9.2) to the pages that are open. */
export class EventStreams implements Disposable {
  readonly #model: PageModel;
  readonly #options: EventStreamOptions;
  readonly #open = new Set<EventStream>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #off: () => void;

  constructor(model: PageModel, options: EventStreamOptions) {
    this.#model = model;
    this.#options = options;
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#open) stream.beat();
    }, options.heartbeatMs).unref();
    this.#off = this.#model.on((event) => {
      for (const stream of this.#open) stream.tell(event);
    });
  }

  /** @throws {ClientError} TOO_MANY_LISTENERS */
  open(response: ServerResponse): void {
    if (this.#open.size >= this.#options.maxStreams)
      throw new ClientError('TOO_MANY_LISTENERS', `${this.#open.size} pages are open already`);
    response.writeHead(200, {
      ...securityHeaders(),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      connection: 'keep-alive',
    });
    const stream = new EventStream(response, this.#options.maxPending);
    this.#open.add(stream);
    response.once('close', () => this.#open.delete(stream));
    stream.start();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    this.#off();
    for (const stream of this.#open) stream.end();
  }
}

/** To a page that reads slowly the newest of each thing goes, instead of a queue without end. */
class EventStream {
  readonly #response: ServerResponse;
  readonly #maxPending: number;
  readonly #pending = new Map<string, PageEvent>();
  #count = 0;
  #isBlocked = false;
  #wasBlocked = false;

  constructor(response: ServerResponse, maxPending: number) {
    this.#response = response;
    this.#maxPending = maxPending;
    response.on('error', () => response.destroy());
    response.on('drain', () => {
      this.#isBlocked = false;
      this.#wasBlocked = false;
      this.#flush();
    });
  }

  start(): void {
    this.#write(`retry: 1000\n\n${messageOf({ type: 'hello' })}`);
  }

  tell(event: PageEvent): void {
    this.#count += 1;
    const key = keyOf(event) ?? `${this.#count}`;
    // Behind what came after it: a plugin's newest state is told when it is known.
    this.#pending.delete(key);
    this.#pending.set(key, event);
    if (this.#pending.size > this.#maxPending) this.#response.destroy();
    else this.#flush();
  }

  beat(): void {
    if (this.#isBlocked && this.#wasBlocked) this.#response.destroy();
    else if (this.#isBlocked) this.#wasBlocked = true;
    else this.#write(':\n\n');
  }

  end(): void {
    this.#response.end();
  }

  #flush(): void {
    for (const [key, event] of this.#pending) {
      if (this.#isBlocked || this.#response.destroyed) return;
      this.#pending.delete(key);
      this.#write(messageOf(event));
    }
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#isBlocked = true;
  }
}

/** Events of one key take each other's place; undefined: each is told. */
function keyOf(event: PageEvent): string | undefined {
  switch (event.type) {
    case 'shell':
      return 'shell';
    case 'plugin':
      return `plugin ${event.plugin.store} ${event.plugin.snapshot.id}`;
    case 'gone':
      return `plugin ${event.store} ${event.id}`;
    case 'catalog':
      return `catalog ${event.store}`;
    case 'package':
      return `package ${event.job}`;
    default:
      return undefined;
  }
}

/** JSON has no line breaks of its own, so one `data` line is enough. */
function messageOf(event: PageEvent): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
