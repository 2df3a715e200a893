import { ClientError, type ClientErrorCode } from '../error.js';

export interface RetryPolicy {
  /** Requests made in all while nothing moves forward. */
  attempts: number;
  /** Upper bound of the first wait; each further one doubles it. */
  baseMs: number;
  /** No wait is longer, whatever the server asks for. */
  maxMs: number;
}

export interface RetryBudget {
  /** How long to wait before attempt number `attempt`, or undefined when the error is final. */
  spend(error: unknown): { attempt: number; delayMs: number } | undefined;
  /** Something moved forward: counting starts again. */
  refill(): void;
}

const passing: ReadonlySet<ClientErrorCode> = new Set([
  'NAME_NOT_RESOLVED',
  'CONNECTION_REFUSED',
  'HOST_UNREACHABLE',
  'CONNECT_TIMEOUT',
  'CONNECTION_LOST',
  'SERVER_STALLED',
]);
const passingStatus: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** True where asking again may help. */
export function mayPass(error: unknown): error is ClientError {
  if (!(error instanceof ClientError)) return false;
  return passing.has(error.code) || (error.status !== undefined && passingStatus.has(error.status));
}

/**
 * Bounded retries, exponential with full jitter (each wait is random between 0 and its bound), never below what
 * Retry-After asks for, never above `maxMs`.
 * @param random in [0, 1)
 */
export function createRetryBudget(policy: RetryPolicy, random: () => number): RetryBudget {
  let spent = 1;
  return {
    spend(error) {
      if (!mayPass(error) || spent >= policy.attempts) return undefined;
      const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** (spent - 1));
      const asked = Math.min(policy.maxMs, error.retryAfterMs ?? 0);
      spent += 1;
      return { attempt: spent, delayMs: Math.round(Math.max(asked, random() * bound)) };
    },
    refill() {
      spent = 1;
    },
  };
}
