import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ChangeWatch } from '../database/change-watch.js';
import { isOfNow } from './answer-age.js';
import type { TimedBody } from './prepared-body.js';
import { chooseCoding, contentFields, representationFields } from './send.js';

/** What was answered ahead of the framework; the same object each time the same is answered. */
export interface LaneAnswer {
  /** Template of the route that made it. */
  readonly route: string;
  readonly url: string;
  readonly status: 200 | 304;
  /** Of the body. */
  readonly bytes: number;
}

interface Held extends Pick<TimedBody, 'since' | 'until'> {
  /** Fields of the request that it answers, empty where there was none. */
  readonly language: string;
  readonly encoding: string;
  readonly etag: string;
  readonly bytes: number;
  readonly whole: PreparedAnswer;
  readonly notModified: PreparedAnswer;
}

export interface PreparedAnswer {
  readonly answer: LaneAnswer;
  readonly body?: Buffer;
  /** Name, value, and so on; the last is the id of the request that is being answered. */
  readonly fields: string[];
}

/** Fields of a request that choose among what is held. */
interface Wish {
  readonly language: string;
  readonly encoding: string;
  readonly ifNoneMatch: string;
}

/** `maxCharacters`: of address and fields together. */
const defaultLimits = { maxAnswers: 4096, maxBytes: 64 * 1024 * 1024, maxCharacters: 1024 };

/** Sent with everything. */
const always = ['x-content-type-options', 'nosniff'];

/**
 * Answers again, before the framework sees the request, what a route has answered to the same request before: clients ask for the same few
 * listings all day, and the framework would cost more than the answer. Only what is as true as the route's own answer: nothing has changed
 * since, and all that was committed a moment ago is known. Whatever is unusual about a request leaves it to the route.
 */
export class PreparedLane {
  readonly #clock: () => Date;
  readonly #limits: typeof defaultLimits;
  /** By address; the oldest first. */
  readonly #held = new Map<string, Held[]>();
  #watch: Pick<ChangeWatch, 'isCurrentAt' | 'position'> | undefined;
  /** Of the last change that is in all that is held. */
  #position = -1;
  #count = 0;
  #bytes = 0;

  constructor(clock: () => Date, limits: Partial<typeof defaultLimits> = {}) {
    this.#clock = clock;
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** @param watch  of the database that answers are made from */
  open(watch: Pick<ChangeWatch, 'isCurrentAt' | 'position'>): void {
    this.#watch = watch;
  }

  /** From now on every request is the framework's: it knows how to end connections. */
  close(): void {
    this.#watch = undefined;
    this.#clear();
  }

  /**
   * What answers a request, to be sent with `sendAhead`.
   * @param now  as `performance.now()` tells it
   * @returns undefined: the request is the framework's
   */
  find(request: IncomingMessage, response: ServerResponse, now: number): PreparedAnswer | undefined {
    // A request behind others of its connection waits for its turn, within bounds, in the framework.
    if (this.#count === 0 || request.method !== 'GET' || response.socket === null) return undefined;
    if (!this.#isTrueAt(now)) return undefined;
    const variants = this.#held.get(request.url ?? '');
    const wish = variants === undefined ? undefined : readWish(request.rawHeaders);
    if (variants === undefined || wish === undefined) return undefined;
    const held = variants.find(
      ({ language, encoding }) => language === wish.language && encoding === wish.encoding,
    );
    const at = this.#clock().getTime();
    if (held === undefined || !isOfNow(held.since, at) || at >= held.until) return undefined;
    if (wish.ifNoneMatch === '') return held.whole;
    return wish.ifNoneMatch === held.etag ? held.notModified : undefined;
  }

  /**
   * Keeps what a route answers.
   * @param position  of the watch, before the answer was made
   */
  keep({ raw, routeOptions: { url: route } }: FastifyRequest, timed: TimedBody, position: number): void {
    if (
      raw.method !== 'GET' ||
      raw.url === undefined ||
      route === undefined ||
      !this.#isTrueAt(performance.now())
    )
      return;
    const wish = readWish(raw.rawHeaders);
    if (wish === undefined || position !== this.#position || this.#isLong(raw.url, wish)) return;
    const chosen = chooseCoding(wish.encoding === '' ? undefined : wish.encoding, timed.body);
    // What is sent in pieces takes so long that the framework does not count.
    if (!Buffer.isBuffer(chosen.body)) return;
    const { language, encoding } = wish;
    const variants = this.#held.get(raw.url) ?? [];
    const others = variants.filter((held) => held.language !== language || held.encoding !== encoding);
    this.#weigh(variants, -1);
    const about = representationFields(chosen);
    const ofRoute = { route, url: raw.url };
    const held: Held = {
      language,
      encoding,
      since: timed.since,
      until: timed.until,
      etag: chosen.etag,
      bytes: chosen.length,
      whole: {
        answer: { ...ofRoute, status: 200, bytes: chosen.length },
        body: chosen.body,
        fields: fieldsOf(about, contentFields(timed.body, chosen)),
      },
      notModified: { answer: { ...ofRoute, status: 304, bytes: 0 }, fields: fieldsOf(about) },
    };
    this.#held.set(raw.url, [...others, held]);
    this.#weigh([...others, held], 1);
    this.#makeRoom();
  }

  /** Nothing has changed since what is held was made, and if something had, it would be known. */
  #isTrueAt(now: number): boolean {
    if (this.#watch === undefined || !this.#watch.isCurrentAt(now)) return false;
    const { position } = this.#watch;
    if (position !== this.#position) {
      this.#clear();
      this.#position = position;
    }
    return true;
  }

  #isLong(url: string, { language, encoding }: Wish): boolean {
    return url.length + language.length + encoding.length > this.#limits.maxCharacters;
  }

  #makeRoom(): void {
    for (const [url, variants] of this.#held) {
      if (this.#count <= this.#limits.maxAnswers && this.#bytes <= this.#limits.maxBytes) return;
      this.#weigh(variants, -1);
      this.#held.delete(url);
    }
  }

  #weigh(variants: readonly Held[], sign: 1 | -1): void {
    this.#count += sign * variants.length;
    for (const { bytes } of variants) this.#bytes += sign * bytes;
  }

  #clear(): void {
    this.#held.clear();
    this.#count = 0;
    this.#bytes = 0;
  }
}

function fieldsOf(...some: readonly Record<string, string>[]): string[] {
  return [...always, ...some.flatMap((fields) => Object.entries(fields).flat()), 'x-request-id', ''];
}

/** @param id  of the request */
export function sendAhead(
  response: ServerResponse,
  { answer, fields, body }: PreparedAnswer,
  id: string,
): void {
  // Read at once, so that one array serves all: this is done for every request.
  fields[fields.length - 1] = id;
  response.writeHead(answer.status, fields);
  response.end(body);
}

/** undefined: something in it is not for here, or stands there twice. */
function readWish(rawHeaders: readonly string[]): Wish | undefined {
  let [hosts, language, encoding, ifNoneMatch] = [0, '', '', ''];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const value = rawHeaders[at + 1] ?? '';
    switch (rawHeaders[at]?.toLowerCase()) {
      case 'host':
        hosts += 1;
        break;
      case 'accept-language':
        if (language !== '' || value === '') return undefined;
        language = value;
        break;
      case 'accept-encoding':
        if (encoding !== '' || value === '') return undefined;
        encoding = value;
        break;
      case 'if-none-match':
        if (ifNoneMatch !== '' || value === '') return undefined;
        ifNoneMatch = value;
        break;
      case 'if-match':
      case 'content-length':
      case 'transfer-encoding':
      case 'expect':
        return undefined;
      default:
    }
  }
  return hosts === 1 ? { language, encoding, ifNoneMatch } : undefined;
}
