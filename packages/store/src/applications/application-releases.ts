import type { Readable } from 'node:stream';
import {
  type ApplicationChannel,
  type ApplicationInstaller,
  type ApplicationRelease,
  applicationPaths,
  type SignedApplicationRelease,
  type UploadedInstaller,
} from '@jami-plugin-store/contract';
import { compareVersions } from '@jami-plugin-store/jpl';
import { actorOf, type Caller } from '../access/caller.js';
import { appendAudit } from '../audit/audit-log.js';
import type { BlobStore } from '../blobs/blob-store.js';
import { holdBlobs } from '../blobs/sweep-lock.js';
import { noteChange } from '../database/changes.js';
import type { StoreDatabase, StoreQueries } from '../database/database.js';
import { StoreError } from '../error.js';
import { type ApplicationKeys, readSignedRelease } from './application-keys.js';

export interface ApplicationReleasesOptions {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
  readonly keys: ApplicationKeys;
}

/** Releases of applications that update themselves: signed elsewhere, uploaded by the operator. */
export interface ApplicationReleases {
  /** @throws {StoreError} DIGEST_MISMATCH | PACKAGE_TOO_LARGE | STORAGE_FULL */
  putInstaller(
    caller: Caller,
    sha256: string,
    source: Readable,
    signal: AbortSignal,
  ): Promise<UploadedInstaller>;
  /**
   * Publishes a release in its channel, higher than the one before; the same again changes nothing.
   * @throws {StoreError} APPLICATION_NOT_CONFIGURED | APPLICATION_KEY_UNKNOWN | APPLICATION_SIGNATURE_INVALID |
   *   APPLICATION_RELEASE_MALFORMED | APPLICATION_RELEASE_EXPIRED | APPLICATION_VERSION_NOT_HIGHER | INSTALLER_MISSING
   */
  publish(
    caller: Caller,
    channel: ApplicationChannel,
    signed: SignedApplicationRelease,
  ): Promise<SignedApplicationRelease>;
}

const maxInstallerBytes = 4 * 1024 ** 3;

export function createApplicationReleases(options: ApplicationReleasesOptions): ApplicationReleases {
  const { database, blobs, clock, keys } = options;

  /** @returns whether it is the channel's release already @throws {StoreError} APPLICATION_VERSION_NOT_HIGHER */
  async function isCurrent(
    queries: StoreQueries,
    release: ApplicationRelease,
    signed: SignedApplicationRelease,
  ) {
    const { channel, version } = release;
    const before = await queries
      .selectFrom('application_releases')
      .select(['version', 'payload'])
      .where('channel', '=', channel)
      .executeTakeFirst();
    if (before === undefined) return false;
    const { application } = JSON.parse(
      Buffer.from(before.payload, 'base64').toString(),
    ) as ApplicationRelease;
    if (application !== release.application) {
      throw new StoreError(
        'APPLICATION_VERSION_NOT_HIGHER',
        `The channel is one of "${application}", not of "${release.application}".`,
      );
    }
    if (before.payload === signed.payload) return true;
    const order = compareVersions(version, before.version);
    // The same version may be signed anew, for a later expiry; an older one would take a release back.
    if (order > 0 || (order === 0 && isOnlyLater(before.payload, release))) return false;
    throw new StoreError(
      'APPLICATION_VERSION_NOT_HIGHER',
      `${version} is not higher than ${before.version}, which the channel ${channel} has.`,
    );
  }

  async function assertInstallers({ installers }: ApplicationRelease): Promise<void> {
    for (const installer of installers) {
      if (isElsewhere(installer)) continue;
      const row = await database.queries
        .selectFrom('application_installers')
        .select('size')
        .where('sha256', '=', installer.sha256)
        .executeTakeFirst();
      const isHere = row?.size === installer.size && (await blobs.stat(installer.sha256)) !== undefined;
      if (!isHere) {
        throw new StoreError(
          'INSTALLER_MISSING',
          `The installer ${installer.fileName} (${installer.sha256}, ${installer.size} bytes) is not here; upload it first.`,
        );
      }
    }
  }

  return {
    async putInstaller(caller, sha256, source, signal) {
      await using received = await blobs.receive(source, { maxBytes: maxInstallerBytes, signal });
      if (received.sha256 !== sha256) {
        throw new StoreError('DIGEST_MISMATCH', `The bytes have the SHA-256 ${received.sha256}.`);
      }
      const { size } = received;
      await received.keep();
      const at = clock();
      await database.transact(async (tx) => {
        await holdBlobs(tx, database.kind, blobs, [sha256]);
        const { numInsertedOrUpdatedRows } = await tx
          .insertInto('application_installers')
          .values({ sha256, size, file_name: '', created_at: at.getTime() })
          .onConflict((conflict) => conflict.column('sha256').doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) return;
        const detail = { size: String(size) };
        const subject = `installer/${sha256}`;
        await appendAudit(tx, { at, actor: actorOf(caller), action: 'installer-uploaded', subject, detail });
      });
      return { sha256, size };
    },
    async publish(caller, channel, signed) {
      const at = clock();
      if (keys.size === 0)
        throw new StoreError('APPLICATION_NOT_CONFIGURED', 'No application key is configured at this store.');
      const release = readSignedRelease(signed, keys);
      if (release.channel !== channel)
        throw new StoreError('APPLICATION_RELEASE_MALFORMED', `It is for the channel ${release.channel}.`);
      if (Date.parse(release.expiresAt) <= at.getTime())
        throw new StoreError('APPLICATION_RELEASE_EXPIRED', `The release expired at ${release.expiresAt}.`);
      await assertInstallers(release);
      await database.transact(async (tx) => {
        if (await isCurrent(tx, release, signed)) return;
        const row = {
          channel,
          version: release.version,
          payload: signed.payload,
          signature: signed.signature,
          key_id: signed.keyId,
          published_at: Date.parse(release.publishedAt),
          expires_at: Date.parse(release.expiresAt),
        };
        await tx
          .insertInto('application_releases')
          .values(row)
          .onConflict((conflict) => conflict.column('channel').doUpdateSet(row))
          .execute();
        for (const { sha256, fileName } of release.installers)
          await tx
            .updateTable('application_installers')
            .set({ file_name: fileName })
            .where('sha256', '=', sha256)
            .execute();
        await appendAudit(tx, {
          at,
          actor: actorOf(caller),
          action: 'application-published',
          subject: `application/${release.application}/${channel}`,
          version: release.version,
          detail: { key: signed.keyId },
        });
        await noteChange(tx, database.kind, { subject: 'application', at });
      });
      return signed;
    },
  };
}

/** An installer that another server has; its digest is signed all the same. */
function isElsewhere({ url, sha256 }: ApplicationInstaller): boolean {
  if (/^https:\/\//i.test(url)) return true;
  if (url === applicationPaths.installer(sha256) || `/${url}` === applicationPaths.installer(sha256))
    return false;
  throw new StoreError(
    'APPLICATION_RELEASE_MALFORMED',
    `An installer is at https://… or, at this store, at ${applicationPaths.installer(sha256)}.`,
  );
}

/** The same release, good for longer. */
function isOnlyLater(payload: string, release: ApplicationRelease): boolean {
  const before = JSON.parse(Buffer.from(payload, 'base64').toString()) as ApplicationRelease;
  const same = JSON.stringify({ ...before, expiresAt: '' }) === JSON.stringify({ ...release, expiresAt: '' });
  return same && Date.parse(release.expiresAt) > Date.parse(before.expiresAt);
}
