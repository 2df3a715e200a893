import { randomBytes } from 'node:crypto';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { blobName } from '../blobs/blob-name.js';
import { holdBlobs } from '../blobs/sweep-lock.js';
import { publish } from '../catalog/catalog-fixtures.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { type CheckOptions, type CheckReport, checkStore } from './check-store.js';
import { beginUpload, clock, createStoreAt, Folders, found, publishPlugin } from './operating-fixtures.js';
import { openStoreData, type StoreData, type StorePlace } from './store-data.js';

const never = new AbortController().signal;

describeOnBoth('checkStore', ({ create }) => {
  let folders: Folders;
  let place: StorePlace;
  let store: StoreData;
  let known: { sha256: string; icon: string };

  beforeEach(async () => {
    folders = new Folders();
    place = { dataDir: await folders.make(), databaseUrl: (await create()).url };
    store = await createStoreAt(place);
    known = await publishPlugin(store, 'Known');
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await folders[Symbol.asyncDispose]();
  });

  const check = (options: Partial<CheckOptions> = {}): Promise<CheckReport> =>
    checkStore({ data: store, clock, signal: never, olderThanMs: 0, ...options });
  const fileOf = (sha256: string): string => join(place.dataDir, 'blobs', blobName(sha256));

  /** Found, then repaired, then gone. */
  async function expectRepair(code: string, subject: unknown): Promise<void> {
    expect(await check()).toMatchObject({ remaining: 1, findings: [{ code, subject, repaired: false }] });
    expect(await check({ repair: true })).toMatchObject({
      remaining: 0,
      findings: [{ code, repaired: true }],
    });
    expect(await check()).toMatchObject({ remaining: 0, findings: [] });
  }

  it('finds nothing in a store that is whole, and says what it looked at', async () => {
    await beginUpload(store, 'under-way', Date.now() + 60_000);
    expect(await check({ repair: true })).toEqual({
      counts: {},
      findings: [],
      remaining: 0,
      blobs: { read: 2, bytes: 2_000 + 'icon of Known'.length, youngOrphans: 0 },
      auditRecords: 1,
      unfinishedUploads: 1,
    });
  });

  it('finds bytes that nothing refers to, and removes them once they are old enough', async () => {
    const { sha256 } = await store.blobs.put(randomBytes(100));
    const young = await check({ repair: true, olderThanMs: 3_600_000 });
    expect(young).toMatchObject({ remaining: 0, blobs: { youngOrphans: 1 } });
    await expectRepair('BLOB_ORPHANED', sha256);
    expect(await store.blobs.stat(sha256)).toBeUndefined();
    expect(await store.blobs.stat(known.icon)).toBeDefined();
  });

  it('loses nothing of what is entered while it clears up', async () => {
    await using writer = await openStoreData(place, clock);
    let isOver = false;
    const entered: string[] = [];
    let refused = 0;
    const writing = (async () => {
      for (let n = 1; !isOver; n += 1) {
        const { sha256, size } = await writer.blobs.put(randomBytes(200));
        try {
          await publishHeld(writer, `Writer${n}`, sha256, size);
          entered.push(sha256);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
          refused += 1;
        }
      }
    })();
    for (let round = 0; round < 8; round += 1) await check({ repair: true });
    isOver = true;
    await writing;
    expect(entered.length + refused).toBeGreaterThan(0);
    for (const sha256 of entered) expect(await store.blobs.stat(sha256)).toBeDefined();
    expect((await check()).counts).not.toHaveProperty('BLOB_MISSING');
  });

  it('finds bytes that are missing, cut short or changed, which nothing here can bring back', async () => {
    await appendFile(fileOf(known.icon), 'more');
    expect(await check({ repair: true })).toMatchObject({
      remaining: 1,
      findings: [{ code: 'BLOB_CHANGED', subject: known.icon, repaired: false }],
    });
    const other = await publishPlugin(store, 'Other');
    await rm(fileOf(other.sha256));
    const { findings } = await check({ repair: true });
    expect(findings.map(({ code, subject }) => [code, subject])).toEqual(
      expect.arrayContaining([
        ['BLOB_CHANGED', known.icon],
        ['BLOB_MISSING', other.sha256],
      ]),
    );
    await writeFile(fileOf(known.sha256), randomBytes(2_000));
    expect((await check()).counts).toMatchObject({ BLOB_CHANGED: 2, BLOB_MISSING: 1 });
  });

  it('finds uploads whose time is over, pieces of none, and uploads that lack a piece', async () => {
    await beginUpload(store, 'over', Date.now() - 1_000);
    await expectRepair('UPLOAD_EXPIRED', 'over');
    await store.blobs.parts.put('nowhere', 1, Buffer.from('piece'));
    await expectRepair('UPLOAD_PARTS_ORPHANED', 'nowhere');
    await beginUpload(store, 'lacking', Date.now() + 60_000);
    await store.blobs.parts.delete('lacking');
    await expectRepair('UPLOAD_PART_MISSING', 'lacking');
  });

  it('finds an audit log that was changed, or cut off', async () => {
    await publishPlugin(store, 'Second');
    await sql`update audit_records set actor = 'nobody' where sequence = 1`.execute(store.database.queries);
    expect(await check({ repair: true })).toMatchObject({
      remaining: 1,
      findings: [{ code: 'AUDIT_BROKEN', message: expect.stringContaining('AUDIT_RECORD_CHANGED') }],
    });
    await sql`update audit_records set actor = 'test' where sequence = 1`.execute(store.database.queries);
    await sql`delete from audit_records where sequence = 2`.execute(store.database.queries);
    expect(await check()).toMatchObject({ remaining: 1, findings: [{ code: 'AUDIT_BROKEN' }] });
  });

  it('finds what is offered though it must not be, and what is not though it could be', async () => {
    await sql`update packages set revoked_at = 1`.execute(store.database.queries);
    await expectRepair('OFFERS_WRONG', 'Known');
    expect(await found(store, 'known')).toEqual([]);
    await sql`update packages set revoked_at = null`.execute(store.database.queries);
    await expectRepair('OFFERS_WRONG', 'Known');
    expect(await found(store, 'known')).toEqual(['Known']);
  });

  it('finds plugins without words, and words without plugins', async () => {
    const { queries, kind } = store.database;
    const column = kind === 'sqlite' ? sql`rowid` : sql`listed`;
    await sql`delete from plugin_search`.execute(queries);
    await expectRepair('WORDS_WRONG', 'Known');
    expect(await found(store, 'known')).toEqual(['Known']);
    const words = kind === 'sqlite' ? sql`title` : sql`words`;
    await sql`insert into plugin_search (${column}, ${words}) values (99, 'stray')`.execute(queries);
    await expectRepair('WORDS_WRONG', 'words at 99');
  });
});

async function publishHeld(store: StoreData, id: string, sha256: string, size: number): Promise<void> {
  await publish(store.database, { id, sha256, size }, {}, (tx) =>
    holdBlobs(tx, store.database.kind, store.blobs, [sha256]),
  );
}
