import {
  publishingPaths,
  Submission,
  SubmissionPage,
  type SubmissionState,
} from '@jami-plugin-store/contract';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { reachStore, type StoreChoice } from '../publishing/store-connection.js';
import { describeSubmission } from './publish.js';

export interface SubmissionOptions extends StoreChoice {
  readonly json?: boolean | undefined;
}

/** `jpl submission list`: what was handed in, newest first. */
export async function submissionList(
  io: Io,
  options: SubmissionOptions & { readonly state?: SubmissionState | undefined },
): Promise<number> {
  await using store = await reachStore(io, options);
  const all: Submission[] = [];
  for (let after: string | undefined; ; ) {
    const query = new URLSearchParams({
      limit: '200',
      ...(options.state === undefined ? {} : { state: options.state }),
      ...(after === undefined ? {} : { after }),
    });
    const page = await store.ask(SubmissionPage, 'GET', `${publishingPaths.submissions}?${query}`);
    all.push(...page.submissions);
    if (page.next === undefined) break;
    after = page.next;
  }
  if (options.json) printJson(io, all);
  else for (const submission of all) io.stdout(`${submissionRow(submission)}\n`);
  return 0;
}

export function submissionRow({ state, plugin, version, publisher, sha256 }: Submission): string {
  return printable(`${state.padEnd(9)}  ${plugin} ${version}  by ${publisher.name}  ${sha256}`);
}

/** `jpl submission show SHA256`: one package with every step it took. */
export async function submissionShow(io: Io, sha256: string, options: SubmissionOptions): Promise<number> {
  await using store = await reachStore(io, options);
  const submission = await store.ask(Submission, 'GET', publishingPaths.submission(sha256));
  if (options.json) printJson(io, submission);
  else io.stdout(describeSteps(submission));
  return 0;
}

export function describeSteps(submission: Submission): string {
  const steps = (submission.steps ?? []).map(({ at, action, actor, reason }) =>
    printable(`  ${at}  ${action} by ${actor}${reason === undefined ? '' : `: ${reason}`}`),
  );
  return `${describeSubmission(submission)}${steps.map((step) => `${step}\n`).join('')}`;
}

/** `jpl submission withdraw SHA256`: takes back what waits for a reviewer. */
export async function submissionWithdraw(
  io: Io,
  sha256: string,
  options: SubmissionOptions,
): Promise<number> {
  await using store = await reachStore(io, options);
  const path = publishingPaths.submissionStep(sha256, 'withdraw');
  const submission = await store.ask(Submission, 'POST', path, {});
  if (options.json) printJson(io, submission);
  else io.stdout(describeSubmission(submission));
  return 0;
}
