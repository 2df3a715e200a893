import { hostname } from 'node:os';
import type { FastifyBaseLogger } from 'fastify';
import type { LineTarget, LogLines } from './log-lines.js';

/** Where log lines go: a logger of the host, or whatever takes lines of JSON (a stream will do). */
export type LogTarget = FastifyBaseLogger | LineTarget;

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
 * @param lines  what `logger` writes to, where that is known
 */
export function requestLog(
  lines: LogLines | undefined,
  logger: FastifyBaseLogger,
): (request: AnsweredRequest) => void {
  if (lines === undefined) {
    return ({ url, ms, ...request }) =>
      logger.info({ ...request, url: shortUrl(url), ms: roundMs(ms) }, message);
  }
  const sender = `"pid":${process.pid},"hostname":${JSON.stringify(hostname())}`;
  // Mostly address and millisecond of the request before.
  let [lastUrl, quotedUrl] = ['', '""'];
  let [lastTime, begin] = [0, ''];
  return ({ reqId, method, url, status, ms }) => {
    const time = Date.now();
    if (time !== lastTime) [lastTime, begin] = [time, `{"level":30,"time":${time},${sender},"reqId":"`];
    if (url !== lastUrl) [lastUrl, quotedUrl] = [url, JSON.stringify(shortUrl(url))];
    lines.writeSoon(
      `${begin}${reqId}","method":"${method}","url":${quotedUrl},"status":${status},"ms":${roundMs(ms)},"msg":"${message}"}\n`,
    );
  };
}

const shortUrl = (url: string): string => (url.length > maxLoggedUrl ? url.slice(0, maxLoggedUrl) : url);
const roundMs = (ms: number): number => Math.round(ms * 10) / 10;
