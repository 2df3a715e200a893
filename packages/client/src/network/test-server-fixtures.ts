import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Timer } from './timer.js';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** Every request that came in, in order. */
  readonly requests: { path: string; headers: IncomingMessage['headers'] }[];
}

/** A real HTTP server on loopback. @param port 0: a free one */
export async function serve(
  listener: RequestListener,
  tls?: { key: string; cert: string },
  onConnect?: (request: IncomingMessage, socket: Duplex) => void,
  port = 0,
): Promise<TestServer> {
  const requests: TestServer['requests'] = [];
  const recording: RequestListener = (request, response) => {
    requests.push({ path: request.url ?? '', headers: request.headers });
    listener(request, response);
  };
  const server = tls === undefined ? createServer(recording) : createTlsServer(tls, recording);
  // A client that refuses the certificate ends the handshake; that is what the test is about.
  server.on('tlsClientError', () => undefined);
  if (onConnect !== undefined) server.on('connect', onConnect);
  const stop = await listen(server, port);
  const scheme = tls === undefined ? 'http' : 'https';
  return { url: `${scheme}://127.0.0.1:${portOf(server)}/`, requests, [Symbol.asyncDispose]: stop };
}

/** A server that answers each connection with raw bytes, whatever was asked, and hangs up. */
export async function serveRaw(answer: string | Buffer): Promise<TestServer> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  const stop = await listen(server);
  return { url: `http://127.0.0.1:${portOf(server)}/`, requests: [], [Symbol.asyncDispose]: stop };
}

/** A port on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const stop = await listen(server);
  const port = portOf(server);
  await stop();
  return port;
}

async function listen(server: Server, port = 0): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return () =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

export interface ServedFile {
  bytes: Buffer;
  etag?: string | undefined;
  /** Sends this many bytes of the body, then cuts the connection. */
  cutAfter?: number | undefined;
  headers?: Record<string, string> | undefined;
}

/** Serves a file with ranges as RFC 9110 has it, except where `file` says otherwise. */
export function sendFile(request: IncomingMessage, response: ServerResponse, file: ServedFile): void {
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const ifRange = request.headers['if-range'];
  const from = range !== null && (ifRange === undefined || ifRange === file.etag) ? Number(range[1]) : 0;
  const partial = from > 0;
  const total = file.bytes.length;
  response.writeHead(partial ? 206 : 200, {
    'content-length': total - from,
    ...(partial ? { 'content-range': `bytes ${from}-${total - 1}/${total}` } : {}),
    ...(file.etag === undefined ? {} : { etag: file.etag }),
    ...file.headers,
  });
  const body = file.bytes.subarray(from);
  if (file.cutAfter === undefined) response.end(body);
  else response.write(body.subarray(0, file.cutAfter), () => response.destroy());
}

/** A folder of its own, removed in the end. */
export async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'jpl-client-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

export interface TestTimer extends Timer {
  /** Every wait asked for that has run or may still run. */
  readonly asked: number[];
  /** Ends every pending wait of at least so many milliseconds. */
  expire(atLeastMs: number): void;
}

/** Time that passes at once for waits shorter than `longMs`, and for longer ones when the test says so. */
export function createTestTimer(longMs: number): TestTimer {
  const asked: number[] = [];
  const pending = new Map<() => void, number>();
  return {
    asked,
    after(ms, run) {
      asked.push(ms);
      pending.set(run, ms);
      if (ms < longMs) {
        queueMicrotask(() => {
          if (pending.delete(run)) run();
        });
      }
      return () => pending.delete(run);
    },
    expire(atLeastMs) {
      for (const [run, ms] of pending) {
        if (ms >= atLeastMs && pending.delete(run)) run();
      }
    },
  };
}

/** The error a promise is rejected with; the test fails if it is not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('Nothing was refused');
}
