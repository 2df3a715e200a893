import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Hears what one exchange really sent and got: start line and header fields, credentials left out. */
export interface ExchangeObserver {
  sent(head: string): void;
  answered(head: string, status: number): void;
}

export interface ExchangeWatch extends Disposable {
  /** The next request of this method and address is the observer's; disposed of when it has ended. */
  expect(request: { method: string; origin: string; path: string }, observer: ExchangeObserver): Disposable;
}

interface Expected {
  method: string;
  origin: string;
  path: string;
  observer: ExchangeObserver;
}

/** The part of undici's messages that is read here (its docs, "Diagnostics Channel Support"). */
interface SentMessage {
  request: { method?: unknown; origin?: unknown; path?: unknown };
  headers?: unknown;
}
interface AnsweredMessage {
  request: object;
  response?: { statusCode?: unknown; statusText?: unknown; headers?: unknown };
}

const sentChannel = 'undici:client:sendHeaders';
const answeredChannel = 'undici:request:headers';

/**
 * Watches undici at work: the bytes of a request's head as they were written to the socket, and those of the answer's. Nothing is
 * listened to while nobody expects anything.
 */
export function watchExchanges(): ExchangeWatch {
  const expected = new Set<Expected>();
  const observed = new WeakMap<object, ExchangeObserver>();

  const onSent = (message: unknown): void => {
    const { request, headers } = message as SentMessage;
    for (const one of expected) {
      const isIt =
        request.method === one.method && String(request.origin) === one.origin && request.path === one.path;
      if (!isIt) continue;
      expected.delete(one);
      observed.set(request, one.observer);
      if (typeof headers === 'string') one.observer.sent(publicHead(headers));
      return;
    }
  };
  const onAnswered = (message: unknown): void => {
    const { request, response } = message as AnsweredMessage;
    const observer = observed.get(request);
    if (observer === undefined || response === undefined) return;
    const status = Number(response.statusCode);
    const start = `HTTP/1.1 ${status} ${String(response.statusText ?? '')}`.trimEnd();
    observer.answered(publicHead([start, ...fieldsOf(response.headers)].join('\r\n')), status);
  };

  let listeners = 0;
  const listen = (): void => {
    if (listeners++ > 0) return;
    subscribe(sentChannel, onSent);
    subscribe(answeredChannel, onAnswered);
  };
  const release = (): void => {
    if (--listeners > 0) return;
    unsubscribe(sentChannel, onSent);
    unsubscribe(answeredChannel, onAnswered);
  };
  return {
    expect(request, observer) {
      const one = { ...request, observer };
      expected.add(one);
      listen();
      let isOver = false;
      return {
        [Symbol.dispose]() {
          if (isOver) return;
          isOver = true;
          expected.delete(one);
          release();
        },
      };
    },
    [Symbol.dispose]() {
      expected.clear();
      if (listeners === 0) return;
      listeners = 1;
      release();
    },
  };
}

function fieldsOf(headers: unknown): string[] {
  if (!Array.isArray(headers)) return [];
  const texts = headers.map((part) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)));
  const lines: string[] = [];
  for (let at = 0; at + 1 < texts.length; at += 2) lines.push(`${texts[at]}: ${texts[at + 1]}`);
  return lines;
}

const secretField = /^(authorization|proxy-authorization|cookie|set-cookie|authentication-info)\s*:/i;

/** Lines of a head without what only the two of them may know. */
function publicHead(head: string): string {
  return head
    .split(/\r\n/)
    .filter((line) => line !== '')
    .map((line) => (secretField.test(line) ? `${line.slice(0, line.indexOf(':'))}: (not shown)` : line))
    .join('\n');
}
