import {
  PackageQuery,
  publishingPaths,
  Submission,
  UploadRecord,
  UploadWish,
} from '@jami-plugin-store/contract';
import {
  type GuardedAnswer,
  type GuardedRequest,
  type GuardedRoutes,
  guarded,
} from '../access/guarded-routes.js';
import { plainText } from '../access/plain-text.js';
import type { BlobStore } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';
import type { PackageReception } from './package-reception.js';
import { defaultUploadLimits, type Uploads } from './uploads.js';

export interface UploadRoutesOptions {
  readonly uploads: Uploads;
  readonly reception: PackageReception;
  readonly blobs: BlobStore;
}

const maxPackageBytes = defaultUploadLimits.maxPackageBytes;

/** Handing packages in: in one piece, or in as many as it takes. */
export function uploadRoutes({ uploads, reception, blobs }: UploadRoutesOptions) {
  return {
    'PUT /v1/packages': guarded({
      summary: 'Hands a package in; answers when it is judged',
      takesStream: true,
      query: PackageQuery,
      response: Submission,
      async handle(request) {
        const { caller, query, stream, signal, contentLength } = request;
        const changelog = query.changelog === undefined ? null : plainText('changelog', query.changelog);
        if (contentLength !== undefined && contentLength > maxPackageBytes)
          throw new StoreError('UPLOAD_TOO_LARGE', `A package has ${maxPackageBytes} bytes at most.`);
        await using received = await blobs
          .receive(stream, { maxBytes: maxPackageBytes, signal })
          .catch((error: unknown) => {
            throw isCutOff(request, error)
              ? new StoreError('UPLOAD_CUT_OFF', 'The package did not arrive whole.', { cause: error })
              : error;
          });
        if (contentLength !== undefined && received.size !== contentLength)
          throw new StoreError('UPLOAD_CUT_OFF', 'The package did not arrive whole.');
        assertAnnounced(request.headers['repr-digest'], received.sha256);
        return submitted(await reception.receive(caller, received, { changelog, signal }));
      },
    }),
    'POST /v1/uploads': guarded({
      summary: 'Begins an upload that can be gone on with, or finds the one begun for the same bytes',
      body: UploadWish,
      response: UploadRecord,
      async handle({ caller, body }) {
        const record = await uploads.begin(caller, body);
        return {
          status: 201,
          headers: { ...progressOf(record), location: publishingPaths.upload(record.id) },
          body: record,
        };
      },
    }),
    'GET /v1/uploads/:id': guarded({
      summary: 'How far an upload has come',
      response: UploadRecord,
      async handle({ caller, params }) {
        const record = await uploads.show(caller, params.id ?? '');
        return { headers: progressOf(record), body: record };
      },
    }),
    'HEAD /v1/uploads/:id': guarded({
      summary: 'How far an upload has come, in Upload-Offset',
      async handle({ caller, params }) {
        return { status: 204, headers: progressOf(await uploads.show(caller, params.id ?? '')) };
      },
    }),
    'PATCH /v1/uploads/:id': guarded({
      summary: 'Goes on with an upload from Upload-Offset; with the last byte the package is judged',
      takesStream: true,
      response: UploadRecord,
      async handle({ caller, params, headers, stream, contentLength, signal }) {
        const offset = offsetOf(headers['upload-offset']);
        const part = { offset, length: contentLength, source: stream, signal };
        const reached = await uploads.append(caller, params.id ?? '', part);
        if ('state' in reached) return submitted(reached);
        return { status: 202, headers: progressOf(reached), body: reached };
      },
    }),
    'DELETE /v1/uploads/:id': guarded({
      summary: 'Abandons an upload',
      async handle({ caller, params }) {
        await uploads.abandon(caller, params.id ?? '');
        return { status: 204 };
      },
    }),
  } satisfies Partial<GuardedRoutes>;
}

/** 201 where it is published, 202 where somebody has to look at it first. */
function submitted(submission: Submission): GuardedAnswer {
  return {
    status: submission.state === 'published' ? 201 : 202,
    headers: { location: publishingPaths.submission(submission.sha256) },
    body: submission,
  };
}

function progressOf({ offset, size, maxPartBytes }: UploadRecord): Record<string, string> {
  return {
    'upload-offset': String(offset),
    'upload-length': String(size),
    // RFC 9651 boolean, as draft-ietf-httpbis-resumable-upload has it.
    'upload-complete': offset === size ? '?1' : '?0',
    'upload-limit': `max-append-size=${maxPartBytes}`,
  };
}

/** @throws {StoreError} REQUEST_MALFORMED */
function offsetOf(text: string | string[] | undefined): number {
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text);
  throw new StoreError('REQUEST_MALFORMED', 'A part says where it begins: Upload-Offset: 0');
}

/** RFC 9530: whoever says which bytes it sends learns of others. @throws {StoreError} DIGEST_MISMATCH | REQUEST_MALFORMED */
function assertAnnounced(field: string | string[] | undefined, sha256: string): void {
  if (field === undefined) return;
  const [, base64] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(String(field)) ?? [];
  if (base64 === undefined) throw new StoreError('REQUEST_MALFORMED', 'Repr-Digest has no sha-256.');
  if (Buffer.from(base64, 'base64').toString('hex') === sha256) return;
  throw new StoreError('DIGEST_MISMATCH', `The bytes have the SHA-256 ${sha256}, not the one announced.`);
}

/** The sender went away: no fault of the store, and nobody is left to be told. */
function isCutOff({ stream, signal }: Pick<GuardedRequest, 'stream' | 'signal'>, error: unknown): boolean {
  return !(error instanceof StoreError) && (signal.aborted || stream.destroyed);
}
