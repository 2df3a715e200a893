import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Dispatcher } from 'undici';
import type { EvidenceRequest } from './evidence-request.js';

/**
 * Sends one request and tells the heads that went over the wire for it. Undici publishes them on channels that all its
 * requests share; ours is recognized by the object that stands for it, which is made while `send` is called.
 */
export async function sendWatched(
  send: () => Promise<Dispatcher.ResponseData>,
  { url, body, onHead }: Pick<EvidenceRequest, 'url' | 'body' | 'onHead'>,
): Promise<Dispatcher.ResponseData> {
  if (onHead === undefined) return await send();
  let ours: unknown;
  const created = (message: unknown): void => {
    ours = (message as { request: unknown }).request;
  };
  const sent = (message: unknown): void => {
    const { request, headers } = message as { request: unknown; headers: string };
    if (request === ours) onHead({ direction: 'sent', url, text: wholeHead(headers, body) });
  };
  const received = (message: unknown): void => {
    const { request, response } = message as { request: unknown; response: ReceivedHead };
    if (request !== ours) return;
    onHead({ direction: 'received', url, text: headText(response), status: response.statusCode });
  };
  subscribe('undici:client:sendHeaders', sent);
  subscribe('undici:request:headers', received);
  try {
    return await onlyWhileCalled('undici:request:create', created, send);
  } finally {
    unsubscribe('undici:client:sendHeaders', sent);
    unsubscribe('undici:request:headers', received);
  }
}

/** Undici adds the length of a body, and the empty line, when it writes them to the socket. */
function wholeHead(published: string, body: Uint8Array | undefined): string {
  return `${published}${body === undefined ? '' : `content-length: ${body.length}\r\n`}\r\n`;
}

interface ReceivedHead {
  readonly statusCode: number;
  readonly statusText: string;
  /** Names and values in turn, as received. */
  readonly headers: readonly Uint8Array[];
}

function onlyWhileCalled<Result>(
  channel: string,
  listener: (message: unknown) => void,
  work: () => Result,
): Result {
  subscribe(channel, listener);
  try {
    return work();
  } finally {
    unsubscribe(channel, listener);
  }
}

/** Undici speaks HTTP/1.1 only, unless told otherwise. */
function headText({ statusCode, statusText, headers }: ReceivedHead): string {
  const texts = headers.map((field) => Buffer.from(field).toString('latin1'));
  const fields = texts.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${texts[index + 1] ?? ''}`] : [],
  );
  return [`HTTP/1.1 ${statusCode} ${statusText}`.trimEnd(), ...fields, '', ''].join('\r\n');
}
