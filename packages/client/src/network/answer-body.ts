import { ClientError } from '../error.js';
import { type Answer, failureOf } from './transport.js';

/**
 * Reads a JSON body, bounded.
 * @throws {ClientError} ANSWER_TOO_LARGE | ANSWER_MALFORMED (not UTF-8, not JSON) | codes of a broken connection
 */
export async function readJson(answer: Answer, maxBytes: number, signal: AbortSignal): Promise<unknown> {
  const bytes = await readBytes(answer, maxBytes, signal);
  try {
    // RFC 8259 8.1: UTF-8; a byte order mark is ignored.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw malformed(answer, 'JSON', cause);
  }
}

/** Reads a body of UTF-8 text, bounded. @throws {ClientError} as `readJson` */
export async function readText(answer: Answer, maxBytes: number, signal: AbortSignal): Promise<string> {
  const bytes = await readBytes(answer, maxBytes, signal);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw malformed(answer, 'text', cause);
  }
}

/** Reads a body, bounded. @throws {ClientError} ANSWER_TOO_LARGE | codes of a broken connection */
export async function readBytes(answer: Answer, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let received = 0;
  try {
    if (Number(answer.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(answer, maxBytes);
    for await (const chunk of answer.body) {
      received += chunk.length;
      if (received > maxBytes) throw tooLarge(answer, maxBytes);
      chunks.push(chunk);
    }
  } catch (error) {
    answer.body.discard();
    throw error instanceof ClientError ? error : failureOf(error, answer.url, signal);
  }
  return Buffer.concat(chunks);
}

function malformed(answer: Answer, what: string, cause: unknown): ClientError {
  return new ClientError('ANSWER_MALFORMED', `${answer.url.href} did not answer with ${what}`, {
    at: answer.url.href,
    cause,
  });
}

function tooLarge(answer: Answer, maxBytes: number): ClientError {
  return new ClientError('ANSWER_TOO_LARGE', `${answer.url.href} sent more than ${maxBytes} bytes`, {
    at: answer.url.href,
  });
}
