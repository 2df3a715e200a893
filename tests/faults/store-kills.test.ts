import { writeFile } from 'node:fs/promises';
import { afterAll, expect, it } from 'vitest';
import { postgresPrograms, startPostgres } from '../../packages/store/src/database/postgres-fixtures.js';
import { runStoreKills, type StoreKills } from './store-kills.js';

/** `npm run test:faults -- store [KILLS]` asks for many, and for the figures in a file. */
const wanted = Number(process.env.JPL_STORE_KILLS ?? 2);
const report = process.env.JPL_STORE_KILLS_REPORT;
const onPostgres = Math.max(1, Math.floor(wanted / 4));

const total: StoreKills = { kills: 0, acknowledged: 0, lost: 0, half: 0, orphans: 0, remaining: 0 };
afterAll(async () => {
  if (report !== undefined) await writeFile(report, JSON.stringify(total));
});

async function kill(kills: number, databaseUrl?: string): Promise<void> {
  const faults: object[] = [];
  const found = await runStoreKills({ kills, databaseUrl, onFault: (fault) => faults.push(fault) });
  for (const name of Object.keys(total) as (keyof StoreKills)[]) total[name] += found[name];
  expect(faults).toEqual([]);
  expect(found).toMatchObject({ kills, lost: 0, half: 0, remaining: 0 });
  expect(found.acknowledged).toBeGreaterThan(0);
}

const timeoutMs = 120_000 + wanted * 60_000;

it(
  'a store killed in the middle of its work loses nothing, and serves nothing half',
  () => kill(wanted - onPostgres),
  timeoutMs,
);

it.skipIf(postgresPrograms === undefined)(
  `and over PostgreSQL${postgresPrograms === undefined ? ' (skipped: this machine has none)' : ''}`,
  async () => {
    await using cluster = await startPostgres();
    await kill(onPostgres, await cluster.createDatabase());
  },
  timeoutMs,
);
