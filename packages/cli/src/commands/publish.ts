import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { publishingPaths, Submission } from '@jami-plugin-store/contract';
import { type Io, printJson } from '../io.js';
import { readInput } from '../options.js';
import { printable } from '../printable.js';
import { drawUpload } from '../progress.js';
import { reachStore, type StoreChoice, type StoreConnection } from '../publishing/store-connection.js';
import { uploadPackage } from '../publishing/upload-package.js';
import { UsageError } from '../usage-error.js';

export interface PublishOptions extends StoreChoice {
  readonly changelog?: string | undefined;
  readonly changelogFile?: string | undefined;
  readonly wait?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** How often is asked whether a reviewer has decided. */
const lookMs = 5_000;

/** `jpl publish FILE`: hands a package in and waits for the verdict; with `--wait` for a reviewer's decision, too. */
export async function publish(io: Io, file: string, options: PublishOptions): Promise<number> {
  const changelog = await changelogOf(io, options);
  await using store = await reachStore(io, options);
  const uploaded = await uploadPackage(io, store, {
    path: resolve(io.cwd, file),
    changelog,
    onProgress: (sent, of) => drawUpload(io, sent, of),
    onBreak: (reason) => io.stderr(`${printable(reason)}\n  going on…\n`),
  });
  if (io.interactive) io.stderr('\r\u001b[K');
  const submission = options.wait === true ? await decisionOf(io, store, uploaded) : uploaded;
  if (options.json) printJson(io, submission);
  else io.stdout(describeSubmission(submission));
  return submission.state === 'published' || submission.state === 'review' ? 0 : 1;
}

async function changelogOf(
  io: Io,
  { changelog, changelogFile }: PublishOptions,
): Promise<string | undefined> {
  if (changelogFile === undefined) return changelog;
  if (changelog !== undefined)
    throw new UsageError('USAGE', 'either --changelog or --changelog-file, not both');
  return (await readInput(io, changelogFile)).toString('utf8');
}

async function decisionOf(io: Io, store: StoreConnection, uploaded: Submission): Promise<Submission> {
  let submission = uploaded;
  while (submission.state === 'review') {
    await pause(lookMs, undefined, { signal: io.signal });
    submission = await store.ask(Submission, 'GET', publishingPaths.submission(submission.sha256));
  }
  return submission;
}

const meaning: Readonly<Record<Submission['state'], string>> = {
  review: 'waits for a reviewer',
  published: 'is published',
  declined: 'was declined',
  withdrawn: 'was withdrawn',
  suspended: 'is held back: a certificate may have been revoked',
  revoked: 'is withdrawn for good: a certificate was revoked',
};

/** A package and what became of it, for a person. */
export function describeSubmission(submission: Submission): string {
  const { plugin, version, state, sha256, reason, flaws = [], revision, yanked } = submission;
  const lines = [`${plugin} ${version} ${meaning[state]}`, `  package: ${sha256}`];
  if (revision > 1) lines.push(`  revision ${revision}: the same content under a renewed certificate`);
  if (reason !== undefined) lines.push(`  reason: ${reason}`);
  if (yanked !== undefined) lines.push(`  taken back: ${yanked.reason}`);
  for (const flaw of flaws) lines.push(`  not shown: ${flaw}`);
  return `${lines.map(printable).join('\n')}\n`;
}
