import type { Problem } from '@jami-plugin-store/contract';

/**
 * Why the page could not do something.
 * `SESSION_OVER`: this host does not know the page (any more) · `HOST_UNREACHABLE`: the program behind the page does not answer ·
 * `ANSWER_MALFORMED`: it answered what no host answers · `REFUSED`: it said no; the problem has its own code.
 */
export type PageErrorCode = 'SESSION_OVER' | 'HOST_UNREACHABLE' | 'ANSWER_MALFORMED' | 'REFUSED';

export class PageError extends Error {
  override readonly name = 'PageError';
  readonly code: PageErrorCode;
  /** With `REFUSED`: what was said. */
  readonly problem: Problem | undefined;

  constructor(
    code: PageErrorCode,
    message: string,
    detail: { problem?: Problem | undefined; cause?: unknown } = {},
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.problem = detail.problem;
  }
}

/** What is shown of a failure: the exact code, and the sentence that came with it. */
export function reasonOf(error: unknown): { code: string; message: string } {
  if (error instanceof PageError) {
    const { problem } = error;
    return { code: problem?.code ?? error.code, message: problem?.detail ?? error.message };
  }
  return { code: 'PAGE_FAULT', message: error instanceof Error ? error.message : String(error) };
}
