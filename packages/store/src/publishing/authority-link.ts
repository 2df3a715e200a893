import { createSecureContext, type SecureContext } from 'node:tls';
import {
  type AuthorityErrorCode,
  administrationServerName,
  authorityAdminRoutes,
  authorityDecisionErrors,
  authorityErrorTable,
  authorityRequestErrors,
  Problem,
  RequestCheck,
  type RequestCheckRequest,
} from '@jami-plugin-store/contract';
import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { Agent, request } from 'undici';
import { AuthorityRefusal } from '../access/refusal-reply.js';
import { StoreError } from '../error.js';

/** What a store asks of the authority behind it. It can check and hand on; issuing and revoking need a reviewer's own credential. */
export interface AuthorityLink extends AsyncDisposable {
  /**
   * What issuing would do with a request; nothing is issued.
   * @throws {AuthorityRefusal} exactly what issuing would refuse it for
   * @throws {StoreError} AUTHORITY_UNAVAILABLE
   */
  checkRequest(wish: RequestCheckRequest): Promise<RequestCheck>;
  /** Hands an organization's wish on, and the answer back. @throws as {@link checkRequest} */
  relay(route: RelayedRoute, body: object): Promise<object>;
}

export type RelayedRoute = 'delegationRequests' | 'delegations' | 'registrations' | 'revocationLists';

export interface AuthorityLinkOptions {
  /** `https://host:port` of the authority's administrative listener. */
  readonly url: string;
  /** The credential file of the store: certificate, key, then the administration CA (PEM). */
  readonly credentialPem: string;
  readonly timeoutMs?: number | undefined;
}

const defaultTimeoutMs = 15_000;
const maxAnswerBytes = 1024 * 1024;

/** @throws {StoreError} AUTHORITY_NOT_CONFIGURED when address or credential are none */
export function createAuthorityLink(options: AuthorityLinkOptions): AuthorityLink {
  const base = baseOf(options.url);
  const timeout = options.timeoutMs ?? defaultTimeoutMs;
  const agent = new Agent({
    connections: 4,
    pipelining: 1,
    headersTimeout: timeout,
    bodyTimeout: timeout,
    connect: { ...mutualTls(options.credentialPem), timeout },
  });

  async function call(path: string, body: object, schema?: TSchema): Promise<object> {
    const answer = await ask(agent, new URL(path, base), body);
    if (answer.status !== 200) throw refusalOf(answer);
    const isExpected = typeof answer.value === 'object' && answer.value !== null;
    if (!isExpected || (schema !== undefined && !Value.Check(schema, answer.value))) {
      throw unavailable('its answer makes no sense');
    }
    return answer.value as object;
  }

  return {
    checkRequest: async (wish) =>
      (await call(authorityAdminRoutes.requestChecks.path, wish, RequestCheck)) as RequestCheck,
    relay: (route, body) => call(authorityAdminRoutes[route].path, body),
    async [Symbol.asyncDispose]() {
      await agent.destroy();
    },
  };
}

function baseOf(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'https:') return parsed;
  throw new StoreError('AUTHORITY_NOT_CONFIGURED', `"${url}" is no https address of an authority.`);
}

/** The administration CA alone vouches for the server, under the name it gives to no other. */
function mutualTls(pem: string): {
  secureContext: SecureContext;
  servername: string;
  minVersion: 'TLSv1.3';
} {
  const certificates = blocksOf(pem, 'CERTIFICATE');
  const [key] = blocksOf(pem, 'PRIVATE KEY');
  const [own, ca] = [certificates[0], certificates.at(-1)];
  if (own === undefined || ca === undefined || own === ca || key === undefined) {
    throw new StoreError(
      'AUTHORITY_NOT_CONFIGURED',
      'The credential file has a certificate, its private key, and the certificate of the administration CA.',
    );
  }
  return {
    secureContext: contextOf({ cert: own, key, ca }),
    servername: administrationServerName,
    minVersion: 'TLSv1.3',
  };
}

function contextOf(material: { cert: string; key: string; ca: string }): SecureContext {
  try {
    return createSecureContext({ ...material, minVersion: 'TLSv1.3' });
  } catch (cause) {
    throw new StoreError('AUTHORITY_NOT_CONFIGURED', 'The credential file cannot be used.', { cause });
  }
}

function blocksOf(pem: string, label: string): string[] {
  return pem.match(new RegExp(`-----BEGIN ${label}-----[^-]+-----END ${label}-----`, 'g')) ?? [];
}

interface Answer {
  readonly status: number;
  readonly value: unknown;
}

async function ask(agent: Agent, url: URL, body: object): Promise<Answer> {
  try {
    const answer = await request(url, {
      dispatcher: agent,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of answer.body) {
      length += chunk.length;
      if (length > maxAnswerBytes) throw new RangeError('the answer is too long');
      chunks.push(chunk);
    }
    return { status: answer.statusCode, value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch (cause) {
    throw unavailable('it does not answer', cause);
  }
}

/** What is wrong with the request is told as it is; what is wrong between store and authority is the operator's to mend. */
function refusalOf({ value }: Answer): Error {
  const code = Value.Check(Problem, value) ? value.code : undefined;
  if (code === undefined || !(code in authorityErrorTable)) return unavailable('its refusal makes no sense');
  const { detail } = value as Problem;
  if (code in authorityRequestErrors || code in authorityDecisionErrors)
    return new AuthorityRefusal(code as AuthorityErrorCode, detail);
  return unavailable(`it refuses this store (${code})`);
}

function unavailable(why: string, cause?: unknown): StoreError {
  return new StoreError('AUTHORITY_UNAVAILABLE', `The authority cannot be asked at the moment: ${why}.`, {
    headers: { 'retry-after': '30' },
    cause,
  });
}
