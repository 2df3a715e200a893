import { TextDecoder } from 'node:util';
import { ClientError } from '../error.js';

/** One message of a stream of server-sent events. */
export interface ServerSentEvent {
  type: string;
  data: string;
  lastEventId: string;
}

const maxLineLength = 256 * 1024;
const maxDataLength = 1024 * 1024;

/**
 * Reads `text/event-stream` (WHATWG HTML 9.2.6), bounded; what stands behind the last blank line is no message.
 * @throws {ClientError} DAEMON_ANSWER_INVALID (a line or message too long, not UTF-8), and whatever `bytes` throws
 */
export async function* readEventStream(bytes: AsyncIterable<Buffer>): AsyncGenerator<ServerSentEvent> {
  const message = new MessageInProgress();
  for await (const line of linesOf(bytes)) {
    const complete = message.take(line);
    if (complete !== undefined) yield complete;
  }
}

class MessageInProgress {
  #type = '';
  #data: string[] = [];
  #length = 0;
  #lastEventId = '';

  take(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#type = value;
    if (field === 'id' && !value.includes('\0')) this.#lastEventId = value;
    if (field === 'data') {
      this.#length += value.length + 1;
      if (this.#length > maxDataLength) throw tooLong();
      this.#data.push(value);
    }
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const hadData = this.#data.length > 0;
    const event = {
      type: this.#type === '' ? 'message' : this.#type,
      data: this.#data.join('\n'),
      lastEventId: this.#lastEventId,
    };
    this.#type = '';
    this.#data = [];
    this.#length = 0;
    return hadData ? event : undefined;
  }
}

async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let afterCarriageReturn = false;
  for await (const chunk of bytes) {
    let text = decode(decoder, chunk);
    // A line feed right behind a carriage return ends the same line.
    if (afterCarriageReturn && text.startsWith('\n')) text = text.slice(1);
    if (text === '') continue;
    afterCarriageReturn = text.endsWith('\r');
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop() ?? '';
    if (rest.length > maxLineLength) throw tooLong();
    yield* lines;
  }
}

function decode(decoder: TextDecoder, chunk: Buffer): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (cause) {
    throw new ClientError('DAEMON_ANSWER_INVALID', "The daemon's events are not UTF-8", { cause });
  }
}

function tooLong(): ClientError {
  return new ClientError('DAEMON_ANSWER_INVALID', "One of the daemon's events is too long");
}
