import {
  Decision,
  OptionalDecision,
  Submission,
  SubmissionPage,
  SubmissionQuery,
} from '@jami-plugin-store/contract';
import { type GuardedRoutes, guarded } from '../access/guarded-routes.js';
import type { BlobStore } from '../blobs/blob-store.js';
import { StoreError } from '../error.js';
import { digestOf } from '../serving/route-input.js';
import type { Submissions } from './submissions.js';

/** Packages that were handed in: looking at them, and deciding. */
export function submissionRoutes(submissions: Submissions, blobs: BlobStore) {
  return {
    'GET /v1/submissions': guarded({
      summary: 'Packages handed in, newest first: for publishers their own',
      query: SubmissionQuery,
      response: SubmissionPage,
      handle: async ({ caller, query }) => ({ body: await submissions.list(caller, query) }),
    }),
    'GET /v1/submissions/:sha256': guarded({
      summary: 'One package and every step it took',
      response: Submission,
      handle: async ({ caller, params }) => ({
        body: await submissions.show(caller, digestOf(params.sha256)),
      }),
    }),
    'GET /v1/submissions/:sha256/package': guarded({
      summary: 'Its bytes, also before it is published',
      async handle({ caller, params }) {
        const { sha256, size, plugin } = await submissions.show(caller, digestOf(params.sha256));
        const blob = await blobs.open(sha256);
        if (blob === undefined) throw new StoreError('BLOB_NOT_FOUND', 'The bytes of this package are gone.');
        return {
          headers: {
            'content-type': 'application/octet-stream',
            'content-length': String(size),
            'content-disposition': `attachment; filename="${plugin}.jpl"`,
          },
          stream: blob.read(),
        };
      },
    }),
    'POST /v1/submissions/:sha256/accept': guarded({
      summary: 'Publishes what was in review',
      body: OptionalDecision,
      response: Submission,
      handle: async ({ caller, params, body, signal }) => ({
        body: await submissions.accept(caller, digestOf(params.sha256), body.reason, signal),
      }),
    }),
    'POST /v1/submissions/:sha256/decline': guarded({
      summary: 'Declines what was in review, with a reason',
      body: Decision,
      response: Submission,
      handle: async ({ caller, params, body }) => ({
        body: await submissions.decline(caller, digestOf(params.sha256), body.reason),
      }),
    }),
    'POST /v1/submissions/:sha256/withdraw': guarded({
      summary: 'Takes back what was in review',
      response: Submission,
      handle: async ({ caller, params }) => ({
        body: await submissions.withdraw(caller, digestOf(params.sha256)),
      }),
    }),
  } satisfies Partial<GuardedRoutes>;
}
