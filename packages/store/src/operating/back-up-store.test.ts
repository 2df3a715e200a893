import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blobName } from '../blobs/blob-name.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { connectDatabase } from '../database/open-database.js';
import { type BackupReport, backUpStore } from './back-up-store.js';
import { checkStore } from './check-store.js';
import { beginUpload, clock, createStoreAt, Folders, found, publishPlugin } from './operating-fixtures.js';
import { type RestoreReport, restoreStore } from './restore-store.js';
import { openEmptyPlace, openStoreData, type StoreData, type StorePlace } from './store-data.js';

const never = new AbortController().signal;
const run = promisify(execFile);

describeOnBoth('backUpStore and restoreStore', ({ kind, create }) => {
  let folders: Folders;
  let place: StorePlace;
  let store: StoreData;
  let to: string;

  beforeEach(async () => {
    folders = new Folders();
    place = { dataDir: await folders.make(), databaseUrl: (await create()).url };
    to = join(await folders.make(), 'backup');
    store = await createStoreAt(place);
    await publishPlugin(store, 'First');
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await folders[Symbol.asyncDispose]();
  });

  const backUp = (name = to): Promise<BackupReport> =>
    backUpStore({ source: store, to: name, clock, signal: never });
  const emptyPlace = async (): Promise<StorePlace> => ({
    dataDir: await folders.make(),
    databaseUrl: (await create()).url,
  });
  async function restore(from = to, into?: StorePlace): Promise<{ report: RestoreReport; at: StorePlace }> {
    const at = into ?? (await emptyPlace());
    await using target = await openEmptyPlace(at, clock);
    const options = { from, target, workFolder: at.dataDir, clock, signal: never };
    return { report: await restoreStore(options), at };
  }

  for (const end of ['', '.tar']) {
    describe(end === '' ? 'a folder' : 'a file', () => {
      it('brings back all that there was, whole', async () => {
        const second = await publishPlugin(store, 'Second');
        await beginUpload(store, 'under-way', Date.now() + 60_000);
        const backup = await backUp(`${to}${end}`);
        expect(backup).toMatchObject({ blobs: 4, tables: { plugins: 2, uploads: 0, audit_records: 2 } });
        await publishPlugin(store, 'Later');
        const { report, at } = await restore(`${to}${end}`);
        expect(report).toMatchObject({ createdAt: backup.createdAt, blobs: 4, tables: { plugins: 2 } });
        await using restored = await openStoreData(at, clock);
        expect(await found(restored, 'second')).toEqual(['Second']);
        expect(await found(restored, 'later')).toEqual([]);
        expect((await restored.blobs.stat(second.sha256))?.size).toBe(2_000);
        expect(await checkStore({ data: restored, clock, signal: never, olderThanMs: 0 })).toMatchObject({
          remaining: 0,
          auditRecords: 2,
        });
        // It goes on: and so does the backup, for another time.
        await publishPlugin(restored, 'Third');
        await restore(`${to}${end}`);
      });

      it('is of one instant, whatever is published meanwhile', async () => {
        await using writer = await openStoreData(place, clock);
        let isOver = false;
        const writing = (async () => {
          for (let n = 1; !isOver; n += 1) await publishPlugin(writer, `Later${n}`);
        })();
        const backup = await backUp(`${to}${end}`);
        isOver = true;
        await writing;
        const { at } = await restore(`${to}${end}`);
        await using restored = await openStoreData(at, clock);
        const { counts } = await checkStore({ data: restored, clock, signal: never, olderThanMs: 0 });
        expect(counts).toEqual({});
        expect(backup.tables.packages).toBe(backup.tables.audit_records);
      });
    });
  }

  // From here on the database makes no difference.
  if (kind === 'postgresql') return;

  it('copies to a folder what is new; the folder is a store’s', async () => {
    expect(await backUp()).toMatchObject({ blobs: 2, copiedBytes: 2_000 + 'icon of First'.length });
    expect(await backUp()).toMatchObject({ blobs: 2, copiedBytes: 0 });
    await publishPlugin(store, 'Second');
    expect(await backUp()).toMatchObject({ blobs: 4, copiedBytes: 2_000 + 'icon of Second'.length });
    await using asStore = await openStoreData({ dataDir: to }, clock);
    expect(await found(asStore, 'second')).toEqual(['Second']);
    expect((await readdir(to)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('makes a file that tar reads', async () => {
    await backUp(`${to}.tar`);
    const { stdout } = await run('tar', ['-tf', `${to}.tar`]);
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^blobs\/sha256\/../),
      expect.stringMatching(/^blobs\/sha256\/../),
      'store.sqlite',
    ]);
  });

  it('writes over no store and no file', async () => {
    const other = await folders.make();
    await (await createStoreAt({ dataDir: other }))[Symbol.asyncDispose]();
    await expect(backUp(other)).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
    await writeFile(`${to}.tar`, 'mine');
    await expect(backUp(`${to}.tar`)).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
    expect(await readFile(`${to}.tar`, 'utf8')).toBe('mine');
    await backUp();
    await expect(restore(to, place)).rejects.toMatchObject({ code: 'STORE_NOT_EMPTY' });
  });

  it('backs up no bytes that are not what they were', async () => {
    const { sha256 } = await publishPlugin(store, 'Second');
    await writeFile(join(place.dataDir, 'blobs', blobName(sha256)), randomBytes(2_000));
    await expect(backUp()).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    await expect(backUp(`${to}.tar`)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    expect((await readdir(join(to, '..'))).filter((name) => name.endsWith('.tar'))).toEqual([]);
  });

  it('restores nothing from what is no whole backup', async () => {
    const refused = { code: 'BACKUP_MALFORMED' };
    await expect(restore(join(to, 'nowhere'))).rejects.toMatchObject(refused);
    await expect(restore(join(to, 'nowhere.tar'))).rejects.toMatchObject(refused);
    const other = await folders.make();
    await (await createStoreAt({ dataDir: other }))[Symbol.asyncDispose]();
    await expect(restore(other)).rejects.toMatchObject(refused);
    await backUp(`${to}.tar`);
    const { size } = await stat(`${to}.tar`);
    for (const cut of [100, 1_500, Math.floor(size / 2), size - 600]) {
      await rm(`${to}-cut.tar`, { force: true });
      await writeFile(`${to}-cut.tar`, (await readFile(`${to}.tar`)).subarray(0, cut));
      await expect(restore(`${to}-cut.tar`)).rejects.toMatchObject(refused);
    }
    await backUp();
    {
      await using backup = await connectDatabase({ dataDir: to });
      await sql`update plugins set id = 'Other'`.execute(backup.queries);
    }
    await expect(restore()).rejects.toMatchObject(refused);
  });

  it('restores no bytes that are not what they were', async () => {
    const { sha256 } = await publishPlugin(store, 'Second');
    await backUp();
    await writeFile(join(to, 'blobs', blobName(sha256)), randomBytes(2_000));
    const at = await emptyPlace();
    await expect(restore(to, at)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    await expect(openStoreData(at, clock)).rejects.toMatchObject({ code: 'MOVE_UNFINISHED' });
    // The bytes are found elsewhere, and it is done again over what has arrived.
    await writeFile(
      join(to, 'blobs', blobName(sha256)),
      await readFile(join(place.dataDir, 'blobs', blobName(sha256))),
    );
    expect((await restore(to, at)).report.blobs).toBe(4);
  });
});
