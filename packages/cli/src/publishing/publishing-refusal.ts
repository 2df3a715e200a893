import type { Problem } from '@jami-plugin-store/contract';

/** What a store refused, as it said it. */
export class PublishingRefusal extends Error {
  override readonly name = 'PublishingRefusal';
  readonly problem: Problem;
  /** After how many seconds it may be worth trying again, where the store said so. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }
}

/** A store that does not answer, or with something else than its API says. */
export class StoreUnreachable extends Error {
  override readonly name = 'StoreUnreachable';
  readonly code: 'STORE_UNREACHABLE' | 'STORE_ANSWER_INVALID';

  constructor(code: StoreUnreachable['code'], message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
