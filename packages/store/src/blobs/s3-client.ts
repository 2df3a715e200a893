import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { Agent, type Dispatcher, request } from 'undici';
import { StoreError } from '../error.js';
import { blobFailureOf } from './blob-failure.js';
import { maxAnswerBytes, textsOf } from './s3-answer.js';
import type { S3Settings } from './s3-settings.js';

/** SHA-256 of nothing. */
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const maxTries = 4;
const firstWaitMs = 100;

/** Statuses that may be otherwise a moment later; 409 where two writers met. */
const passing: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504]);

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Below the prefix; empty = the bucket itself. */
  readonly name: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Made anew for each try. */
  readonly body?: (() => Uint8Array | Readable) | undefined;
  readonly bodyBytes?: number | undefined;
  /** Signed along, so that the server refuses other bytes than these. Default: of no body. */
  readonly bodySha256?: string | undefined;
  /** Statuses that are an answer to act on, besides success. */
  readonly accepts?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type S3Answer = Dispatcher.ResponseData;

/**
 * Asks one bucket: signed requests (AWS Signature Version 4), bounded in time and number, tried again where the answer
 * may be another one a moment later.
 */
export class S3Client implements AsyncDisposable {
  readonly place: string;
  /** Before every name. */
  readonly prefix: string;
  readonly #settings: S3Settings;
  readonly #agent: Agent;
  /** Signing keys of the day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>();

  constructor(settings: S3Settings) {
    this.#settings = settings;
    this.prefix = settings.prefix;
    this.place = `${settings.endpoint}/${settings.bucket}/${settings.prefix}`;
    this.#agent = new Agent({
      connections: 64,
      connectTimeout: 5_000,
      headersTimeout: 30_000,
      bodyTimeout: 30_000,
      keepAliveTimeout: 10_000,
    });
  }

  /**
   * @returns an answer of success, or of a status the caller accepts; its body must be consumed
   * @throws {StoreError} BLOB_STORE_UNAVAILABLE
   */
  async ask(wish: S3Request): Promise<S3Answer> {
    for (let tries = 1; ; tries += 1) {
      const outcome = await this.#try(wish);
      if ('answer' in outcome) return outcome.answer;
      wish.signal?.throwIfAborted();
      if (!outcome.mayPass || tries >= maxTries) throw blobFailureOf(outcome.failure, this.place);
      await pause(firstWaitMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2), undefined, {
        signal: wish.signal,
      });
    }
  }

  /** As `ask`, where the answer is XML. `repeated` names the element of which there are many. */
  async askTexts(wish: S3Request, repeated = ''): Promise<ReturnType<typeof textsOf>> {
    const { body } = await this.ask(wish);
    try {
      return textsOf(await boundedText(body), repeated);
    } catch (error) {
      throw blobFailureOf(error, this.place);
    }
  }

  /** As `ask`, where only the status matters. */
  async askStatus(wish: S3Request): Promise<S3Answer> {
    const answer = await this.ask(wish);
    await answer.body.dump();
    return answer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#agent.close();
  }

  async #try(wish: S3Request): Promise<{ answer: S3Answer } | { failure: unknown; mayPass: boolean }> {
    try {
      const answer = await this.#send(wish);
      const { statusCode } = answer;
      if ((statusCode >= 200 && statusCode < 300) || wish.accepts?.includes(statusCode)) return { answer };
      return { failure: await refusalOf(answer, wish), mayPass: passing.has(statusCode) };
    } catch (failure) {
      return { failure, mayPass: !(failure instanceof StoreError) };
    }
  }

  async #send({
    method,
    name,
    query,
    headers,
    body,
    bodyBytes,
    bodySha256,
    signal,
  }: S3Request): Promise<S3Answer> {
    const { endpoint, bucket, prefix, region, accessKeyId, secretAccessKey } = this.#settings;
    const url = new URL(`${endpoint}/${bucket}${name === '' ? '' : `/${prefix}${name}`}`);
    for (const [key, value] of Object.entries(query ?? {})) url.searchParams.set(key, value);
    const signer = new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers, 'x-amz-content-sha256': bodySha256 ?? emptySha256 },
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
      cache: this.#signingKeys,
    });
    const signed = await signer.sign();
    const length = bodyBytes === undefined ? {} : { 'content-length': String(bodyBytes) };
    return await request(signed.url, {
      method,
      headers: { ...Object.fromEntries(signed.headers), ...length },
      body: body?.() ?? null,
      dispatcher: this.#agent,
      signal: signal ?? null,
    });
  }
}

async function refusalOf({ statusCode, body }: S3Answer, { method, name }: S3Request): Promise<Error> {
  const text = await boundedText(body).catch(() => '');
  const said = /<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1];
  return new Error(
    `${method} ${name} was answered with ${statusCode}${said === undefined ? '' : ` (${said})`}`,
  );
}

async function boundedText(body: S3Answer['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw new Error('An answer of S3 is longer than any can be');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
