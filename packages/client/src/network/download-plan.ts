import { ClientError } from '../error.js';
import { contentLength, continuingRange, strongETag } from './content-range.js';
import type { DownloadJob } from './download-job.js';
import type { PartFile } from './part-file.js';
import { parseReprDigest, type RepresentationDigest } from './representation-digest.js';
import type { Answer } from './transport.js';

/** What an answer's body will bring. */
export interface BodyPlan {
  /** Length of the whole file; undefined where the server does not say. */
  total: number | undefined;
  /** Length of the part when this answer has been read. */
  until: number | undefined;
  digest: RepresentationDigest;
  /** By which the file can be resumed, where the answer starts it. */
  etag?: string | undefined;
}

/** The plan of a 206; undefined when it does not continue the file the part belongs to. */
export function planRest(job: DownloadJob, answer: Answer, part: PartFile): BodyPlan | undefined {
  const range = continuingRange(answer.headers['content-range'], part.length);
  if (range === undefined) return undefined;
  const { etag } = answer.headers;
  const changedTag = etag !== undefined && etag !== part.state?.etag;
  const changedLength = part.state?.total !== undefined && part.state.total !== range.total;
  if (changedTag || changedLength) return undefined;
  if (range.total > job.maxBytes) throw tooLarge(job.url, job.maxBytes);
  return {
    total: range.total,
    until: range.last + 1,
    digest: parseReprDigest(answer.headers['repr-digest']),
  };
}

/**
 * The plan of a 200: a file from its start.
 * @throws {ClientError} ANSWER_TOO_LARGE | LENGTH_MISMATCH | LENGTH_UNKNOWN | ANSWER_MALFORMED
 */
export function planWhole(job: DownloadJob, answer: Answer): BodyPlan {
  const { options, url } = job;
  const total = contentLength(answer.headers['content-length']);
  const digest = parseReprDigest(answer.headers['repr-digest']);
  const { expect } = options;
  const { maxBytes } = job;
  if (total !== undefined && total > maxBytes) throw tooLarge(url, maxBytes);
  const refuses = options.unexpected !== 'keep';
  if (refuses && total !== undefined && expect?.size !== undefined && total !== expect.size) {
    throw new ClientError('LENGTH_MISMATCH', `${url.href} has ${total} bytes; ${expect.size} were expected`, {
      at: url.href,
    });
  }
  const delimited = total !== undefined || answer.headers['transfer-encoding'] !== undefined;
  const provable = digest.sha256 ?? digest.sha512 ?? expect?.sha256 ?? expect?.size;
  if (!delimited && provable === undefined) {
    throw new ClientError('LENGTH_UNKNOWN', `${url.href} ends where its connection ends: it may be cut`, {
      at: url.href,
    });
  }
  return { total, until: total, digest, etag: strongETag(answer.headers.etag) };
}

/** Why a whole file is not the one that was announced or expected. */
export function mismatch(
  url: URL,
  found: { length: number; size: number | undefined; asAnnounced: boolean },
): ClientError {
  if (found.asAnnounced && found.size !== undefined && found.size !== found.length) {
    return new ClientError(
      'LENGTH_MISMATCH',
      `${url.href} has ${found.length} bytes; ${found.size} were expected`,
      { at: url.href },
    );
  }
  return new ClientError(
    'DIGEST_MISMATCH',
    found.asAnnounced
      ? `${url.href} is not the file that was expected: its digest differs`
      : `${url.href} was damaged on its way: its digest is not the one the server announced`,
    { at: url.href },
  );
}

export function tooLong(url: URL, plan: BodyPlan): ClientError {
  return new ClientError(
    'LENGTH_MISMATCH',
    `${url.href} sent more bytes than the ${plan.until} it announced`,
    {
      at: url.href,
    },
  );
}

export function tooLarge(url: URL, maxBytes: number): ClientError {
  return new ClientError('ANSWER_TOO_LARGE', `${url.href} has more than ${maxBytes} bytes`, { at: url.href });
}
