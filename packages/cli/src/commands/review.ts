import { resolve } from 'node:path';
import {
  CertificateRequest,
  CertificateRequestPage,
  publishingPaths,
  ReviewedCertificateRequest,
  Submission,
  SubmissionPage,
} from '@jami-plugin-store/contract';
import { reachAuthority } from '../authority-access.js';
import { type Io, printJson } from '../io.js';
import { createNewStream } from '../new-file.js';
import { printable } from '../printable.js';
import { reachStore, type StoreChoice, type StoreConnection } from '../publishing/store-connection.js';
import { UsageError } from '../usage-error.js';
import { describeSubmission } from './publish.js';
import { describeRequest } from './request.js';
import { describeSteps, submissionRow } from './submission.js';

export interface ReviewOptions extends StoreChoice {
  readonly json?: boolean | undefined;
}

/** What a reviewer decides about is named by its id: 16 digits a certificate request, 64 a package. */
function kindOf(id: string): 'request' | 'submission' {
  if (/^[0-9a-f]{16}$/.test(id)) return 'request';
  if (/^[0-9a-f]{64}$/.test(id)) return 'submission';
  throw new UsageError('USAGE', `${id} names neither a certificate request nor a package (jpl review list)`);
}

/** `jpl review list`: everything that waits for a decision, oldest first. */
export async function reviewList(io: Io, options: ReviewOptions): Promise<number> {
  await using store = await reachStore(io, options);
  const requests = await allRequests(store);
  const submissions = await allSubmissions(store);
  if (options.json) printJson(io, { requests, submissions });
  else {
    for (const request of requests) io.stdout(describeRequest(request));
    for (const submission of submissions) io.stdout(`${submissionRow(submission)}\n`);
    if (requests.length + submissions.length === 0) io.stderr('Nothing waits for a decision.\n');
  }
  return 0;
}

async function allRequests(store: StoreConnection): Promise<CertificateRequest[]> {
  const all: CertificateRequest[] = [];
  for (let after = ''; ; ) {
    const path = `${publishingPaths.certificateRequests}?state=open&limit=200${after}`;
    const page = await store.ask(CertificateRequestPage, 'GET', path);
    all.push(...page.requests);
    if (page.next === undefined) return all.reverse();
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

async function allSubmissions(store: StoreConnection): Promise<Submission[]> {
  const all: Submission[] = [];
  for (let after = ''; ; ) {
    const path = `${publishingPaths.submissions}?state=review&limit=200${after}`;
    const page = await store.ask(SubmissionPage, 'GET', path);
    all.push(...page.submissions);
    if (page.next === undefined) return all.reverse();
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

export interface ReviewShowOptions extends ReviewOptions {
  /** Where the package goes, to be looked at. */
  readonly output?: string | undefined;
}

/** `jpl review show ID` */
export async function reviewShow(io: Io, id: string, options: ReviewShowOptions): Promise<number> {
  const kind = kindOf(id);
  await using store = await reachStore(io, options);
  if (kind === 'request') {
    const request = await store.ask(
      ReviewedCertificateRequest,
      'GET',
      publishingPaths.certificateRequest(id),
    );
    if (options.json) printJson(io, request);
    else io.stdout(describeReviewed(request));
    return 0;
  }
  const submission = await store.ask(Submission, 'GET', publishingPaths.submission(id));
  if (options.output !== undefined) {
    const bytes = await store.download(publishingPaths.submissionPackage(id));
    await createNewStream(resolve(io.cwd, options.output), 0o644, bytes, io.signal);
  }
  if (options.json) printJson(io, submission);
  else io.stdout(describeSteps(submission));
  return 0;
}

function describeReviewed(request: ReviewedCertificateRequest): string {
  const { contact, keySha256, organization, createdAt } = request;
  const lines = [`  asked at ${createdAt}, contact: ${contact}`, `  key: SHA-256 ${keySha256}`];
  if (organization !== undefined) lines.push(`  organization: ${organization}`);
  return `${describeRequest(request)}${lines.map((line) => `${printable(line)}\n`).join('')}`;
}

export interface ReviewAcceptOptions extends ReviewOptions {
  readonly reason?: string | undefined;
  readonly authority?: string | undefined;
  readonly credential?: string | undefined;
  readonly authorityDir?: string | undefined;
  readonly days?: number | undefined;
}

/**
 * `jpl review accept ID`. A package is published. For a certificate request the authority issues under the reviewer's own credential, and the
 * store, which could not have issued, checks what it is handed. Run again after it was cut off, it ends in the same certificate.
 */
export async function reviewAccept(io: Io, id: string, options: ReviewAcceptOptions): Promise<number> {
  const kind = kindOf(id);
  await using store = await reachStore(io, options);
  const { reason } = options;
  const decision = reason === undefined ? {} : { reason };
  if (kind === 'submission') {
    const path = publishingPaths.submissionStep(id, 'accept');
    const submission = await store.ask(Submission, 'POST', path, decision);
    if (options.json) printJson(io, submission);
    else io.stdout(describeSubmission(submission));
    return 0;
  }
  const request = await store.ask(ReviewedCertificateRequest, 'GET', publishingPaths.certificateRequest(id));
  if (!options.json) io.stderr(describeReviewed(request));
  const chainPem = request.chainPem ?? (await issue(io, store.url, request, options));
  const path = publishingPaths.certificateRequestStep(id, 'accept');
  const accepted = await store.ask(CertificateRequest, 'POST', path, { chainPem, ...decision });
  if (options.json) printJson(io, accepted);
  else io.stdout(describeRequest(accepted));
  return 0;
}

async function issue(
  io: Io,
  storeUrl: string,
  request: ReviewedCertificateRequest,
  options: ReviewAcceptOptions,
): Promise<string> {
  await using authority = await reachAuthority(io, {
    authority: options.authority,
    credential: options.credential,
    dataDir: options.authorityDir,
  });
  const csr = Buffer.from(request.csr, 'base64');
  const { host } = new URL(storeUrl);
  const about = {
    // The same wish, however often this command is run: the authority grants it once.
    requestId: `store:${host.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 64)}:${request.id}`,
    ...(options.days === undefined ? {} : { validityDays: options.days }),
  };
  if (request.use === 'plugin') {
    if (request.authorityIssuer === undefined)
      throw new UsageError('ISSUER_UNKNOWN', 'The store does not say who issues this certificate');
    return (await authority.issuePlugin(csr, { ...about, issuer: request.authorityIssuer })).chainPem;
  }
  const { authorityOrganization } = request;
  const renewed = authorityOrganization === undefined ? {} : { organization: authorityOrganization };
  return (await authority.issueOrganization(csr, { ...about, ...renewed })).chainPem;
}

/** `jpl review decline ID --reason TEXT` */
export async function reviewDecline(
  io: Io,
  id: string,
  options: ReviewOptions & { readonly reason: string },
): Promise<number> {
  const kind = kindOf(id);
  await using store = await reachStore(io, options);
  const body = { reason: options.reason };
  if (kind === 'request') {
    const path = publishingPaths.certificateRequestStep(id, 'decline');
    const request = await store.ask(CertificateRequest, 'POST', path, body);
    if (options.json) printJson(io, request);
    else io.stdout(describeRequest(request));
  } else {
    const path = publishingPaths.submissionStep(id, 'decline');
    const submission = await store.ask(Submission, 'POST', path, body);
    if (options.json) printJson(io, submission);
    else io.stdout(describeSubmission(submission));
  }
  return 0;
}
