import { createHash, randomBytes } from 'node:crypto';

export interface SessionMeans {
  clock: () => Date;
  /** Cookies are of a machine, not of a port: the name tells the hosts apart. */
  port: () => number;
}

const codeLifeMs = 60_000;
const sessionIdleMs = 24 * 3_600_000;
const maxCodes = 16;
const maxSessions = 32;

/**
 * Who may ask the host: whoever redeemed a code that the user was shown, by a cookie that no script can read. Codes work once and for a
 * minute. Only digests of both are kept, so that a lookup compares nothing a caller could measure.
 */
export class PageSessions {
  readonly #means: SessionMeans;
  readonly #codes = new Map<string, number>();
  readonly #sessions = new Map<string, number>();

  constructor(means: SessionMeans) {
    this.#means = means;
  }

  get cookieName(): string {
    return `jpl-page-${this.#means.port()}`;
  }

  /** A new code; the oldest one makes room. */
  issueCode(): string {
    const code = randomBytes(32).toString('base64url');
    this.#codes.set(digest(code), this.#now() + codeLifeMs);
    dropOldest(this.#codes, maxCodes);
    return code;
  }

  /** Takes a code for a session. @returns the cookie's field value; undefined where the code does not hold */
  redeem(code: string): string | undefined {
    const key = digest(code);
    const expiresAt = this.#codes.get(key);
    this.#codes.delete(key);
    if (expiresAt === undefined || expiresAt < this.#now()) return undefined;
    const token = randomBytes(32).toString('base64url');
    this.#sessions.set(digest(token), this.#now());
    dropOldest(this.#sessions, maxSessions);
    return `${this.cookieName}=${token}; Path=/page; HttpOnly; SameSite=Strict`;
  }

  /** Whether a request's `Cookie` field carries a session that was used within a day. */
  holds(cookies: string | undefined): boolean {
    const key = this.#keyOf(cookies);
    const usedAt = key === undefined ? undefined : this.#sessions.get(key);
    if (key === undefined || usedAt === undefined) return false;
    this.#sessions.delete(key);
    if (usedAt + sessionIdleMs < this.#now()) return false;
    this.#sessions.set(key, this.#now());
    return true;
  }

  /** Ends a session. @returns the field value that removes its cookie */
  end(cookies: string | undefined): string {
    const key = this.#keyOf(cookies);
    if (key !== undefined) this.#sessions.delete(key);
    return `${this.cookieName}=; Path=/page; HttpOnly; SameSite=Strict; Max-Age=0`;
  }

  #keyOf(cookies: string | undefined): string | undefined {
    const prefix = `${this.cookieName}=`;
    const own = cookies?.split(';').find((part) => part.trimStart().startsWith(prefix));
    return own === undefined ? undefined : digest(own.trim().slice(prefix.length));
  }

  #now(): number {
    return this.#means.clock().getTime();
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function dropOldest(map: Map<string, number>, atMost: number): void {
  const [oldest] = map.keys();
  if (map.size > atMost && oldest !== undefined) map.delete(oldest);
}
