import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Daemon } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  fewFiles,
  fixtureInstant,
  fixturePlatform,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { type Disk, nodeDisk } from '../disk/disk.js';
import { layoutOf } from '../installed/layout.js';
import { ChildPool, type FaultChild } from './child-pool.js';
import { inspect } from './inspect-fixtures.js';
import { carryOut, type KillOrder } from './kill-order.js';
import { steppedDisk } from './stepped-disk.js';

export interface KillReport {
  /** Processes killed with SIGKILL, and how the plugin was seen afterwards. */
  kills: number;
  old: number;
  new: number;
  mixed: number;
  lost: number;
}

export interface KillRunOptions {
  readonly kills: number;
  /** Where data folder and packages stand. Default: the temporary folder. */
  readonly parent?: string | undefined;
  /** Children loaded ahead. */
  readonly ahead?: number | undefined;
  /** Another build of their program. */
  readonly child?: string | undefined;
  readonly onProgress?: ((report: Readonly<KillReport>) => void) | undefined;
  /** Told of each plugin seen mixed or lost. */
  readonly onFault?: ((fault: object) => void) | undefined;
}

type State = string;
const absent = 'absent';
const preferences = '81a16ba176';
const moments = ['before', 'half', 'during'] as const;

interface Operation {
  readonly name: string;
  readonly order: Pick<KillOrder, 'operation' | 'packagePath'>;
  /** From which states it can be carried out, and to which it leads. */
  readonly from: readonly State[];
  readonly to: (from: State) => State;
}

/**
 * Update, forced reinstall, rollback, uninstall and first install, each in a child process, again and again; the child is killed with SIGKILL: two times of
 * three at a numbered step of its work on the disk (its start and recovery included), else after some milliseconds. Each time the plugin is
 * looked at from outside, as it was left; then the next child's daemon recovers the folder and it is looked at again.
 */
export async function runKills(options: KillRunOptions): Promise<KillReport> {
  const count: KillReport = { kills: 0, old: 0, new: 0, mixed: 0, lost: 0 };
  await using fixtures = await DaemonFixtures.create(options.parent);
  await using pool = new ChildPool(options.ahead ?? 2, options.child);
  let place = await preparePlace(fixtures);
  const lengths = await measure(place);
  let current: State = absent;
  const turns = new Map<State, number>();
  for (let round = 0; count.kills < options.kills; round += 1) {
    const turn = turns.get(current) ?? 0;
    turns.set(current, turn + 1);
    const operation = choose(place.operations, current, turn);
    const whole = lengths.get(operation.name) ?? { steps: 1, ms: 1 };
    const order = { ...place.base, ...operation.order, ...aim(round, whole.steps) };
    const target = operation.to(current);
    const seen = await killOne(place, pool.take(), {
      order,
      current,
      target,
      killAfterMs: round % 3 === 2 ? delay(round, whole.ms) : undefined,
    });
    if (seen.killed) count.kills += 1;
    if (seen.killed || isFault(seen.verdict)) count[seen.verdict] += 1;
    if (isFault(seen.verdict)) {
      options.onFault?.({ ...seen, operation: operation.name, current, target, ...aim(round, whole.steps) });
      // What is broken would count again and again: go on with a folder of its own.
      place = await preparePlace(fixtures);
      current = absent;
    } else {
      current = seen.state;
      await place.settle(current);
    }
    options.onProgress?.(count);
  }
  return count;
}

/** Steps in turn, every second one of the last quarter, where the commit is; every third round none: then it is killed by time. */
function aim(round: number, steps: number): { step: number; moment: KillOrder['moment'] } {
  const turn = Math.floor((round * 2) / 3);
  const moment = moments[Math.floor(turn / 5) % moments.length] ?? 'before';
  const early = 1 + ((turn * 7) % steps);
  const late = steps - ((turn * 5) % Math.ceil(steps / 4));
  return { step: round % 3 === 2 ? 0 : turn % 2 === 0 ? early : late, moment };
}

/** A third longer than the whole takes, spread evenly: some come after the end. */
function delay(round: number, ms: number): number {
  return (ms * 1.3 * ((round * 37) % 100)) / 100;
}

/** What is possible in turn; the times and steps of killing change at another pace, so that each operation meets all of them. */
function choose(operations: readonly Operation[], current: State, turn: number): Operation {
  const possible = operations.filter(({ from }) => from.includes(current));
  const chosen = possible[Math.floor(turn / 4) % possible.length];
  if (chosen === undefined) throw new Error(`nothing can be done from ${current}`);
  return chosen;
}

type Verdict = 'old' | 'new' | 'mixed' | 'lost';
const isFault = (verdict: Verdict): verdict is 'mixed' | 'lost' => verdict === 'mixed' || verdict === 'lost';

interface Round {
  readonly order: KillOrder;
  readonly current: State;
  readonly target: State;
  readonly killAfterMs: number | undefined;
}

interface Seen {
  readonly killed: boolean;
  readonly verdict: Verdict;
  readonly state: State;
  readonly why?: string;
}

async function killOne(place: Place, child: FaultChild, round: Round): Promise<Seen> {
  const { order, current, target, killAfterMs } = round;
  const judge = async (killed: boolean): Promise<Seen> => {
    const state = await place.see();
    if (state === current) return { killed, verdict: 'old', state };
    if (state === target) return { killed, verdict: 'new', state };
    if (state === absent) return { killed, verdict: 'lost', state };
    throw new Error(`${state} is neither ${current} nor ${target}`);
  };
  let killed = false;
  try {
    if ((await child.start(order)) !== undefined) {
      // What the daemon before left, as this one's recovery brought it to rest.
      await place.assertAtRest(current);
      child.goOn(killAfterMs);
    }
    ({ killed } = await child.end());
    return await judge(killed);
  } catch (error) {
    await child[Symbol.asyncDispose]();
    return {
      killed,
      verdict: 'mixed',
      state: '',
      why: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Each operation once, to its end, in this process: how many steps it has with its start, and how long it takes. Ends where nothing is installed. */
async function measure(place: Place): Promise<ReadonlyMap<string, { steps: number; ms: number }>> {
  const lengths = new Map<string, { steps: number; ms: number }>();
  let current: State = absent;
  for (const name of ['install', 'reinstall', 'update', 'downgrade', 'update', 'rollback', 'uninstall']) {
    const operation = place.operations.find((one) => one.name === name);
    if (operation === undefined) throw new Error(`no operation ${name}`);
    let steps = 0;
    const disk = steppedDisk(nodeDisk(), ({ number }) => {
      steps = number;
    });
    await using daemon = await place.start(disk);
    const startedAt = performance.now();
    await carryOut(daemon, operation.order);
    lengths.set(name, { steps, ms: performance.now() - startedAt });
    current = operation.to(current);
    const seen = await place.see();
    if (seen !== current) throw new Error(`${name} led to ${seen}, not to ${current}`);
    await place.settle(current);
  }
  return lengths;
}

interface Place {
  readonly base: Omit<KillOrder, 'operation' | 'packagePath'>;
  readonly operations: readonly Operation[];
  /** A daemon of this process. */
  start(disk: Disk): Promise<Daemon>;
  /** The plugin from outside, without a daemon. Throws where it is mixed. */
  see(): Promise<State>;
  /** Throws unless the folder is at rest with the plugin as it was. */
  assertAtRest(state: State): Promise<void>;
  /** Gives a plugin that was installed anew its values. */
  settle(state: State): Promise<void>;
}

const [first, second] = ['1.0.0', '2.0.0'] as const;

async function preparePlace(fixtures: DaemonFixtures): Promise<Place> {
  const authority: Authority = await fixtures.authority();
  const signer: Signer = await (await authority.organization('Hello Ltd'))();
  const rootPem = fixtures.path('root.pem');
  await writeFile(rootPem, authority.rootPem);
  const oldPackage = await writePackage(fixtures, signer, { version: first, files: fewFiles });
  const newPackage = await writePackage(fixtures, signer, { version: second, files: fewFiles });
  const dataDir = fixtures.path('data');
  const start = (disk: Disk): Promise<Daemon> => startDaemon(fixtures, [authority.anchor], { dataDir, disk });
  {
    await using daemon = await start(nodeDisk());
    await daemon.install({ path: await writePackage(fixtures, signer, { id: 'Neighbour' }) });
  }
  const [at, layout] = [fixtureInstant.toISOString(), layoutOf(dataDir)];
  const see = async (): Promise<State> => {
    if ((await inspect(dataDir, 'Neighbour')) === absent) throw new Error('the neighbour is gone');
    const seen = await inspect(dataDir, 'Greeter');
    if (seen === absent) return absent;
    const isFresh = seen.preferences === '80';
    if (seen.preferences !== preferences && !isFresh) throw new Error(`the values are ${seen.preferences}`);
    if (isFresh && hasValues) throw new Error('the values are gone');
    return seen.version;
  };
  let hasValues = false;
  const install = (packagePath: string) => ({ operation: 'install' as const, packagePath });
  return {
    base: { dataDir, rootPem, platform: fixturePlatform, at, step: 0, moment: 'before' },
    operations: [
      { name: 'install', order: install(oldPackage), from: [absent], to: () => first },
      { name: 'update', order: install(newPackage), from: [first], to: () => second },
      { name: 'rollback', order: { operation: 'rollback' }, from: [second], to: () => first },
      { name: 'downgrade', order: install(oldPackage), from: [second], to: () => first },
      { name: 'reinstall', order: install(oldPackage), from: [first], to: () => first },
      { name: 'uninstall', order: { operation: 'uninstall' }, from: [first, second], to: () => absent },
    ],
    start,
    see,
    assertAtRest: async (state) => {
      const seen = await see();
      if (seen !== state) throw new Error(`${state} before the restart, ${seen} after it`);
      const left = await readdir(layout.staging);
      if (left.length > 0) throw new Error(`left in staging: ${left.join(', ')}`);
      const homes = await readdir(layout.versions);
      if (homes.includes('Greeter') !== (state !== absent))
        throw new Error(`left among the versions: ${homes}`);
    },
    settle: async (state) => {
      hasValues = state !== absent;
      if (hasValues)
        await writeFile(join(layout.link('Greeter'), 'preferences.msgpack'), Buffer.from(preferences, 'hex'));
    },
  };
}
