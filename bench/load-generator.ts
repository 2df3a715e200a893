/** Load from a process of its own, where there is no wrk: `load-generator.js ORDER.json`; prints one LoadResult. */
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
}

const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Order;
const { hostname, port } = new URL(order.url);
const requests = order.requests.map((text) => Buffer.from(text, 'base64'));
const latencies: number[] = [];
let failures = 0;
let next = 0;
const start = performance.now();
const endsAt = start + order.seconds * 1000;

/** Length of the first whole answer in these bytes, and whether it is a success; undefined: not whole yet. */
function answerIn(bytes: Buffer): { length: number; isGood: boolean } | undefined {
  const head = bytes.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const text = bytes.subarray(0, head).toString('latin1');
  const length = head + 4 + Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
  return bytes.length < length ? undefined : { length, isGood: /^HTTP\/1\.[01] 2/.test(text) };
}

/** One connection's worth of asking, at least one request: `openssl ocsp` never recovers from a connection that brings none. */
function ask(): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(Number(port), hostname);
    let received = Buffer.alloc(0);
    let sentAt = 0;
    const send = (): void => {
      sentAt = performance.now();
      socket.write(requests[next++ % requests.length] ?? Buffer.alloc(0));
    };
    socket.setNoDelay(true);
    socket.once('connect', send);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const answer = answerIn(received);
      if (answer === undefined) return;
      received = received.subarray(answer.length);
      latencies.push(performance.now() - sentAt);
      if (!answer.isGood) failures += 1;
      if (order.closesConnections === true || performance.now() >= endsAt) socket.destroy();
      else send();
    });
    socket.once('error', () => {
      failures += 1;
    });
    socket.once('close', () => resolve());
  });
}

async function askAgain(): Promise<void> {
  while (performance.now() < endsAt) await ask();
}

await Promise.all(Array.from({ length: order.connections }, askAgain));
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
