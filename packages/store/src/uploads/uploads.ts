import type { Readable } from 'node:stream';
import type { Submission, UploadRecord, UploadWish } from '@jami-plugin-store/contract';
import type { Selectable } from 'kysely';
import { type Caller, organizationOf } from '../access/caller.js';
import { plainText } from '../access/plain-text.js';
import { createSecret } from '../access/secret.js';
import type { BlobStore } from '../blobs/blob-store.js';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';
import { isPassingRefusal, type PackageReception } from './package-reception.js';
import { appendParts, readParts, tooLong, wrongOffset } from './upload-parts.js';

/** What unfinished uploads of one organization may take. Bytes, milliseconds. */
export interface UploadLimits {
  readonly maxPackageBytes: number;
  readonly maxUnfinished: number;
  readonly maxUnfinishedBytes: number;
  /** Without a new part, an upload is forgotten after this. */
  readonly lifeMs: number;
  /** Bytes held in memory before they are put away. */
  readonly partBytes: number;
}

const mebibyte = 1024 * 1024;

export const defaultUploadLimits: UploadLimits = {
  maxPackageBytes: 512 * mebibyte,
  maxUnfinished: 8,
  maxUnfinishedBytes: 2048 * mebibyte,
  lifeMs: 24 * 60 * 60 * 1000,
  partBytes: 4 * mebibyte,
};

export interface UploadsOptions {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly clock: () => Date;
  readonly reception: PackageReception;
  readonly limits?: Partial<UploadLimits> | undefined;
}

/** A part that arrives. */
export interface UploadPart {
  /** Where the sender believes that the upload is. */
  readonly offset: number;
  /** The whole length, where the sender says it. */
  readonly length: number | undefined;
  readonly source: Readable;
  readonly signal: AbortSignal;
}

/**
 * Uploads that can be gone on with after a break, at any process: the parts lie among the blobs, what there is of them in the database
 * (in the spirit of draft-ietf-httpbis-resumable-upload).
 */
export interface Uploads {
  /**
   * Begins an upload, or finds the unfinished one of the same organization for the same bytes: whoever was cut off needs to remember nothing.
   * @throws {StoreError} UPLOAD_TOO_LARGE | UPLOADS_TOO_MANY | PACKAGE_DUPLICATE | TEXT_NOT_ALLOWED
   */
  begin(caller: Caller, wish: UploadWish): Promise<UploadRecord>;
  /** @throws {StoreError} UPLOAD_NOT_FOUND */
  show(caller: Caller, id: string): Promise<UploadRecord>;
  /**
   * Takes a part; what has arrived of it counts also where it is cut off. With the last byte the package is judged, and the answer is what
   * became of it. An empty part at the end asks for the judgement again, for instance after a responder was down.
   * @throws {StoreError} UPLOAD_NOT_FOUND | UPLOAD_OFFSET_WRONG | UPLOAD_LENGTH_WRONG | UPLOAD_CUT_OFF | DIGEST_MISMATCH, and
   *   whatever the reception throws
   */
  append(caller: Caller, id: string, part: UploadPart): Promise<UploadRecord | Submission>;
  /** @throws {StoreError} UPLOAD_NOT_FOUND */
  abandon(caller: Caller, id: string): Promise<void>;
  /** Forgets those whose time is over. */
  sweep(): Promise<void>;
}

type Row = Selectable<StoreTables['uploads']>;

export function createUploads(options: UploadsOptions): Uploads {
  const { database, blobs, clock, reception } = options;
  const limits = { ...defaultUploadLimits, ...options.limits };
  const view = (row: Row): UploadRecord => ({
    id: row.id,
    size: sizeOf(row),
    sha256: row.sha256 ?? '',
    offset: row.received,
    expiresAt: new Date(row.expires_at).toISOString(),
    maxPartBytes: limits.maxPackageBytes,
  });

  async function own(caller: Caller, id: string): Promise<Row> {
    const row = await database.queries
      .selectFrom('uploads')
      .selectAll()
      .where('id', '=', id)
      .where('organization', '=', organizationOf(caller))
      .where('expires_at', '>', clock().getTime())
      .executeTakeFirst();
    if (row !== undefined) return row;
    throw new StoreError('UPLOAD_NOT_FOUND', 'There is no such upload, or it was finished or forgotten.');
  }

  async function forget(id: string): Promise<void> {
    await database.queries.deleteFrom('uploads').where('id', '=', id).execute();
    await blobs.parts.delete(id);
  }

  /** Puts the parts together and hands them in. Only what would be refused again as it is ends the upload. */
  async function finish(caller: Caller, row: Row, signal: AbortSignal): Promise<Submission> {
    const known = await reception.find(caller, row.sha256 ?? '');
    if (known !== undefined) {
      await forget(row.id);
      return known;
    }
    try {
      await using received = await blobs.receive(readParts({ database, blobs }, row.id), {
        maxBytes: limits.maxPackageBytes,
        signal,
      });
      if (received.sha256 !== row.sha256) {
        throw new StoreError(
          'DIGEST_MISMATCH',
          `The bytes have the SHA-256 ${received.sha256}, not the one announced.`,
        );
      }
      const submission = await reception.receive(caller, received, { changelog: row.changelog, signal });
      await forget(row.id);
      return submission;
    } catch (error) {
      if (!isPassingRefusal(error) && !signal.aborted) await forget(row.id);
      throw error;
    }
  }

  return {
    async begin(caller, wish) {
      const organization = organizationOf(caller);
      const changelog = wish.changelog === undefined ? null : plainText('changelog', wish.changelog);
      if (wish.size > limits.maxPackageBytes) {
        throw new StoreError('UPLOAD_TOO_LARGE', `A package has ${limits.maxPackageBytes} bytes at most.`);
      }
      await reception.assertUnknown(wish.sha256);
      const at = clock().getTime();
      const { id } = createSecret();
      return view(
        await database.transact(async (tx) => {
          const known = await unfinished(tx, organization, at);
          const same = known.find(({ sha256, size }) => sha256 === wish.sha256 && size === wish.size);
          if (same !== undefined) return same;
          assertRoom(known, wish.size, limits);
          const row: Row = {
            id,
            organization,
            token: caller.role === 'publisher' ? caller.token : null,
            size: wish.size,
            received: 0,
            sha256: wish.sha256,
            changelog,
            created_at: at,
            expires_at: at + limits.lifeMs,
            requests: 0,
          };
          await tx.insertInto('uploads').values(row).execute();
          return row;
        }),
      );
    },
    async show(caller, id) {
      return view(await own(caller, id));
    },
    async append(caller, id, part) {
      const row = await own(caller, id);
      assertFits(row, part);
      const expiresAt = () => clock().getTime() + limits.lifeMs;
      const reached = await appendParts(
        { database, blobs, partBytes: limits.partBytes, expiresAt },
        row,
        part,
      );
      const now = { ...row, received: reached };
      return reached === row.size ? await finish(caller, now, part.signal) : view(now);
    },
    async abandon(caller, id) {
      await forget((await own(caller, id)).id);
    },
    async sweep() {
      const rows = await database.queries
        .selectFrom('uploads')
        .select('id')
        .where('expires_at', '<=', clock().getTime())
        .limit(1_000)
        .execute();
      for (const { id } of rows) await forget(id);
    },
  };
}

function sizeOf({ size, received }: Row): number {
  return size ?? received;
}

function unfinished(tx: StoreTransaction, organization: string, at: number): Promise<Row[]> {
  return tx
    .selectFrom('uploads')
    .selectAll()
    .where('organization', '=', organization)
    .where('expires_at', '>', at)
    .execute();
}

/** @throws {StoreError} UPLOADS_TOO_MANY */
function assertRoom(known: readonly Row[], size: number, limits: UploadLimits): void {
  const bytes = known.reduce((sum, row) => sum + sizeOf(row), size);
  if (known.length < limits.maxUnfinished && bytes <= limits.maxUnfinishedBytes) return;
  throw new StoreError(
    'UPLOADS_TOO_MANY',
    `${known.length} uploads of this organization are unfinished; finish or abandon some (DELETE /v1/uploads/:id).`,
    { headers: { 'retry-after': '60' } },
  );
}

/** @throws {StoreError} UPLOAD_OFFSET_WRONG | UPLOAD_LENGTH_WRONG */
function assertFits(row: Row, { offset, length }: UploadPart): void {
  if (offset !== row.received) throw wrongOffset(row.received);
  if (length !== undefined && offset + length > sizeOf(row)) throw tooLong(sizeOf(row));
}
