import { expect, test } from 'vitest';
import type { StoreDatabase } from '../database/database.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { openDatabase } from '../database/open-database.js';
import { auditLineOf } from './audit-chain.js';
import { type AuditEntry, appendAudit, auditOf, readAudit } from './audit-log.js';
import { readFeed } from './feed.js';
import { verifyAudit } from './verify-audit.js';

const at = new Date('2026-06-01T00:00:00.000Z');
const published = (version: string): AuditEntry => ({
  at,
  actor: 'store',
  action: 'published',
  subject: `package/${version}`,
  plugin: 'Foo',
  version,
  publisher: 'Acme',
  detail: { size: '12', nothing: undefined },
});
const submitted: AuditEntry = { ...published('0.1'), action: 'submitted', reason: 'It “works”\nnow' };

const append = (database: StoreDatabase, ...entries: AuditEntry[]) =>
  database.transact(async (tx) => {
    for (const entry of entries) await appendAudit(tx, entry);
  });

async function exported(database: StoreDatabase, after = 0): Promise<string[]> {
  const lines: string[] = [];
  for await (const record of readAudit(database.queries, after)) lines.push(auditLineOf(record));
  return lines;
}

describeOnBoth('the audit log', (places) => {
  test('of many at once through two openings is one chain without gaps', async () => {
    const place = await places.create();
    await using one = await openDatabase(place);
    await using other = await openDatabase(place);
    const work = Array.from({ length: 20 }, (_, index) =>
      append(index % 2 === 0 ? one : other, submitted, published(`1.${index}`)),
    );
    await Promise.all(work);
    expect(await verifyAudit(await exported(one))).toMatchObject({ records: 40, first: 1, last: 40 });
  });

  test('has nothing of what was taken back, and no gap there', async () => {
    await using database = await openDatabase(await places.create());
    await append(database, submitted);
    const failing = database.transact(async (tx) => {
      await appendAudit(tx, published('1.0'));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await append(database, published('2.0'));
    const lines = await exported(database);
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2]);
    expect(await verifyAudit(lines)).toMatchObject({ records: 2 });
  });

  test('goes on after a record that is known, however long it is', async () => {
    await using database = await openDatabase(await places.create());
    await append(database, ...Array.from({ length: 1_201 }, (_, index) => published(`1.${index}`)));
    const lines = await exported(database);
    expect(await verifyAudit(lines)).toMatchObject({ records: 1_201 });
    expect(await exported(database, 1_200)).toEqual(lines.slice(1_200));
    expect(await exported(database, 5_000)).toEqual([]);
  });

  test('tells what was done about one thing', async () => {
    await using database = await openDatabase(await places.create());
    await append(database, submitted, published('0.1'), published('0.2'));
    const steps = await auditOf(database.queries, 'package/0.1');
    expect(steps.map(({ action, reason }) => [action, reason])).toEqual([
      ['submitted', 'It “works”\nnow'],
      ['published', undefined],
    ]);
  });

  test('shows everyone its public part, and nothing of the rest', async () => {
    await using database = await openDatabase(await places.create());
    await append(database, submitted, published('1'), submitted, published('2'), published('3'));
    const feed = async (after: number | undefined, limit: number) => {
      const { entries, hasMore } = await readFeed(database.queries, { after, limit });
      return [entries.map(({ sequence, version }) => `${sequence}:${version}`), hasMore];
    };
    expect(await feed(undefined, 2)).toEqual([['4:2', '5:3'], false]);
    expect(await feed(0, 2)).toEqual([['2:1', '4:2'], true]);
    expect(await feed(4, 2)).toEqual([['5:3'], false]);
    expect(await feed(5, 2)).toEqual([[], false]);
    const [entry] = (await readFeed(database.queries, { after: 0, limit: 1 })).entries;
    expect(Object.keys(entry ?? {})).toEqual([
      'sequence',
      'at',
      'action',
      'plugin',
      'version',
      'publisher',
      'hash',
    ]);
  });
});
