import { rm } from 'node:fs/promises';
import { ClientError } from '../error.js';
import { type Downloaded, DownloadJob, type DownloadMeans, type DownloadOptions } from './download-job.js';
import { lockDownload } from './download-lock.js';
import { type BodyPlan, mismatch, planRest, planWhole, tooLarge, tooLong } from './download-plan.js';
import { diskError, openPartFile, type PartFile, removePartFile, sha256OfFile } from './part-file.js';
import type { RepresentationDigest } from './representation-digest.js';
import { linkSignals, type Timer, wait } from './timer.js';
import { type Answer, assertAnswered, failureOf } from './transport.js';
import { callableUrl } from './url.js';

const refillBytes = 1024 * 1024;
const maxRestarts = 2;
const maxShortRanges = 16;
const maxOfflineWaits = 8;
const refusedMs = 900_000;
/** So long what has come may be more than what is told. */
const lagMs = 100;

/**
 * Downloads a file to `target`, streaming through `<target>.part`; it appears under its own name only when it is whole, on
 * disk, and as expected. A break is resumed (RFC 9110 14.2, 13.1.5) now or by a later call; a file that changed meanwhile is
 * fetched from its start.
 * @throws {ClientError} a network code (CANCELED after `signal`), or CACHE_NOT_PRIVATE | CACHE_NOT_WRITABLE | DISK_FULL |
 *   DOWNLOAD_BUSY
 */
export async function downloadFile(
  means: DownloadMeans,
  address: string | URL,
  target: string,
  options: DownloadOptions = {},
): Promise<Downloaded> {
  const url = callableUrl(address);
  await using _lock = await lockDownload(
    target,
    means.totalTimeoutMs * 2 + means.offlineTimeoutMs * maxOfflineWaits,
  );
  const reusable = await reuse(target, options);
  if (reusable !== undefined) return reusable;
  using linked = linkSignals([options.signal, means.closing], {
    timer: means.timer,
    ms: means.totalTimeoutMs,
    reason: () =>
      new ClientError('TOTAL_TIMEOUT', `${url.href} was not whole after ${means.totalTimeoutMs} ms`, {
        at: url.href,
      }),
  });
  try {
    return await downloadInAttempts(new DownloadJob(means, url, target, options, linked));
  } catch (error) {
    const failure = linked.signal.aborted ? failureOf(error, url, linked.signal) : error;
    if (options.signal?.aborted === true) {
      await removePartFile(target);
      throw new ClientError('CANCELED', 'The download was canceled', { at: url.href, cause: failure });
    }
    throw failure;
  }
}

async function downloadInAttempts(job: DownloadJob): Promise<Downloaded> {
  for (let first = true; ; first = false) {
    await using part = await openPartFile(job.target, job.url.href);
    if (first) job.resumedBytes = part.length;
    const before = part.length;
    try {
      const result = await attempt(job, part);
      if (result === 'more') countRange(job, part.length - before);
      else if (result !== 'again') return { ...result, resumedBytes: job.resumedBytes };
    } catch (error) {
      if (job.signal.aborted) throw failureOf(error, job.url, job.signal);
      if (part.length - before >= refillBytes) {
        job.means.budget.refill();
        job.offlineWaits = 0;
      }
      await pause(job, part, error);
    }
  }
}

// A server may send less than the range asked for (RFC 9110 14.2), but not byte by byte.
function countRange(job: DownloadJob, bytes: number): void {
  if (bytes < refillBytes) job.shortRanges += 1;
  if (job.shortRanges > maxShortRanges) {
    throw new ClientError('RANGE_MALFORMED', `${job.url.host} sends the file in too many small ranges`, {
      at: job.url.href,
    });
  }
}

async function pause(job: DownloadJob, part: PartFile, error: unknown): Promise<void> {
  await part[Symbol.asyncDispose]();
  if (error instanceof ClientError && error.network === 'DISCONNECTED') return waitForServer(job, error);
  const next = job.means.budget.spend(error);
  if (next === undefined || !(error instanceof ClientError)) throw error;
  job.options.onPause?.({ error, ...next, isOffline: false });
  await wait(job.means.timer, next.delayMs, job.signal);
}

/** There is no way to the server: the download goes on when there is one again. The total time stands still meanwhile. */
async function waitForServer(job: DownloadJob, error: ClientError): Promise<void> {
  const { connectivity, timer, offlineTimeoutMs } = job.means;
  connectivity.noteFailure(job.url, error);
  job.offlineWaits += 1;
  if (job.offlineWaits > maxOfflineWaits) throw error;
  job.options.onPause?.({ error, attempt: job.offlineWaits + 1, delayMs: 0, isOffline: true });
  // Something refuses the connection: the network is there, and the server may not come back soon.
  const ms = error.code === 'CONNECTION_REFUSED' ? Math.min(refusedMs, offlineTimeoutMs) : offlineTimeoutMs;
  await job.deadline.untimed(async () => {
    using patience = linkSignals([job.signal], { timer, ms, reason: () => error });
    await connectivity.reachable(job.url, patience.signal);
  });
}

/** One request. `more`: a further range is needed · `again`: nothing of it can be used, start from zero. */
async function attempt(
  job: DownloadJob,
  part: PartFile,
): Promise<Omit<Downloaded, 'resumedBytes'> | 'more' | 'again'> {
  const { means, url, signal, options } = job;
  if (
    part.length > 0 &&
    part.length === part.state?.total &&
    options.expect?.sha256 === part.digests().sha256
  ) {
    return finish(job, part, {}, true);
  }
  const resume = part.length > 0 ? part.state : undefined;
  const range: Record<string, string> =
    resume === undefined ? {} : { range: `bytes=${part.length}-`, 'if-range': resume.etag };
  const { observe } = options;
  const answer = await means.transport.send(url, {
    headers: { ...means.headers, ...range },
    signal,
    observe,
  });
  means.connectivity.noteAnswer(url);
  if (resume !== undefined && answer.status === 416) {
    answer.body.discard();
    return startAgain(job, part, 'The server no longer has the rest of a broken download');
  }
  assertAnswered(answer, resume === undefined ? [200] : [200, 206]);
  let plan: BodyPlan | undefined;
  try {
    plan = answer.status === 206 ? planRest(job, answer, part) : await startWhole(job, answer, part);
  } catch (error) {
    answer.body.discard();
    throw error;
  }
  if (plan === undefined) {
    answer.body.discard();
    return startAgain(job, part, 'The file changed between two ranges');
  }
  await receive(job, answer, part, plan);
  if (plan.total !== undefined && part.length < plan.total) return 'more';
  return finish(job, part, plan.digest, answer.status === 206);
}

async function startWhole(job: DownloadJob, answer: Answer, part: PartFile): Promise<BodyPlan> {
  const plan = planWhole(job, answer);
  const { etag, total } = plan;
  job.resumedBytes = 0;
  const state = { url: job.url.href, etag: etag ?? '', ...(total === undefined ? {} : { total }) };
  await part.restart(etag === undefined ? undefined : state);
  return plan;
}

async function receive(job: DownloadJob, answer: Answer, part: PartFile, plan: BodyPlan): Promise<void> {
  const { options, url, signal } = job;
  using progress = new ProgressReporter(options.onProgress, plan.total, job.means.timer);
  progress.note(part.length);
  try {
    for await (const chunk of answer.body) {
      if (part.length + chunk.length > job.maxBytes) throw tooLarge(url, job.maxBytes);
      if (part.length + chunk.length > (plan.until ?? Number.POSITIVE_INFINITY)) throw tooLong(url, plan);
      await part.append(chunk);
      progress.note(part.length);
    }
  } catch (error) {
    answer.body.discard();
    throw error instanceof ClientError ? error : failureOf(error, url, signal);
  }
  if (plan.until !== undefined && part.length !== plan.until) {
    throw new ClientError(
      'CONNECTION_LOST',
      `${url.href} ended after ${part.length} of ${plan.until} bytes`,
      {
        at: url.href,
      },
    );
  }
}

/** Checks what is whole and gives it its name; a resumed file that came out wrong is fetched again from its start. */
async function finish(
  job: DownloadJob,
  part: PartFile,
  announced: RepresentationDigest,
  joined: boolean,
): Promise<Omit<Downloaded, 'resumedBytes'> | 'again'> {
  const { options, url, target, signal } = job;
  const digests = part.digests();
  const { expect } = options;
  const asAnnounced =
    (announced.sha256 ?? digests.sha256) === digests.sha256 &&
    (announced.sha512 ?? digests.sha512) === digests.sha512;
  const asExpected =
    (expect?.sha256 ?? digests.sha256) === digests.sha256 && (expect?.size ?? part.length) === part.length;
  if (joined && !(asAnnounced && asExpected)) {
    return startAgain(job, part, 'The joined parts of a broken download do not make the file');
  }
  if (!asAnnounced || (!asExpected && options.unexpected !== 'keep')) {
    const { length } = part;
    await part.remove();
    throw mismatch(url, { length, size: expect?.size, asAnnounced });
  }
  const { length } = part;
  signal.throwIfAborted();
  await part.complete();
  return { path: target, bytes: length, sha256: digests.sha256, asExpected };
}

async function startAgain(job: DownloadJob, part: PartFile, reason: string): Promise<'again'> {
  job.restarts += 1;
  job.resumedBytes = 0;
  await part.restart(undefined);
  if (job.restarts > maxRestarts) {
    throw new ClientError('RANGE_MALFORMED', `${reason}, again and again (${job.url.href})`, {
      at: job.url.href,
    });
  }
  return 'again';
}

/** A whole file of an earlier download is used where its digest is the expected one, else removed. */
async function reuse(target: string, options: DownloadOptions): Promise<Downloaded | undefined> {
  const { expect } = options;
  if (expect?.sha256 !== undefined) {
    const found = await sha256OfFile(target);
    if (found?.sha256 === expect.sha256) {
      options.onProgress?.({ received: found.bytes, total: found.bytes });
      return { path: target, ...found, resumedBytes: found.bytes, asExpected: true };
    }
  }
  try {
    await rm(target, { force: true });
  } catch (error) {
    throw diskError(target, error);
  }
  return undefined;
}

/** Tells of progress some 200 times a file, of its first and last byte, and of all that has come when no more comes for a moment. */
class ProgressReporter implements Disposable {
  readonly #report: DownloadOptions['onProgress'];
  readonly #total: number | undefined;
  readonly #timer: Timer;
  readonly #step: number;
  #told = -1;
  #callOff: (() => void) | undefined;

  constructor(report: DownloadOptions['onProgress'], total: number | undefined, timer: Timer) {
    this.#report = report;
    this.#total = total;
    this.#timer = timer;
    this.#step = Math.max(64 * 1024, Math.ceil((total ?? 0) / 200));
  }

  note(received: number): void {
    this.#callOff?.();
    const isStep = this.#told < 0 || received - this.#told >= this.#step || received === this.#total;
    if (isStep) this.#tell(received);
    else this.#callOff = this.#timer.after(lagMs, () => this.#tell(received));
  }

  [Symbol.dispose](): void {
    this.#callOff?.();
  }

  #tell(received: number): void {
    this.#told = received;
    this.#report?.({ received, total: this.#total });
  }
}
