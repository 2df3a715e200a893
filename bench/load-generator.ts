/**
 * Load from a process of its own, where there is no wrk, or where a steady rate is asked for: `load-generator.js ORDER.json`; prints one
 * LoadResult.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { LoadResult } from './load.js';

interface Order {
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  /** Whole HTTP requests, base64. */
  readonly requests: readonly string[];
  readonly closesConnections?: boolean;
  /** Requests a second, evenly; without it each connection asks again as soon as it has its answer. */
  readonly perSecond?: number;
}

const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Order;
const { hostname, port } = new URL(order.url);
const requests = order.requests.map((text) => Buffer.from(text, 'base64'));
let latencies: number[] = [];
let failures = 0;
let next = 0;
/** What is counted began here. */
let start = performance.now();
const endsAt = start + order.seconds * 1000;

/** The answers of one connection, as their bytes come in. */
class Answers {
  #head = Buffer.alloc(0);
  /** Bytes of the body still to come; undefined: the head is not whole yet. */
  #left: number | undefined;
  #isGood = false;

  /** @returns whether an answer is whole now, and whether it is a success */
  take(chunk: Buffer): 'good' | 'bad' | undefined {
    if (this.#left === undefined) {
      this.#head = Buffer.concat([this.#head, chunk]);
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const text = this.#head.subarray(0, end).toString('latin1');
      this.#isGood = /^HTTP\/1\.[01] (2|304)/.test(text);
      const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
      this.#left = length + end + 4 - this.#head.length;
      this.#head = Buffer.alloc(0);
    } else this.#left -= chunk.length;
    if (this.#left > 0) return undefined;
    this.#left = undefined;
    return this.#isGood ? 'good' : 'bad';
  }
}

class Connection {
  readonly #socket: Socket;
  readonly #answers = new Answers();
  readonly #onAnswer: (connection: Connection) => void;
  /** Resolves when it is closed. */
  readonly closed: Promise<void>;
  #askedAt = 0;

  constructor(onConnect: (connection: Connection) => void, onAnswer: (connection: Connection) => void) {
    this.#onAnswer = onAnswer;
    this.#socket = connect({
      port: Number(port),
      host: hostname,
      noDelay: true,
      // One buffer for all that comes: the collector's pauses would count as the server's.
      onread: {
        buffer: Buffer.allocUnsafe(256 * 1024),
        callback: (length, bytes) => {
          this.#take(Buffer.from(bytes.buffer, bytes.byteOffset, length));
          return true;
        },
      },
    });
    this.#socket.once('connect', () => onConnect(this));
    this.#socket.once('error', () => {
      failures += 1;
    });
    this.closed = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  /** @param due  when it was to be asked: what it waited here counts as well */
  ask(due: number): void {
    this.#askedAt = due;
    this.#socket.write(requests[next++ % requests.length] ?? Buffer.alloc(0));
  }

  end(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    const answer = this.#answers.take(chunk);
    if (answer === undefined) return;
    latencies.push(performance.now() - this.#askedAt);
    if (answer === 'bad') failures += 1;
    this.#onAnswer(this);
  }
}

/** As fast as it answers. One connection asks at least once: `openssl ocsp` never recovers from one that brings nothing. */
async function askAtOnce(): Promise<void> {
  const again = (connection: Connection): void => {
    if (order.closesConnections === true || performance.now() >= endsAt) connection.end();
    else connection.ask(performance.now());
  };
  while (performance.now() < endsAt)
    await new Connection((connection) => connection.ask(performance.now()), again).closed;
}

/** At the rate of the order, whether earlier answers have come or not: what waits for a free connection waits on our clock. */
async function askSteadily(perSecond: number): Promise<void> {
  const idle: Connection[] = [];
  const free = (connection: Connection): void => {
    idle.push(connection);
  };
  const connections: Connection[] = [];
  await Promise.all(
    Array.from(
      { length: order.connections },
      () =>
        new Promise<void>((resolve) => {
          const ready = (connection: Connection): void => {
            free(connection);
            resolve();
          };
          connections.push(new Connection(ready, free));
        }),
    ),
  );
  const begun = performance.now();
  let asked = 0;
  let isWarm = false;
  await new Promise<void>((resolve) => {
    const look = (): void => {
      const now = performance.now();
      // Until here connections and this program itself were new.
      if (!isWarm && now >= begun + (order.seconds * 1000) / 4) {
        isWarm = true;
        latencies = [];
        start = now;
      }
      const wanted = Math.floor(((now - begun) / 1000) * perSecond);
      for (; asked < wanted && idle.length > 0; asked += 1)
        idle.shift()?.ask(begun + (asked / perSecond) * 1000);
      if (now < begun + order.seconds * 1000) setImmediate(look);
      else resolve();
    };
    look();
  });
  for (const connection of connections) connection.end();
}

if (order.perSecond === undefined) await Promise.all(Array.from({ length: order.connections }, askAtOnce));
else await askSteadily(order.perSecond);
const seconds = (performance.now() - start) / 1000;
latencies.sort((one, other) => one - other);
const percentile = (part: number): number => latencies[Math.floor(latencies.length * part)] ?? 0;
const result: LoadResult = {
  perSecond: latencies.length / seconds,
  p50Ms: percentile(0.5),
  p99Ms: percentile(0.99),
  failures,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
