import { expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { Connectivity } from '../network/connectivity.js';
import { systemTimer } from '../network/timer.js';
import { DailyRoutine } from './daily-routine.js';

const hour = 3_600_000;

/** A routine whose time, schedule and network are the test's. */
function create(checkedAt?: string) {
  const world = { now: Date.parse('2026-06-01T00:00:00Z'), checks: 0, checkedAt, fails: false };
  const troubles: unknown[] = [];
  let tick: (() => Promise<void>) | undefined;
  const patterns: string[] = [];
  const connectivity = new Connectivity({
    timer: systemTimer,
    random: () => 0.5,
    hasInterface: () => false,
    probe: async () => undefined,
  });
  const routine = new DailyRoutine({
    manager: {
      get checkedAt() {
        return world.checkedAt;
      },
      isDue: () => world.checkedAt === undefined || world.now - Date.parse(world.checkedAt) >= 24 * hour,
      async check() {
        world.checks += 1;
        if (world.fails) throw new ClientError('DAEMON_UNAVAILABLE', 'away');
        world.checkedAt = new Date(world.now).toISOString();
      },
    },
    reload: async () => undefined,
    schedule: (pattern, work) => {
      patterns.push(pattern);
      tick = work;
      return { [Symbol.dispose]: () => undefined };
    },
    connectivity,
    clock: () => new Date(world.now),
    random: () => 0.5,
    onTrouble: (error) => troubles.push(error),
  });
  return { routine, world, troubles, patterns, connectivity, tick: async () => tick?.() };
}

test('checks at the start, then once a day, at a second of its own', async () => {
  const { routine, world, tick, patterns } = create();
  expect(patterns).toEqual(['30 5-59/10 * * * *']);
  await routine.start();
  expect(world.checks).toBe(1);
  await tick();
  world.now += 23 * hour;
  await tick();
  expect(world.checks).toBe(1);
  world.now += hour;
  await tick();
  await tick();
  expect(world.checks).toBe(2);
});

test('a start shortly after a check makes none; one later does, and sleep is made up', async () => {
  const { routine, world, tick } = create('2026-05-31T23:55:00Z');
  await routine.start();
  expect(world.checks).toBe(0);
  world.now += 10 * 60_000;
  await routine.start();
  expect(world.checks).toBe(1);
  world.now += 72 * hour;
  await tick();
  expect(world.checks).toBe(2);
});

test('a day on which nobody could be asked is made up, also as soon as the network is back', async () => {
  const { routine, world, tick, troubles, connectivity } = create();
  world.fails = true;
  await routine.start();
  await tick();
  expect([world.checks, troubles]).toEqual([2, [expect.any(ClientError), expect.any(ClientError)]]);
  const store = new URL('https://store.example/');
  connectivity.noteFailure(store, new ClientError('HOST_UNREACHABLE', 'x'));
  world.fails = false;
  connectivity.noteAnswer(store);
  await new Promise((resolve) => setImmediate(resolve));
  await routine[Symbol.asyncDispose]();
  expect(world.checks).toBe(3);
});

test('nothing is checked after the end', async () => {
  const { routine, world, tick } = create();
  await routine[Symbol.asyncDispose]();
  await tick();
  await routine.start();
  expect(world.checks).toBe(0);
});
