import type { Readable } from 'node:stream';
import { Problem } from '@jami-plugin-store/contract';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { Agent, type Dispatcher, request } from 'undici';
import { dataDirOf } from '../daemon-access.js';
import type { Io } from '../io.js';
import { readToken } from '../store-token.js';
import { UsageError } from '../usage-error.js';
import { PublishingRefusal, StoreUnreachable } from './publishing-refusal.js';

/** Which store a command is about, and who asks. */
export interface StoreChoice {
  /** Its address, or the name it is configured under; needed only where several are configured. */
  readonly store?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly dataDir?: string | undefined;
}

interface StoreReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Of JSON, not checked yet. */
  readonly value: unknown;
}

interface SentBody {
  readonly body: Readable | Buffer;
  readonly length: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A store's writing API, asked with one token, or none. */
export interface StoreConnection extends AsyncDisposable {
  readonly url: string;
  /**
   * Asks, and checks the answer against what the API promises.
   * @throws {PublishingRefusal} @throws {StoreUnreachable}
   */
  ask<Schema extends TSchema>(
    schema: Schema,
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
  ): Promise<Static<Schema>>;
  /** Sends bytes. @throws {PublishingRefusal} @throws {StoreUnreachable} */
  send(method: 'PUT' | 'PATCH', path: string, sent: SentBody): Promise<StoreReply>;
  /** Reads bytes. @throws {PublishingRefusal} @throws {StoreUnreachable} */
  download(path: string): Promise<Readable>;
}

const maxAnswerBytes = 16 * 1024 * 1024;
/** A verdict may take as long as a responder that is slow. */
const answerMs = 120_000;

/** @throws {UsageError} STORE_NOT_CONFIGURED | STORE_AMBIGUOUS | STORE_URL_INVALID | TOKEN_NEEDED and the codes of `readInput` */
export async function reachStore(io: Io, choice: StoreChoice): Promise<StoreConnection> {
  return connectStore(io, await storeUrlOf(io, choice), await readToken(io, choice));
}

/** As {@link reachStore}, for what needs no token; `secret` is one of a certificate request. */
export async function reachStoreOpenly(
  io: Io,
  choice: Omit<StoreChoice, 'tokenFile'>,
  secret?: string,
): Promise<StoreConnection> {
  return connectStore(io, await storeUrlOf(io, choice), secret);
}

/** The address of a choice. A token goes there, so it is https, or this machine. */
async function storeUrlOf(io: Io, { store, dataDir }: Omit<StoreChoice, 'tokenFile'>): Promise<string> {
  if (store === undefined || !/^https?:/i.test(store)) {
    const { chooseStore } = await import('../store-access.js');
    return (await chooseStore(io, { store, dataDir: dataDir ?? dataDirOf(io, {}) })).url;
  }
  const url = URL.canParse(store) ? new URL(store) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.search === '' && url.hash === '';
  if (isPlain && (url.protocol === 'https:' || isLoopback(url.hostname))) return url.href;
  throw new UsageError(
    'STORE_URL_INVALID',
    `${store} is not the address of a store: https, or http on this machine only`,
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

function connectStore(io: Io, url: string, secret: string | undefined): StoreConnection {
  const base = url.endsWith('/') ? url : `${url}/`;
  const agent = new Agent({ headersTimeout: answerMs, bodyTimeout: answerMs, connect: { timeout: 15_000 } });
  const authorization = secret === undefined ? {} : { authorization: `Bearer ${secret}` };

  async function exchange(
    method: Dispatcher.HttpMethod,
    path: string,
    sent?: SentBody,
  ): Promise<Dispatcher.ResponseData> {
    try {
      return await request(new URL(path.replace(/^\//, ''), base), {
        dispatcher: agent,
        method,
        headers: {
          ...authorization,
          ...sent?.headers,
          ...(sent === undefined ? {} : { 'content-length': String(sent.length) }),
        },
        body: sent?.body ?? null,
        signal: io.signal,
      });
    } catch (error) {
      throw unreachable(io, base, error);
    }
  }

  async function replyOf(answer: Dispatcher.ResponseData): Promise<StoreReply> {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of answer.body) {
        length += chunk.length;
        if (length > maxAnswerBytes) throw new RangeError('the answer is too long');
        chunks.push(chunk);
      }
    } catch (error) {
      throw unreachable(io, base, error);
    }
    const { statusCode: status, headers } = answer;
    const value = parse(Buffer.concat(chunks).toString('utf8'));
    if (status >= 400) throw refusalOf(base, status, headers, value);
    return { status, headers, value };
  }

  return {
    url: base,
    async ask(schema, method, path, body) {
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      const sent =
        bytes === undefined
          ? undefined
          : { body: bytes, length: bytes.length, headers: { 'content-type': 'application/json' } };
      const { value } = await replyOf(await exchange(method, path, sent));
      if (!Value.Check(schema, value)) throw senseless(base);
      return value;
    },
    async send(method, path, sent) {
      return await replyOf(await exchange(method, path, sent));
    },
    async download(path) {
      const answer = await exchange('GET', path);
      if (answer.statusCode >= 400) await replyOf(answer);
      return answer.body;
    },
    async [Symbol.asyncDispose]() {
      await agent.destroy();
    },
  };
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalOf(
  base: string,
  status: number,
  headers: StoreReply['headers'],
  value: unknown,
): PublishingRefusal | StoreUnreachable {
  if (!Value.Check(Problem, value)) {
    return new StoreUnreachable('STORE_ANSWER_INVALID', `${base} answers ${status} and does not say why.`);
  }
  const retryAfter = Number(headers['retry-after']);
  return new PublishingRefusal(value, Number.isFinite(retryAfter) ? retryAfter : undefined);
}

function unreachable(io: Io, base: string, cause: unknown): unknown {
  if (io.signal.aborted) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StoreUnreachable('STORE_UNREACHABLE', `${base} does not answer: ${reason}`, cause);
}

export function senseless(base: string): StoreUnreachable {
  return new StoreUnreachable('STORE_ANSWER_INVALID', `${base} gave an answer that makes no sense.`);
}
