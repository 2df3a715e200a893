import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Authority,
  DaemonFixtures,
  fixtureInstant,
  fixturePlatform,
  type Signer,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { layoutOf } from '../installed/layout.js';
import { inspect } from './inspect-fixtures.js';
import type { KillOrder } from './killed-child.js';

export interface KillReport {
  readonly kills: number;
  readonly old: number;
  readonly new: number;
  readonly mixed: number;
  readonly lost: number;
}

export interface KillRunOptions {
  readonly kills: number;
  /** Where data folder and packages stand. Default: the temporary folder. */
  readonly parent?: string | undefined;
  readonly onProgress?: ((report: KillReport) => void) | undefined;
}

// Processes run the build: Node 20 cannot run TypeScript.
const child = fileURLToPath(new URL('../../dist/faults/killed-child.js', import.meta.url));
const versions = ['1.0.0', '2.0.0'] as const;
const preferences = '81a16ba176';
const moments = ['before', 'half', 'during'] as const;

/**
 * Installs one version over the other in a child process, again and again, and kills the child with SIGKILL: two times of three at a numbered
 * step of its work on the disk, else after some milliseconds. Each time the plugin is looked at from outside, then a daemon is
 * started on the folder and it is looked at again.
 */
export async function runKills(options: KillRunOptions): Promise<KillReport> {
  await using fixtures = await DaemonFixtures.create(options.parent);
  const place = await preparePlace(fixtures);
  const count = { kills: 0, old: 0, new: 0, mixed: 0, lost: 0 };
  const whole = await runChild(place.order(1), undefined);
  let current: string = versions[1];
  for (let round = 0; count.kills < options.kills; round += 1) {
    const target = current === versions[0] ? 1 : 0;
    const byTime = round % 3 === 2;
    const step = byTime ? 0 : 1 + ((round * 7) % whole.steps);
    const moment = moments[Math.floor(round / whole.steps) % moments.length] ?? 'before';
    // A third longer than a whole run takes, spread evenly: some come after the end.
    const delayMs = byTime ? (whole.ms * 1.3 * ((round * 37) % 100)) / 100 : undefined;
    const { killed } = await runChild({ ...place.order(target), step, moment }, delayMs);
    if (killed) count.kills += 1;
    const seen = await seeTwice(place, current, versions[target]);
    if (killed) count[seen.verdict] += 1;
    else if (seen.verdict === 'mixed' || seen.verdict === 'lost') count[seen.verdict] += 1;
    if (seen.verdict === 'mixed' || seen.verdict === 'lost')
      throw new Error(JSON.stringify({ ...count, ...seen, step, moment }));
    current = seen.version;
    options.onProgress?.(count);
  }
  return count;
}

interface Place {
  readonly dataDir: string;
  order(version: 0 | 1): KillOrder;
  /** Takes the folder, lets recovery do its work, and gives the folder back. */
  restart(): Promise<void>;
}

async function preparePlace(fixtures: DaemonFixtures): Promise<Place> {
  const authority: Authority = await fixtures.authority();
  const signer: Signer = await (await authority.organization('Hello Ltd'))();
  const rootPem = fixtures.path('root.pem');
  await writeFile(rootPem, authority.rootPem);
  const [first, second] = await Promise.all(
    versions.map((version) => writePackage(fixtures, signer, { version })),
  );
  const dataDir = fixtures.path('data');
  const start = () => startDaemon(fixtures, [authority.anchor], { dataDir });
  {
    await using daemon = await start();
    await daemon.install({ path: await writePackage(fixtures, signer, { id: 'Neighbour' }) });
    const { path } = await daemon.install({ path: first ?? '' });
    await writeFile(join(path, 'preferences.msgpack'), Buffer.from(preferences, 'hex'));
  }
  return {
    dataDir,
    order: (version) => ({
      dataDir,
      rootPem,
      packagePath: (version === 0 ? first : second) ?? '',
      platform: fixturePlatform,
      at: fixtureInstant.toISOString(),
      step: 0,
      moment: 'before',
    }),
    restart: async () => {
      await (await start())[Symbol.asyncDispose]();
      const left = await readdir(layoutOf(dataDir).staging);
      if (left.length > 0) throw new Error(`left in staging: ${left.join(', ')}`);
    },
  };
}

/** How one child ended, its steps where it came to the end, and how long it worked after its daemon was up. */
async function runChild(
  order: KillOrder,
  delayMs: number | undefined,
): Promise<{ killed: boolean; steps: number; ms: number }> {
  const worker = spawn(process.execPath, [child, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [said, complaint, upAt] = ['', '', 0];
  worker.stderr.on('data', (chunk: Buffer) => {
    complaint += String(chunk);
  });
  worker.stdout.on('data', (chunk: Buffer) => {
    // Counted from here: most of a short life is the start of the process.
    if (said === '' && delayMs !== undefined) setTimeout(() => worker.kill('SIGKILL'), delayMs);
    if (said === '') upAt = performance.now();
    said += String(chunk);
  });
  const [code, signal] = (await once(worker, 'close')) as [number | null, NodeJS.Signals | null];
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the child failed: ${complaint}`);
  const steps = Number(/DONE (\d+)/.exec(said)?.[1] ?? 0);
  return { killed: signal === 'SIGKILL', steps, ms: performance.now() - upAt };
}

async function seeTwice(
  place: Place,
  old: string,
  target: string,
): Promise<{ verdict: 'old' | 'new' | 'mixed' | 'lost'; version: string; why?: string }> {
  try {
    const before = await see(place.dataDir);
    await place.restart();
    const after = await see(place.dataDir);
    if (before === 'absent' || after === 'absent') return { verdict: 'lost', version: 'absent' };
    if (before !== after) throw new Error(`${before} before the restart, ${after} after it`);
    if (after !== old && after !== target) throw new Error(`${after} is neither ${old} nor ${target}`);
    return { verdict: after === old ? 'old' : 'new', version: after };
  } catch (error) {
    return { verdict: 'mixed', version: '', why: error instanceof Error ? error.message : String(error) };
  }
}

async function see(dataDir: string): Promise<string> {
  const neighbour = await inspect(dataDir, 'Neighbour');
  if (neighbour === 'absent') throw new Error('the neighbour is gone');
  const seen = await inspect(dataDir, 'Greeter');
  if (seen === 'absent') return seen;
  if (seen.preferences !== preferences) throw new Error(`the preferences are ${seen.preferences}`);
  return seen.version;
}
