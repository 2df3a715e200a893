import type { ClientRequest, RequestOptions } from 'node:http';
import {
  type AuthorityErrorCode,
  authorityErrorTable,
  Problem,
  problemMediaType,
} from '@jami-plugin-store/contract';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { AuthorityError } from '../error.js';
import { errorCode } from '../storage/durable-file.js';

const timeoutMs = 30_000;
const maxAnswerBytes = 16 * 1024 * 1024;

/** How a server is reached: `request` of node:http or node:https with its options, and the headers of every request. */
export interface Transport {
  readonly request: (options: RequestOptions) => ClientRequest;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Put before each path. */
  readonly prefix?: string | undefined;
  /** True: whoever answers may have codes that are not the authority's. */
  readonly isRelayed?: boolean | undefined;
  /** A failed connection as a refusal; without it ADMIN_UNREACHABLE. */
  readonly failure?: ((cause: unknown) => AuthorityError | undefined) | undefined;
}

/** Sends one request: GET, or POST where there is a body. */
export type Call = <Schema extends TSchema>(
  schema: Schema,
  path: string,
  body?: object,
) => Promise<Static<Schema>>;

/** What a server that is no authority refuses: a store on the way to one has codes of its own. */
export class RelayRefusal extends Error {
  override readonly name = 'RelayRefusal';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/**
 * One request and its answer, bounded in time and bytes; the authority's own refusal is thrown as if it had been made here.
 * @throws {AuthorityError} ADMIN_UNREACHABLE | ADMIN_ANSWER_INVALID and every code of the authority
 * @throws {RelayRefusal} where the transport leads through somebody else
 */
export function callOver(transport: Transport): Call {
  return async (schema, path, body) => {
    const answer = await exchange(transport, path, body);
    if (answer.status !== 200) throw refusalOf(answer, transport);
    const value = parse(answer.text);
    if (!Value.Check(schema, value)) throw senseless(answer.status);
    return value as Static<typeof schema>;
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function exchange(
  { request: send, headers, prefix = '', failure }: Transport,
  path: string,
  body: object | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => reject(failure?.(cause) ?? unreachable(cause));
    const request = send({
      path: `${prefix}${path}`,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        accept: `application/json, ${problemMediaType}`,
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once('error', fail);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxAnswerBytes) response.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.once('error', fail);
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function refusalOf(
  { status, text }: Answer,
  { isRelayed = false }: Transport,
): AuthorityError | RelayRefusal {
  const problem = parse(text);
  if (!Value.Check(Problem, problem)) return senseless(status);
  if (!isCode(problem.code)) return isRelayed ? new RelayRefusal(problem) : senseless(status);
  return new AuthorityError(problem.code, problem.detail, { certificate: problem.certificate });
}

const isCode = (code: string): code is AuthorityErrorCode => Object.hasOwn(authorityErrorTable, code);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Told from `undefined` by the schema check that follows every call.
    return undefined;
  }
}

const senseless = (status: number): AuthorityError =>
  new AuthorityError(
    'ADMIN_ANSWER_INVALID',
    `The authority server gave an answer (${status}) that makes no sense.`,
  );

export const unreachable = (cause: unknown): AuthorityError =>
  new AuthorityError(
    'ADMIN_UNREACHABLE',
    `No authority server answers (${errorCode(cause) ?? (cause instanceof Error ? cause.message : 'unknown')}).`,
    { cause },
  );
