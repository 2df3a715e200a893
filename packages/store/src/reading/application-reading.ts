import {
  type ApplicationChannel,
  applicationPaths,
  SignedApplicationRelease,
} from '@jami-plugin-store/contract';
import { Type } from 'typebox';
import type { StoreDatabase } from '../database/database.js';
import { StoreError } from '../error.js';
import type { BlobSource } from '../serving/blob-source.js';
import { wantedCoding } from '../serving/content-coding.js';
import { type PreparedBody, prepareBody } from '../serving/prepared-body.js';
import { digestOf } from '../serving/route-input.js';
import { immutable, sendPrepared } from '../serving/send.js';
import { sendBlob } from '../serving/send-blob.js';
import type { HeldAnswers } from './held-answers.js';
import { type ReadingRoute, sha256Parameter } from './reading-route.js';

export interface ApplicationReadingOptions {
  readonly database: StoreDatabase;
  readonly answers: HeldAnswers;
  readonly bytes: BlobSource;
}

const plainText = 'text/plain; charset=utf-8';

/** What applications that update themselves ask for: a version number, the signed manifest, the installer. */
export function applicationReading({ database, answers, bytes }: ApplicationReadingOptions): ReadingRoute[] {
  const versionRoute = (path: string, channel: ApplicationChannel): ReadingRoute => ({
    path,
    operation: {
      summary: `The version number of the application's ${channel} release`,
      tag: 'service',
      answer: { mediaType: 'text/plain' },
      refusals: ['RELEASE_NOT_FOUND'],
    },
    handle: async (request, reply) => {
      const make = async (at: Date): Promise<PreparedBody> => {
        const { version } = await releaseOf(database, channel, at);
        return await prepareBody(Buffer.from(version), plainText);
      };
      return sendPrepared(request, reply, await answers.get(path, make));
    },
  });
  return [
    versionRoute(applicationPaths.version, 'stable'),
    versionRoute(applicationPaths.betaVersion, 'beta'),
    {
      path: '/v1/application/:channel',
      operation: {
        summary: 'The release of an application as its own key signed it',
        tag: 'service',
        params: { channel: Type.Enum(['stable', 'beta']) },
        answer: SignedApplicationRelease,
        refusals: ['RELEASE_NOT_FOUND'],
      },
      async handle(request, reply) {
        const { channel } = request.params as { channel: string };
        if (channel !== 'stable' && channel !== 'beta') throw noRelease(channel);
        const coding = wantedCoding(request.headers['accept-encoding']);
        const body = await answers.json(`application ${channel}`, coding, async (at) => {
          const { payload, signature, key_id: keyId } = await releaseOf(database, channel, at);
          return { value: { payload, signature, keyId } satisfies SignedApplicationRelease };
        });
        return sendPrepared(request, reply, body);
      },
    },
    {
      path: '/v1/application/installers/:sha256',
      operation: {
        summary: 'An installer by its digest: never changes',
        tag: 'service',
        params: { sha256: sha256Parameter },
        answer: { mediaType: 'application/octet-stream' },
        refusals: ['DIGEST_MALFORMED', 'BLOB_NOT_FOUND', 'RANGE_NOT_SATISFIABLE', 'BLOB_STORE_UNAVAILABLE'],
      },
      async handle(request, reply) {
        const sha256 = digestOf((request.params as { sha256: unknown }).sha256);
        const row = await database.queries
          .selectFrom('application_installers')
          .select(['size', 'file_name'])
          .where('sha256', '=', sha256)
          .executeTakeFirst();
        if (row === undefined)
          throw new StoreError('BLOB_NOT_FOUND', 'This store has no installer of that digest.');
        const { size, file_name } = row;
        const fileName = file_name === '' ? 'installer' : file_name;
        return await sendBlob(request, reply, bytes, { sha256, size, fileName, cacheControl: immutable });
      },
    },
  ];
}

/** @throws {StoreError} RELEASE_NOT_FOUND where there is none, or it is no news any more */
async function releaseOf({ queries }: StoreDatabase, channel: ApplicationChannel, at: Date) {
  const row = await queries
    .selectFrom('application_releases')
    .select(['version', 'payload', 'signature', 'key_id'])
    .where('channel', '=', channel)
    .where('expires_at', '>', at.getTime())
    .executeTakeFirst();
  if (row === undefined) throw noRelease(channel);
  return row;
}

function noRelease(channel: string): StoreError {
  return new StoreError('RELEASE_NOT_FOUND', `There is no ${channel} release of an application here.`);
}
