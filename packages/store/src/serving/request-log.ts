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
const end = `,"msg":"${message}"}\n`;

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
  // What a line has in common with the one before it is mostly all but two numbers.
  let [lastTime, begin] = [0, ''];
  let last = { method: '', url: '', status: 0 };
  let middle = '';
  return ({ reqId, method, url, status, ms }) => {
    const time = Date.now();
    if (time !== lastTime) [lastTime, begin] = [time, `{"level":30,"time":${time},${sender},"reqId":"`];
    if (url !== last.url || status !== last.status || method !== last.method) {
      last = { method, url, status };
      middle = `","method":"${method}","url":${JSON.stringify(shortUrl(url))},"status":${status},"ms":`;
    }
    lines.writeSoon(`${begin}${reqId}${middle}${roundMs(ms)}${end}`);
  };
}

const shortUrl = (url: string): string => (url.length > maxLoggedUrl ? url.slice(0, maxLoggedUrl) : url);
const roundMs = (ms: number): number => Math.round(ms * 10) / 10;
