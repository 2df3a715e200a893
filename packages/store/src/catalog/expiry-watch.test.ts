import { expect, test } from 'vitest';
import { describeOnBoth } from '../database/database-fixtures.js';
import { openDatabase } from '../database/open-database.js';
import { linux, publish } from './catalog-fixtures.js';
import { ExpiryWatch } from './expiry-watch.js';

describeOnBoth('expired offers', (places) => {
  test('make place for the newest that is still good, at several processes at once', async () => {
    await using database = await openDatabase(await places.create());
    const until = new Date('2030-06-01T00:00:00Z');
    for (const id of ['Foo', 'Bar']) {
      await publish(database, { id, version: '1.0' });
      await publish(database, { id, version: '2.0', expiresAt: until });
    }
    let at = new Date(until.getTime() - 1);
    const log = { error: () => {} };
    await using one = new ExpiryWatch({ database, clock: () => at, log });
    await using two = new ExpiryWatch({ database, clock: () => at, log });
    const offered = async () =>
      (
        await database.queries
          .selectFrom('offers')
          .innerJoin('packages', 'packages.number', 'offers.package_number')
          .select('packages.version')
          .where('offers.platform', '=', linux)
          .execute()
      ).map(({ version }) => version);
    const changes = async () =>
      (await database.queries.selectFrom('changes').select('sequence').execute()).length;
    await one.look();
    expect([await offered(), await changes()]).toEqual([['2.0', '2.0'], 4]);
    at = until;
    await Promise.all([one.look(), two.look()]);
    expect([await offered(), await changes()]).toEqual([['1.0', '1.0'], 6]);
  });
});
