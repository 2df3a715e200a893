import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import {
  AdoptedCrl,
  type AuthorityErrorCode,
  AuthorityStatus,
  authorityErrorTable,
  CertificatePage,
  DelegationRequest,
  IssuedCertificate,
  IssuerList,
  Problem,
  RevocationOutcome,
  authorityAdminRoutes as routes,
} from '@jami-plugin-store/contract';
import type { Static, TSchema } from 'typebox';
import { Value } from 'typebox/value';
import type { AuthorityAdmin } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { errorCode } from '../storage/durable-file.js';
import { adminSocketName, authorityFolder } from '../storage/folder.js';
import { socketAddress } from '../storage/socket-address.js';

const timeoutMs = 30_000;
const maxAnswerBytes = 16 * 1024 * 1024;

/**
 * Speaks with the server that has an authority's folder open, over its administrative socket.
 * @throws {AuthorityError} ADMIN_UNREACHABLE where no server listens
 */
export async function connectAdmin(dir: string): Promise<AuthorityAdmin> {
  const folder = authorityFolder(dir);
  const address = await socketAddress(folder.root, adminSocketName);
  try {
    const secret = await readFile(folder.adminSecret, 'utf8');
    const admin = adminOver(address.path, secret, async () => address[Symbol.asyncDispose]());
    await admin.status();
    return admin;
  } catch (cause) {
    await address[Symbol.asyncDispose]();
    if (cause instanceof AuthorityError) throw cause;
    throw unreachable(cause);
  }
}

function adminOver(socketPath: string, secret: string, close: () => Promise<void>): AuthorityAdmin {
  const call = async <Schema extends TSchema>(
    schema: Schema,
    path: string,
    body?: object,
  ): Promise<Static<Schema>> => {
    const answer = await exchange(socketPath, secret, path, body);
    if (answer.status !== 200) throw refusalOf(answer);
    const value = parse(answer.text);
    if (!Value.Check(schema, value)) throw senseless(answer.status);
    return value as Static<Schema>;
  };
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    status: () => call(AuthorityStatus, routes.status.path),
    listIssuers: async () => (await call(IssuerList, routes.issuers.path)).issuers,
    listCertificates: (query = {}) =>
      call(CertificatePage, `${routes.certificates.path}?${queryText(query)}`),
    findCertificate: (reference) =>
      call(IssuedCertificate, `${routes.certificates.path}/${encodeURIComponent(reference)}`),
    issueOrganization: (csr, options = {}) =>
      call(IssuedCertificate, routes.organizations.path, { ...options, csr: base64(csr) }),
    createOrganization: (wanted) => call(IssuedCertificate, routes.hostedOrganizations.path, wanted),
    renewOrganization: (organization, options = {}) =>
      call(IssuedCertificate, routes.renewals.path, { ...options, organization }),
    issuePlugin: (csr, options) =>
      call(IssuedCertificate, routes.plugins.path, { ...options, csr: base64(csr) }),
    revoke: (wanted) => call(RevocationOutcome, routes.revocations.path, wanted),
    requestDelegation: (issuer) => call(DelegationRequest, routes.delegationRequests.path, { issuer }),
    adoptDelegation: (certificate, options = {}) =>
      call(IssuedCertificate, routes.delegations.path, { ...options, certificate: base64(certificate) }),
    registerCertificate: (certificate, options = {}) =>
      call(IssuedCertificate, routes.registrations.path, { ...options, certificate: base64(certificate) }),
    adoptCrl: (issuer, crl) => call(AdoptedCrl, routes.revocationLists.path, { issuer, crl: base64(crl) }),
    [Symbol.asyncDispose]: close,
  };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request, bounded in time and bytes. */
function exchange(
  socketPath: string,
  secret: string,
  path: string,
  body: object | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${secret}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    });
    request.once('error', (cause) => reject(unreachable(cause)));
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > maxAnswerBytes) response.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.once('error', (cause) => reject(unreachable(cause)));
      response.once('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function queryText(query: object): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return new URLSearchParams(
    given.map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}

/** The server's own refusal, as if it had been thrown here. */
function refusalOf({ status, text }: Answer): AuthorityError {
  const problem = parse(text);
  if (!Value.Check(Problem, problem) || !isCode(problem.code)) return senseless(status);
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

const unreachable = (cause: unknown): AuthorityError =>
  new AuthorityError(
    'ADMIN_UNREACHABLE',
    `No authority server answers (${errorCode(cause) ?? (cause instanceof Error ? cause.message : 'unknown')}).`,
    { cause },
  );
