import type { Checking } from './check-store.js';

/** Unfinished uploads and their pieces. @returns uploads that may still go on */
export async function checkUploads(checking: Checking): Promise<number> {
  const { data, clock, repair, tell } = checking;
  const { database, blobs } = data;
  // First the pieces: an upload is entered before any piece of it.
  const pieces = new Map<string, Map<number, number>>();
  for await (const { upload, number, size } of blobs.parts.list()) {
    const known = pieces.get(upload) ?? new Map<number, number>();
    pieces.set(upload, known.set(number, size));
  }
  const uploads = await database.queries.selectFrom('uploads').select(['id', 'expires_at']).execute();
  const known = new Set(uploads.map(({ id }) => id));
  for (const upload of [...pieces.keys()].filter((id) => !known.has(id))) {
    // Names of uploads are drawn by chance and come once: none can begin under this one.
    if (repair) await blobs.parts.delete(upload);
    const message = `${pieces.get(upload)?.size} pieces of an upload that is not there`;
    tell({ code: 'UPLOAD_PARTS_ORPHANED', subject: upload, message, repaired: repair });
  }
  const forget = async (upload: string): Promise<void> => {
    await database.transact((tx) => tx.deleteFrom('uploads').where('id', '=', upload).execute());
    await blobs.parts.delete(upload);
  };
  const now = clock().getTime();
  let unfinished = 0;
  for (const { id, expires_at } of uploads) {
    if (expires_at <= now) {
      if (repair) await forget(id);
      const message = `the upload could be gone on with until ${new Date(expires_at).toISOString()}`;
      tell({ code: 'UPLOAD_EXPIRED', subject: id, message, repaired: repair });
    } else if (await lacksPiece(checking, id)) {
      if (repair) await forget(id);
      const message = 'a piece that the upload counts is not there: it has to begin again';
      tell({ code: 'UPLOAD_PART_MISSING', subject: id, message, repaired: repair });
    } else unfinished += 1;
  }
  return unfinished;
}

async function lacksPiece({ data: { database, blobs } }: Checking, upload: string): Promise<boolean> {
  const rows = await database.queries
    .selectFrom('upload_parts')
    .select(['number', 'size'])
    .where('upload', '=', upload)
    .execute();
  if (rows.length === 0) return false;
  const there = new Map<number, number>();
  for await (const { number, size } of blobs.parts.list(upload)) there.set(number, size);
  if (rows.every(({ number, size }) => there.get(number) === size)) return false;
  // It may have been finished, or given up, since its pieces were looked at.
  const row = await database.queries
    .selectFrom('uploads')
    .select('id')
    .where('id', '=', upload)
    .executeTakeFirst();
  return row !== undefined;
}
