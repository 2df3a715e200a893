/** Stores with something in them, for the tests of moving, backing up and checking. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendAudit } from '../audit/audit-log.js';
import type { BlobStore } from '../blobs/blob-store.js';
import { publish, publishedAt } from '../catalog/catalog-fixtures.js';
import type { PackageFacts } from '../catalog/package-facts.js';
import type { StoreDatabase } from '../database/database.js';
import { openDatabase } from '../database/open-database.js';
import { openStoreData, type StoreData, type StorePlace } from './store-data.js';

/** Folders that are gone when the test's scope ends. */
export class Folders implements AsyncDisposable {
  readonly #made: string[] = [];

  async make(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'jpl-operating-'));
    this.#made.push(folder);
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#made) await rm(folder, { recursive: true, force: true });
  }
}

export const clock = (): Date => new Date();

/** Makes the place a store, empty. */
export async function createStoreAt(place: StorePlace): Promise<StoreData> {
  const database = await openDatabase({ dataDir: place.dataDir, url: place.databaseUrl });
  await database[Symbol.asyncDispose]();
  return await openStoreData(place, clock);
}

/** Publishes a plugin whose package and icon are bytes of the store's own, as a reception does. */
export async function publishPlugin(
  { database, blobs }: StoreData,
  id: string,
  given: Partial<PackageFacts> = {},
): Promise<{ sha256: string; icon: string }> {
  const bytes = randomBytes(2_000);
  const icon = await blobs.put(Buffer.from(`icon of ${id}`));
  const { sha256, size } = await blobs.put(bytes);
  await publish(database, {
    id,
    sha256,
    size,
    icon: { entry: 'data/icon.png', ...icon, mediaType: 'image/png' },
    ...given,
  });
  await note(database, `package/${sha256}`);
  return { sha256, icon: icon.sha256 };
}

export function note(database: StoreDatabase, subject: string): Promise<unknown> {
  return database.transact((tx) =>
    appendAudit(tx, { at: publishedAt, actor: 'test', action: 'published', subject }),
  );
}

/** An upload that is under way, with one piece. */
export async function beginUpload(
  { database, blobs }: { readonly database: StoreDatabase; readonly blobs: BlobStore },
  id: string,
  expiresAt: number,
): Promise<void> {
  const piece = Buffer.from('the first piece');
  await blobs.parts.put(id, 10_000, piece);
  await database.transact(async (tx) => {
    const { identity } = await tx
      .selectFrom('organizations')
      .select('identity')
      .limit(1)
      .executeTakeFirstOrThrow();
    await tx
      .insertInto('uploads')
      .values({
        id,
        organization: identity,
        token: null,
        size: 100,
        received: piece.length,
        sha256: 'ab'.repeat(32),
        changelog: null,
        created_at: expiresAt - 1_000,
        expires_at: expiresAt,
      })
      .execute();
    await tx
      .insertInto('upload_parts')
      .values({ upload: id, position: 0, size: piece.length, number: 10_000 })
      .execute();
  });
}

/** The ids that a search for a word finds. */
export async function found({ database }: StoreData, word: string): Promise<string[]> {
  const { sql } = await import('kysely');
  const { rows } =
    database.kind === 'sqlite'
      ? await sql<{
          id: string;
        }>`select plugins.id from plugin_search join plugins on plugins.listed = plugin_search.rowid
          where plugin_search match ${word} order by plugins.id`.execute(database.queries)
      : await sql<{ id: string }>`select plugins.id from plugin_search join plugins using (listed)
          where words @@ to_tsquery('simple', ${word}) order by plugins.id collate "C"`.execute(
          database.queries,
        );
  return rows.map(({ id }) => id);
}
