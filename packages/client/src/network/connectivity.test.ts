import { describe, expect, test } from 'vitest';
import { ClientError, type ClientErrorCode } from '../error.js';
import { Connectivity } from './connectivity.js';
import { createTestTimer, rejection } from './test-server-fixtures.js';

const one = new URL('https://one.example/');
const two = new URL('https://two.example/');
const own = new URL('http://127.0.0.1:7411/');

function create({ hasInterface = true, answersAt = 0 } = {}) {
  const world = { hasInterface, probes: 0, answersAt };
  const timer = createTestTimer(40_000);
  const connectivity = new Connectivity({
    timer,
    random: () => 1,
    hasInterface: () => world.hasInterface,
    async probe() {
      world.probes += 1;
      if (world.probes < world.answersAt) throw new ClientError('HOST_UNREACHABLE', 'no way');
    },
  });
  const told: boolean[] = [];
  connectivity.on((isOnline) => told.push(isOnline));
  const fail = (url: URL, code: ClientErrorCode) => connectivity.noteFailure(url, new ClientError(code, 'x'));
  return { connectivity, world, timer, told, fail };
}

describe('whether this machine is online', () => {
  test('is told by how requests to other machines end', () => {
    const { connectivity, told, fail } = create();
    fail(one, 'NAME_NOT_RESOLVED');
    expect(connectivity.isOnline).toBe(false);
    connectivity.noteAnswer(two);
    expect(connectivity.isOnline).toBe(true);
    fail(two, 'HOST_UNREACHABLE');
    connectivity.noteAnswer(one);
    expect(told).toEqual([false, true, false, true]);
  });

  test('is not doubted for a server that is down while there is network', () => {
    const { connectivity, fail, world } = create();
    fail(one, 'CONNECTION_REFUSED');
    fail(one, 'CONNECT_TIMEOUT');
    fail(one, 'HTTP_STATUS');
    expect(connectivity.isOnline).toBe(true);
    world.hasInterface = false;
    fail(one, 'CONNECT_TIMEOUT');
    expect(connectivity.isOnline).toBe(false);
  });

  test('has nothing to do with servers of this machine', () => {
    const { connectivity, fail, told } = create({ hasInterface: false });
    fail(own, 'CONNECTION_REFUSED');
    connectivity.noteAnswer(own);
    expect([connectivity.isOnline, told]).toEqual([true, []]);
  });

  test('is known of a bounded number of servers', () => {
    const { connectivity, fail } = create();
    connectivity.noteAnswer(one);
    for (let index = 0; index < 300; index += 1)
      fail(new URL(`https://s${index}.example/`), 'NAME_NOT_RESOLVED');
    expect(connectivity.isOnline).toBe(false);
  });
});

describe('waiting for a server', () => {
  const never = new AbortController().signal;

  test('probes it at growing intervals, up to a bound, and ends with its answer', async () => {
    const { connectivity, world, timer } = create({ answersAt: 8 });
    await connectivity.reachable(one, never);
    expect(world.probes).toBe(8);
    const sums = [1, 2, 4, 8, 15, 30, 30, 30].map((seconds) => seconds * 1_000);
    expect(timer.asked.reduce((sum, ms) => sum + ms, 0)).toBe(sums.reduce((sum, ms) => sum + ms, 0));
    expect(Math.max(...timer.asked)).toBeLessThanOrEqual(2_000);
  });

  test('is shared: only the first who waits has it probed, and a real answer ends all waits', async () => {
    const { connectivity, world } = create({ answersAt: 3 });
    await Promise.all([1, 2, 3].map(() => connectivity.reachable(one, never)));
    expect(world.probes).toBe(3);
    world.answersAt = Number.POSITIVE_INFINITY;
    const waiting = connectivity.reachable(two, never);
    connectivity.noteAnswer(one);
    connectivity.noteAnswer(two);
    await waiting;
  });

  test('goes on early when the machine gets an address', async () => {
    const { connectivity, world, timer } = create({ hasInterface: false, answersAt: 3 });
    const off = connectivity.on(() => undefined);
    const waiting = connectivity.reachable(one, never);
    world.hasInterface = true;
    await waiting;
    off();
    expect(timer.asked[0]).toBe(1_000);
    expect(world.probes).toBe(3);
  });

  test('ends with its signal, while it waits and while it probes', async () => {
    const { connectivity } = create({ answersAt: Number.POSITIVE_INFINITY });
    const gone = new AbortController();
    const waiting = rejection(connectivity.reachable(one, gone.signal));
    gone.abort(new ClientError('CANCELED', 'enough'));
    expect(await waiting).toMatchObject({ code: 'CANCELED' });
    expect(await rejection(connectivity.reachable(one, gone.signal))).toMatchObject({ code: 'CANCELED' });
  });
});
