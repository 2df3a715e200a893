import { randomUUID } from 'node:crypto';
import type { StoreDatabase } from '../database/database.js';
import { migrateToNewest } from '../database/migrate.js';
import { createMoveNotes, dropMoveNotes, noteMove, readMoveNotes } from '../database/move-notes.js';
import { StoreError } from '../error.js';
import { beginCapture, endCapture, freeze, thaw } from './change-capture.js';
import { type BlobCopying, copyBlobs } from './copy-blobs.js';
import { copyParts } from './copy-parts.js';
import { putForeignKeysBack, takeForeignKeysOff } from './foreign-keys.js';
import { holdMove } from './move-hold.js';
import { carryChanges, copyTables, type RowMoving, setNumbers } from './move-rows.js';
import { movedTables } from './moved-tables.js';
import { deleteAllRows, hasRows, readFacts, type TableFacts } from './rows.js';
import { describeAnew, rebuildSearch } from './search-rebuild.js';
import type { StoreData } from './store-data.js';
import { wantedBlobs } from './wanted-blobs.js';

export interface MoveProgress {
  readonly step: 'rows' | 'words' | 'blobs' | 'changes' | 'verifying';
  /** What is at work on, e.g. the name of a table. */
  readonly what?: string | undefined;
  readonly done: number;
}

export interface MoveOptions {
  readonly source: StoreData;
  /** From `openEmptyPlace`. */
  readonly target: StoreData;
  readonly clock: () => Date;
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: MoveProgress) => void) | undefined;
}

export interface MoveReport {
  readonly from: string;
  readonly to: string;
  /** It had been moved there before; nothing was done. */
  readonly wasDone: boolean;
  /** Rows of each table, the same at both ends. */
  readonly tables: Readonly<Record<string, number>>;
  /** Blobs that rows refer to, each read at the target and of its digest. */
  readonly blobs: number;
  readonly copiedBytes: number;
  /** How long the source refused changes until all had arrived. Milliseconds. */
  readonly frozenMs: number;
}

/**
 * Moves a store, while it is served, to another database, other bytes, or both. Everything is copied; meanwhile the source's database notes
 * what changes, and that is carried over, too; then the source refuses changes, the rest is carried over, and all is held against each
 * other. From then on the source can still be read, and refuses changes for good: processes are started again over the target.
 *
 * Killed anywhere, it goes on when called again. Where it fails by itself, the source takes changes again.
 * @throws {StoreError} STORE_NOT_EMPTY | MOVE_UNDER_WAY | MOVE_NOT_VERIFIED | BLOB_CORRUPT, and as databases and blobs fail
 */
export async function moveStore(options: MoveOptions): Promise<MoveReport> {
  const { source, target, clock, signal, onProgress } = options;
  await migrateToNewest(target.database);
  await using hold = await holdMove(target.database, clock, signal);
  if (await join(source.database, target.database)) return await doneBefore(source, target);
  const moving: RowMoving = {
    source: source.database,
    target: target.database,
    changedPlugins: new Set(),
    async step(tell) {
      signal.throwIfAborted();
      await hold.keep();
      if (tell !== undefined) onProgress?.({ step: 'rows', what: tell.table, done: tell.rows });
    },
  };
  const copying: BlobCopying = {
    source: source.blobs,
    target: target.blobs,
    verified: new Set(),
    signal,
    onBlob: ({ verified }) => onProgress?.({ step: 'blobs', done: verified }),
  };
  const keepHold = setInterval(() => void hold.keep().catch(() => {}), 5_000).unref();
  try {
    return await move(options, moving, copying);
  } finally {
    clearInterval(keepHold);
  }
}

async function move(
  { source, target, onProgress }: MoveOptions,
  moving: RowMoving,
  copying: BlobCopying,
): Promise<MoveReport> {
  await takeForeignKeysOff(target.database);
  await copyTables(moving, await readMoveNotes(target.database));
  await carryChanges(moving);
  // Where a run was killed, it took what it knew of changed plugins with it.
  await rebuildSearch(target.database, {
    signal: copying.signal,
    onDone: (done) => onProgress?.({ step: 'words', done }),
  });
  const first = await copyBlobs(copying, wantedBlobs(source.database.queries));
  await copyParts(source.blobs, target.blobs, copying.signal);
  onProgress?.({ step: 'changes', done: await carryChanges(moving) });

  const frozenAt = performance.now();
  try {
    await setState(source.database, 'frozen', freeze);
    await carryChanges(moving);
    const last = await copyBlobs(copying, wantedBlobs(source.database.queries));
    await copyParts(source.blobs, target.blobs, copying.signal);
    await describeAnew(target.database, [...moving.changedPlugins]);
    await setNumbers(target.database);
    await putForeignKeysBack(target.database, await readMoveNotes(target.database));
    onProgress?.({ step: 'verifying', done: 0 });
    const tables = await assertSame(source.database, target.database, copying.signal);
    await finish(source.database, target.database);
    return {
      from: source.database.place,
      to: target.database.place,
      wasDone: false,
      tables,
      blobs: copying.verified.size,
      copiedBytes: first.copiedBytes + last.copiedBytes,
      frozenMs: Math.round(performance.now() - frozenAt),
    };
  } catch (error) {
    // Whatever it was, the store goes on where it is.
    await setState(source.database, 'copying', thaw);
    if (error instanceof StoreError && error.code === 'MOVE_NOT_VERIFIED')
      await noteMove(target.database.queries, { state: 'failed' });
    throw error;
  }
}

/**
 * Begins a move, or goes on with the one that is under way between the two.
 * @returns whether it was done before
 * @throws {StoreError} STORE_NOT_EMPTY | MOVE_UNDER_WAY
 */
async function join(source: StoreDatabase, target: StoreDatabase): Promise<boolean> {
  const [atSource, atTarget] = [await readMoveNotes(source), await readMoveNotes(target)];
  const id = atSource.get('id') ?? atTarget.get('id') ?? randomUUID();
  if (atSource.get('id') === undefined || atTarget.get('id') === undefined) {
    if (atSource.get('id') !== undefined && (await movedHere(target)) === id) return await noteDone(source);
    if (atSource.get('id') !== undefined) throw underWay(source, atSource.get('to') ?? 'another place');
    // Half of a move that was given up is no store.
    if (atTarget.get('id') !== undefined) await startOver(target, { id, from: source.place });
    if (await holdsSomething(target)) {
      throw new StoreError(
        'STORE_NOT_EMPTY',
        `${target.place} has a store already; a store moves to an empty place.`,
      );
    }
    await target.transact(async (tx) => {
      await createMoveNotes(tx);
      await noteMove(tx, { id, from: source.place, state: 'copying' });
    });
    await source.transact(async (tx) => {
      await createMoveNotes(tx);
      await beginCapture(tx, source.kind);
      await noteMove(tx, { id, to: target.place, state: 'copying' });
    });
    return false;
  }
  if (atSource.get('id') !== atTarget.get('id'))
    throw underWay(source, atSource.get('to') ?? 'another place');
  if (atTarget.get('state') === 'failed') await startOver(target, { id, from: source.place });
  return false;
}

/** What arrived was not what was there: nothing of it is trusted. */
async function startOver(
  target: StoreDatabase,
  notes: { readonly id: string; readonly from: string },
): Promise<void> {
  await takeForeignKeysOff(target);
  const keys = (await readMoveNotes(target)).get('foreign-keys');
  await target.transact(async (tx) => {
    for (const table of movedTables) await deleteAllRows(tx, table);
    await dropMoveNotes(tx);
    await createMoveNotes(tx);
    await noteMove(tx, {
      ...notes,
      state: 'copying',
      ...(keys === undefined ? {} : { 'foreign-keys': keys }),
    });
  });
}

async function holdsSomething({ queries }: StoreDatabase): Promise<boolean> {
  for (const table of movedTables) if (await hasRows(queries, table)) return true;
  return false;
}

function underWay({ place }: StoreDatabase, to: string): StoreError {
  return new StoreError(
    'MOVE_UNDER_WAY',
    `${place} is being moved, or was moved, to ${to}. To stay with ${place} instead: jpl store migrate --abandon.`,
  );
}

/** Setting by which a store knows the move that brought it. */
const movedBy = 'moved_by';

async function movedHere({ queries }: StoreDatabase): Promise<string | undefined> {
  const row = await queries
    .selectFrom('settings')
    .select('value')
    .where('name', '=', movedBy)
    .executeTakeFirst();
  return row?.value;
}

/** The target is a store from the moment its notes are gone; the source is told after that. */
async function finish(source: StoreDatabase, target: StoreDatabase): Promise<void> {
  const id = (await readMoveNotes(target)).get('id') ?? '';
  await target.transact(async (tx) => {
    await tx
      .insertInto('settings')
      .values({ name: movedBy, value: id })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: id }))
      .execute();
    await dropMoveNotes(tx);
  });
  await noteDone(source);
}

async function noteDone(source: StoreDatabase): Promise<true> {
  await source.transact(async (tx) => {
    await endCapture(tx, source.kind);
    await noteMove(tx, { state: 'moved' });
  });
  return true;
}

async function doneBefore(
  { database: source }: StoreData,
  { database: target }: StoreData,
): Promise<MoveReport> {
  const nothing = { tables: {}, blobs: 0, copiedBytes: 0, frozenMs: 0 };
  return { from: source.place, to: target.place, wasDone: true, ...nothing };
}

async function setState(
  source: StoreDatabase,
  state: string,
  action: typeof freeze | typeof thaw,
): Promise<void> {
  await source.transact(async (tx) => {
    await action(tx, source.kind);
    await noteMove(tx, { state });
  });
}

/** @throws {StoreError} MOVE_NOT_VERIFIED */
async function assertSame(
  source: StoreDatabase,
  target: StoreDatabase,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const table of movedTables) {
    const there = await readFacts(source.queries, table, signal);
    assertEqual(table.name, there, await readFacts(target.queries, table, signal));
    rows[table.name] = there.rows;
  }
  return rows;
}

/** @throws {StoreError} MOVE_NOT_VERIFIED */
export function assertEqual(table: string, expected: TableFacts, found: TableFacts): void {
  if (expected.rows === found.rows && expected.digest === found.digest) return;
  const what =
    expected.rows === found.rows
      ? `other rows arrived of ${table} than were there`
      : `${found.rows} rows of ${table} arrived instead of ${expected.rows}`;
  throw new StoreError('MOVE_NOT_VERIFIED', `The copy is not what was copied: ${what}.`);
}

/**
 * Gives a move up, finished or not: the source takes changes again, and whatever was copied is on its own.
 * @returns where it was being moved; undefined = nowhere
 */
export async function abandonMove({ database }: StoreData): Promise<string | undefined> {
  const to = (await readMoveNotes(database)).get('to');
  await database.transact(async (tx) => {
    await thaw(tx, database.kind);
    await endCapture(tx, database.kind);
    await dropMoveNotes(tx);
  });
  return to;
}
