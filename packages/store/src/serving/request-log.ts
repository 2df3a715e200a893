import { hostname } from 'node:os';
import type { FastifyBaseLogger } from 'fastify';

/** Where log lines go: a logger of the host, or whatever takes lines of JSON (a stream will do). */
export type LogTarget = FastifyBaseLogger | { write(line: string): void };

interface AnsweredRequest {
  readonly reqId: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Until its answer had gone out. */
  readonly ms: number;
}

const maxLoggedUrl = 512;
const message = 'answered';

/**
 * What logs each request. Lines of JSON are written here, as pino would write them: it takes longer for one than a prepared answer does.
 * @param logger  made of `target`
 */
export function requestLog(
  target: LogTarget | undefined,
  logger: FastifyBaseLogger,
): (request: AnsweredRequest) => void {
  if (target === undefined) return () => undefined;
  if (!('write' in target)) {
    return ({ url, ms, ...request }) =>
      logger.info({ ...request, url: shortUrl(url), ms: roundMs(ms) }, message);
  }
  const sender = `"pid":${process.pid},"hostname":${JSON.stringify(hostname())}`;
  // Mostly the address of the request before.
  let [lastUrl, quotedUrl] = ['', '""'];
  return ({ reqId, method, url, status, ms }) => {
    if (url !== lastUrl) [lastUrl, quotedUrl] = [url, JSON.stringify(shortUrl(url))];
    target.write(
      `{"level":30,"time":${Date.now()},${sender},"reqId":"${reqId}","method":"${method}","url":${quotedUrl},"status":${status},"ms":${roundMs(ms)},"msg":"${message}"}\n`,
    );
  };
}

const shortUrl = (url: string): string => (url.length > maxLoggedUrl ? url.slice(0, maxLoggedUrl) : url);
const roundMs = (ms: number): number => Math.round(ms * 10) / 10;
