import type { Problem } from '@jami-plugin-store/contract';
import { PageError } from './page-error.js';

export interface HostCall {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
}

/** One request to the program behind the page; always this origin, always with its cookie. */
export type CallHost = <Answer>(path: string, call?: HostCall) => Promise<Answer>;

const answerTimeoutMs = 60_000;

/** @throws {PageError} SESSION_OVER | HOST_UNREACHABLE | ANSWER_MALFORMED | REFUSED */
export async function callHost<Answer>(path: string, call: HostCall = {}): Promise<Answer> {
  const timeout = AbortSignal.timeout(answerTimeoutMs);
  const response = await send(path, call, call.signal ? AbortSignal.any([call.signal, timeout]) : timeout);
  if (!response.ok) throw await refusalOf(response);
  if (response.status === 204) return undefined as Answer;
  try {
    return (await response.json()) as Answer;
  } catch (error) {
    throw new PageError('ANSWER_MALFORMED', `The answer to ${path} is not JSON`, { cause: error });
  }
}

/** A path with the values of its query that are there. */
export function withQuery(path: string, query: HostCall['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
  const text = parameters.toString();
  return text === '' ? path : `${path}?${text}`;
}

async function send(
  path: string,
  { method = 'GET', body, query }: HostCall,
  signal: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(withQuery(path, query), {
      method,
      signal,
      credentials: 'same-origin',
      redirect: 'error',
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new PageError('HOST_UNREACHABLE', 'The program behind this page does not answer', { cause: error });
  }
}

async function refusalOf(response: Response): Promise<PageError> {
  if (response.status === 401) return new PageError('SESSION_OVER', 'This page is not known here any more');
  try {
    return refusalIn(await response.json());
  } catch (error) {
    return new PageError('ANSWER_MALFORMED', `HTTP ${response.status}`, { cause: error });
  }
}

/** A refusal as problem details, or what is said of an answer that is neither. */
export function refusalIn(answer: unknown): PageError {
  if (isProblem(answer)) return new PageError('REFUSED', answer.detail, { problem: answer });
  return new PageError('ANSWER_MALFORMED', 'A refusal came without its reason');
}

function isProblem(answer: unknown): answer is Problem {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'code' in answer &&
    typeof answer.code === 'string' &&
    'detail' in answer &&
    typeof answer.detail === 'string'
  );
}
