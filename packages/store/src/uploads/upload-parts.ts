import type { Selectable } from 'kysely';
import type { BlobStore } from '../blobs/blob-store.js';
import type { StoreDatabase } from '../database/database.js';
import type { StoreTables } from '../database/tables.js';
import { StoreError } from '../error.js';
import type { UploadPart } from './uploads.js';

interface Places {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
}

interface Appending extends Places {
  readonly partBytes: number;
  /** Until when an upload that goes on is remembered. */
  readonly expiresAt: () => number;
}

type Row = Pick<Selectable<StoreTables['uploads']>, 'id' | 'size' | 'received'>;

/** So many requests may go on with one upload, and each bring so many pieces: together the numbers that parts can have. */
const maxRequests = 9_999;
const piecesPerRequest = 10_000;

/**
 * Puts away what arrives, piece by piece: a piece counts once its bytes are durable and the upload's length says so, in this order. Of two
 * requests that go on at the same place, one does.
 * @returns how far the upload has come
 * @throws {StoreError} UPLOAD_CUT_OFF (what arrived counts) | UPLOAD_OFFSET_WRONG | UPLOAD_LENGTH_WRONG | STATE_CONFLICT
 */
export async function appendParts(appending: Appending, row: Row, part: UploadPart): Promise<number> {
  const size = row.size ?? 0;
  let reached = row.received;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let number: number | undefined;
  const putAway = async (): Promise<void> => {
    if (heldBytes === 0) return;
    const bytes = Buffer.concat(held, heldBytes);
    [held, heldBytes] = [[], 0];
    number = number === undefined ? await firstNumber(appending, row.id) : number + 1;
    await putPart(appending, { upload: row.id, number, position: reached }, bytes);
    reached += bytes.length;
  };
  try {
    for await (const chunk of part.source) {
      if (reached + heldBytes + chunk.length > size) throw tooLong(size);
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes >= appending.partBytes) await putAway();
    }
    await putAway();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    // The connection broke, or the sender gave up: what is here already need not come again.
    await putAway();
    throw new StoreError('UPLOAD_CUT_OFF', `The upload was cut off; it goes on at byte ${reached}.`, {
      cause: error,
    });
  }
  if (part.length !== undefined && reached !== row.received + part.length) {
    throw new StoreError(
      'UPLOAD_CUT_OFF',
      `Less came than announced; the upload goes on at byte ${reached}.`,
    );
  }
  return reached;
}

/** A range of numbers that is this request's alone. @throws {StoreError} STATE_CONFLICT */
async function firstNumber({ database }: Appending, upload: string): Promise<number> {
  const request = await database.transact((tx) =>
    tx
      .updateTable('uploads')
      .set((builder) => ({ requests: builder('requests', '+', 1) }))
      .where('id', '=', upload)
      .where('requests', '<', maxRequests)
      .returning('requests')
      .executeTakeFirst(),
  );
  if (request !== undefined) return request.requests * piecesPerRequest;
  throw new StoreError(
    'STATE_CONFLICT',
    'This upload came in too many pieces, or was abandoned; begin it again.',
  );
}

/** @throws {StoreError} UPLOAD_OFFSET_WRONG when another request went on at the same place */
async function putPart(
  { database, blobs, expiresAt }: Appending,
  { upload, number, position }: { upload: string; number: number; position: number },
  bytes: Buffer,
): Promise<void> {
  await blobs.parts.put(upload, number, bytes);
  await database.transact(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('uploads')
      .set({ received: position + bytes.length, expires_at: expiresAt() })
      .where('id', '=', upload)
      .where('received', '=', position)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) {
      const now = await tx
        .selectFrom('uploads')
        .select('received')
        .where('id', '=', upload)
        .executeTakeFirst();
      throw wrongOffset(now?.received ?? 0);
    }
    await tx.insertInto('upload_parts').values({ upload, position, size: bytes.length, number }).execute();
  });
}

/** The bytes of an upload, in order. @throws {StoreError} BLOB_CORRUPT when a part is not there any more */
export async function* readParts({ database, blobs }: Places, upload: string): AsyncGenerator<Buffer> {
  const parts = await database.queries
    .selectFrom('upload_parts')
    .selectAll()
    .where('upload', '=', upload)
    .orderBy('position')
    .execute();
  for (const { number, size } of parts) {
    const blob = await blobs.parts.open(upload, number);
    if (blob?.size !== size) {
      await blob?.close();
      throw new StoreError('BLOB_CORRUPT', 'A part of the upload is gone; it has to begin again.');
    }
    for await (const chunk of blob.read()) yield chunk;
  }
}

export function wrongOffset(received: number): StoreError {
  return new StoreError('UPLOAD_OFFSET_WRONG', `The upload goes on at byte ${received}.`, {
    headers: { 'upload-offset': String(received) },
  });
}

export function tooLong(size: number): StoreError {
  return new StoreError('UPLOAD_LENGTH_WRONG', `The upload was announced with ${size} bytes, this is more.`);
}
