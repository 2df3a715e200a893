import type { StoreRole, TokenScope } from '@jami-plugin-store/contract';
import { expect, test } from 'vitest';
import { readAudit } from '../audit/audit-log.js';
import type { StoreDatabase } from '../database/database.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { openDatabase } from '../database/open-database.js';
import { makeFirstToken } from './first-token.js';
import { createToken, createTokenDesk, type TokenDesk } from './token-desk.js';

const start = Date.parse('2026-06-01T00:00:00.000Z');
const day = 24 * 60 * 60 * 1000;
const [acme, other] = ['a'.repeat(64), 'b'.repeat(64)];

interface Place extends AsyncDisposable {
  readonly database: StoreDatabase;
  readonly desk: TokenDesk;
  now: number;
  /** A token's text, made by the store itself. */
  token(role: StoreRole, organization?: string, scopes?: TokenScope[]): Promise<string>;
}

async function open(options: Parameters<typeof openDatabase>[0]): Promise<Place> {
  const database = await openDatabase(options);
  for (const identity of [acme, other]) {
    await database.queries
      .insertInto('organizations')
      .values({
        identity,
        kind: 'organization',
        name: identity.slice(0, 4),
        contact: null,
        created_at: start,
      })
      .execute();
  }
  const place: Place = {
    database,
    now: start,
    desk: createTokenDesk({ database, clock: () => new Date(place.now) }),
    async token(role, organization, scopes) {
      const wish = {
        label: `a ${role}`,
        role,
        ...(organization && { organization }),
        ...(scopes && { scopes }),
      };
      const made = await database.transact((tx) =>
        createToken(tx, { role: 'store' }, wish, new Date(place.now)),
      );
      return made.token;
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
  return place;
}

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (error) => error.code,
  );

describeOnBoth('tokens', (places) => {
  test('say who holds them, until they expire or are revoked', async () => {
    await using place = await open(await places.create());
    const { desk } = place;
    const text = await place.token('publisher', acme);
    const holder = await desk.authenticate(text);
    expect(holder).toEqual({
      role: 'publisher',
      token: text.split('_')[1],
      label: 'a publisher',
      scopes: ['publish', 'manage', 'certificates', 'tokens'],
      expiresAt: new Date(start + 365 * day),
      organization: acme,
    });
    place.now += 365 * day - 1;
    expect(await codeOf(desk.authenticate(text))).toBe('OK');
    place.now += 1;
    expect(await codeOf(desk.authenticate(text))).toBe('TOKEN_EXPIRED');
    place.now = start;
    await desk.revoke(holder, holder.token);
    expect(await codeOf(desk.authenticate(text))).toBe('TOKEN_REVOKED');
    expect(await desk.revoke(holder, holder.token)).toMatchObject({
      revokedAt: new Date(start).toISOString(),
    });
  });

  test('are told apart by their secret, which is nowhere kept', async () => {
    await using place = await open(await places.create());
    const { desk, database } = place;
    const text = await place.token('operator');
    const [, id = '', secret = ''] = text.split('_');
    const wrong = `jpl_${id}_${secret.slice(1)}${secret.startsWith('0') ? '1' : '0'}`;
    expect(await codeOf(desk.authenticate(wrong))).toBe('TOKEN_UNKNOWN');
    expect(await codeOf(desk.authenticate(`jpl_${'0'.repeat(16)}_${secret}`))).toBe('TOKEN_UNKNOWN');
    expect(await codeOf(desk.authenticate(`jpr_${id}_${secret}`))).toBe('TOKEN_MALFORMED');
    expect(await codeOf(desk.authenticate(`' or 1=1 --`))).toBe('TOKEN_MALFORMED');
    const rows = await database.queries.selectFrom('tokens').selectAll().execute();
    const records: unknown[] = [];
    for await (const record of readAudit(database.queries, 0)) records.push(record);
    expect(records).not.toEqual([]);
    expect(JSON.stringify([rows, records])).not.toContain(secret);
  });

  test('have their last use to the hour', async () => {
    await using place = await open(await places.create());
    const { desk } = place;
    const operator = await desk.authenticate(await place.token('operator'));
    place.now = start + 90 * 60_000;
    const text = await place.token('reviewer');
    for (const minutes of [0, 5, 20]) {
      place.now = start + (90 + minutes) * 60_000;
      await desk.authenticate(text);
    }
    const [reviewer] = await desk.list(operator);
    expect(reviewer).toMatchObject({ role: 'reviewer', lastUsedAt: '2026-06-01T01:00:00.000Z' });
  });

  test('of publishers are made by publishers, no mightier and no longer than their own', async () => {
    await using place = await open(await places.create());
    const { desk } = place;
    const publisher = await desk.authenticate(await place.token('publisher', acme, ['publish', 'tokens']));
    const wish = {
      label: 'CI',
      role: 'publisher' as const,
      organization: acme,
      scopes: ['publish' as const],
    };
    const made = await desk.create(publisher, { ...wish, validityDays: 30 });
    expect(await desk.authenticate(made.token)).toMatchObject({ scopes: ['publish'], organization: acme });
    const refused = async (change: object) => await codeOf(desk.create(publisher, { ...wish, ...change }));
    expect(await refused({ organization: other })).toBe('ORGANIZATION_FOREIGN');
    expect(await refused({ scopes: ['manage'] })).toBe('SCOPE_NOT_ALLOWED');
    expect(await refused({ scopes: undefined })).toBe('SCOPE_NOT_ALLOWED');
    expect(await refused({ role: 'operator', organization: undefined, scopes: undefined })).toBe(
      'ROLE_NOT_ALLOWED',
    );
    expect(await refused({ validityDays: 366 })).toBe('EXPIRY_NOT_ALLOWED');
    expect(await refused({ label: 'a\u202eb' })).toBe('TEXT_NOT_ALLOWED');
    expect(await refused({ label: ' \n ' })).toBe('TEXT_NOT_ALLOWED');
  });

  test('of every role are made by operators, within what the role may do', async () => {
    await using place = await open(await places.create());
    const { desk } = place;
    const operator = await desk.authenticate(await place.token('operator'));
    const create = (wish: object) =>
      codeOf(desk.create(operator, { label: 'x', role: 'reviewer', ...wish } as never));
    expect(await create({})).toBe('OK');
    expect(await create({ role: 'publisher', organization: other })).toBe('OK');
    expect(await create({ role: 'publisher' })).toBe('ORGANIZATION_NOT_FOUND');
    expect(await create({ role: 'publisher', organization: 'c'.repeat(64) })).toBe('ORGANIZATION_NOT_FOUND');
    expect(await create({ organization: other })).toBe('ORGANIZATION_NOT_FOUND');
    expect(await create({ scopes: ['operate'] })).toBe('SCOPE_NOT_ALLOWED');
    const reviewer = await desk.authenticate(await place.token('reviewer'));
    expect(await codeOf(desk.create(reviewer, { label: 'x', role: 'reviewer' }))).toBe('ROLE_NOT_ALLOWED');
  });

  test('of another organization are neither seen nor revoked', async () => {
    await using place = await open(await places.create());
    const { desk } = place;
    const mine = await desk.authenticate(await place.token('publisher', acme));
    const theirs = await desk.authenticate(await place.token('publisher', other));
    const operator = await desk.authenticate(await place.token('operator'));
    expect((await desk.list(mine)).map(({ id }) => id)).toEqual([mine.token]);
    expect(await codeOf(desk.revoke(mine, theirs.token))).toBe('TOKEN_NOT_FOUND');
    expect(await codeOf(desk.revoke(mine, operator.token))).toBe('TOKEN_NOT_FOUND');
    expect(await codeOf(desk.revoke(operator, '0'.repeat(16)))).toBe('TOKEN_NOT_FOUND');
    expect(await codeOf(desk.revoke(operator, theirs.token))).toBe('OK');
    expect(await desk.list(operator)).toHaveLength(3);
  });

  test('are bounded for each organization', async () => {
    await using place = await open(await places.create());
    const first = await place.token('publisher', acme);
    const { queries } = place.database;
    const row = await queries.selectFrom('tokens').selectAll().executeTakeFirstOrThrow();
    const rows = Array.from({ length: 99 }, (_, number) => ({ ...row, id: String(number) }));
    await queries.insertInto('tokens').values(rows).execute();
    expect(await codeOf(place.token('publisher', acme))).toBe('STATE_CONFLICT');
    expect(await codeOf(place.token('publisher', other))).toBe('OK');
    await place.desk.revoke(await place.desk.authenticate(first), '7');
    expect(await codeOf(place.token('publisher', acme))).toBe('OK');
  });

  test('begin with one for the operator, made once whoever starts', async () => {
    const where = await places.create();
    await using one = await open(where);
    await using database = await openDatabase(where);
    const kept: string[] = [];
    const keep = async (token: string) => {
      kept.push(token);
      return token;
    };
    const clock = () => new Date(start);
    const made = await Promise.all(
      [one.database, database, one.database].map((each) => makeFirstToken({ database: each, clock, keep })),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(kept).toHaveLength(1);
    expect(await one.desk.authenticate(kept[0] ?? '')).toMatchObject({ role: 'operator' });
    expect(await makeFirstToken({ database, clock, keep })).toBe(false);
  });

  test('of the first start is made again where it could not be kept, and is the one that is kept', async () => {
    await using place = await open(await places.create());
    const clock = () => new Date(start);
    const full = async () => Promise.reject(new Error('disk full'));
    await expect(makeFirstToken({ database: place.database, clock, keep: full })).rejects.toThrow(
      'disk full',
    );
    const before = `jpl_${'1'.repeat(16)}_${'2'.repeat(64)}`;
    expect(await makeFirstToken({ database: place.database, clock, keep: async () => before })).toBe(true);
    expect(await place.desk.authenticate(before)).toMatchObject({
      role: 'operator',
      label: 'first operator',
    });
  });
});
