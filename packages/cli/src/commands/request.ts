import { resolve } from 'node:path';
import {
  CertificateRequest,
  type CertificateUse,
  FiledCertificateRequest,
  NewToken,
  publishingPaths,
  Terms,
} from '@jami-plugin-store/contract';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Io, printJson } from '../io.js';
import { createNew } from '../new-file.js';
import { readInput } from '../options.js';
import { printable } from '../printable.js';
import {
  reachStore,
  reachStoreOpenly,
  type StoreChoice,
  type StoreConnection,
} from '../publishing/store-connection.js';
import { UsageError } from '../usage-error.js';

export interface RequestTermsOptions extends Omit<StoreChoice, 'tokenFile'> {
  readonly json?: boolean | undefined;
}

/** `jpl request terms`: what an organization agrees to. */
export async function requestTerms(io: Io, options: RequestTermsOptions): Promise<number> {
  await using store = await reachStoreOpenly(io, options);
  const terms = await store.ask(Terms, 'GET', publishingPaths.terms);
  if (options.json) printJson(io, terms);
  else
    io.stdout(`${terms.text.split('\n').map(printable).join('\n').trimEnd()}\n\nversion: ${terms.version}\n`);
  return 0;
}

export interface RequestCertificateOptions extends StoreChoice {
  readonly csr: string;
  readonly use: CertificateUse;
  readonly contact: string;
  readonly agree?: string | undefined;
  readonly renew?: boolean | undefined;
  readonly output: string;
  readonly json?: boolean | undefined;
}

/**
 * `jpl request certificate`: files a request and keeps what it is followed with in a file. For a plugin, or with `--renew`, it is the
 * publisher who asks, with its token.
 */
export async function requestCertificate(io: Io, options: RequestCertificateOptions): Promise<number> {
  const { use, contact, agree, renew, output } = options;
  const csr = await readInput(io, options.csr);
  const isPublisher = use === 'plugin' || renew === true;
  await using saved = await createNew(resolve(io.cwd, output), 0o600);
  await using store = isPublisher ? await reachStore(io, options) : await reachStoreOpenly(io, options);
  const { request, secret } = await store.ask(
    FiledCertificateRequest,
    'POST',
    publishingPaths.certificateRequests,
    { csr: csr.toString('base64'), use, contact, ...(agree === undefined ? {} : { terms: agree }) },
  );
  await saved.fill(`${JSON.stringify({ store: store.url, id: request.id, secret }, undefined, 2)}\n`);
  if (options.json) printJson(io, request);
  else {
    io.stdout(describeRequest(request));
    io.stdout(`${output}: what the request is followed with; keep it (jpl request status ${output})\n`);
  }
  return 0;
}

const SavedRequest = Type.Object(
  {
    store: Type.String({ pattern: '^https?://', maxLength: 2048 }),
    id: Type.String({ pattern: '^[0-9a-f]{16}$' }),
    secret: Type.String({ pattern: '^jpr_[0-9a-f]{16}_[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
);

/** The request a saved file is about. @throws {UsageError} REQUEST_FILE_INVALID and the codes of `readInput` */
async function reachRequest(
  io: Io,
  file: string,
): Promise<{ readonly id: string; readonly store: StoreConnection }> {
  const text = (await readInput(io, file)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!Value.Check(SavedRequest, value))
    throw new UsageError('REQUEST_FILE_INVALID', `${file} is no file of jpl request certificate`);
  return { id: value.id, store: await reachStoreOpenly(io, { store: value.store }, value.secret) };
}

export interface RequestStatusOptions {
  readonly chain?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl request status FILE`: what became of a request; the certificate goes where `--chain` says. */
export async function requestStatus(io: Io, file: string, options: RequestStatusOptions): Promise<number> {
  const { id, store } = await reachRequest(io, file);
  await using _store = store;
  const request = await store.ask(CertificateRequest, 'GET', publishingPaths.certificateRequest(id));
  if (options.chain !== undefined && request.chainPem !== undefined) {
    await using chain = await createNew(resolve(io.cwd, options.chain), 0o644);
    await chain.fill(request.chainPem);
  }
  if (options.json) printJson(io, request);
  else {
    io.stdout(describeRequest(request));
    if (options.chain !== undefined && request.chainPem !== undefined)
      io.stdout(`${options.chain}: the certificate\n`);
  }
  return request.state === 'declined' || request.state === 'withdrawn' ? 1 : 0;
}

/** `jpl request token FILE`: the organization's first token, once. */
export async function requestToken(
  io: Io,
  file: string,
  options: { readonly output: string; readonly json?: boolean | undefined },
): Promise<number> {
  const { id, store } = await reachRequest(io, file);
  await using _store = store;
  await using saved = await createNew(resolve(io.cwd, options.output), 0o600);
  const path = publishingPaths.certificateRequestStep(id, 'token');
  const { token, ...record } = await store.ask(NewToken, 'POST', path, {});
  await saved.fill(`${token}\n`);
  if (options.json) printJson(io, record);
  else io.stdout(`${options.output}: the token with which to publish, until ${record.expiresAt}\n`);
  return 0;
}

/** `jpl request withdraw FILE` */
export async function requestWithdraw(
  io: Io,
  file: string,
  options: { readonly json?: boolean | undefined },
): Promise<number> {
  const { id, store } = await reachRequest(io, file);
  await using _store = store;
  const path = publishingPaths.certificateRequestStep(id, 'withdraw');
  const request = await store.ask(CertificateRequest, 'POST', path, {});
  if (options.json) printJson(io, request);
  else io.stdout(describeRequest(request));
  return 0;
}

export function describeRequest(request: CertificateRequest): string {
  const { id, use, state, subject, key, reason, tokenWaiting } = request;
  const lines = [`request ${id}: certificate of an organization for ${subject}, ${key}: ${state}`];
  if (use === 'plugin') lines[0] = `request ${id}: certificate of a plugin for ${subject}, ${key}: ${state}`;
  if (reason !== undefined) lines.push(`  reason: ${reason}`);
  if (tokenWaiting) lines.push('  its token is waiting (jpl request token)');
  return `${lines.map(printable).join('\n')}\n`;
}
