import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { compileFloor } from './floor.js';
import { type Measured, measureInstalls } from './install-rounds.js';
import type { InstallJob } from './install-worker.js';
import { type BenchReport, median, pairedRow, plainRow, type Row, ratioRow } from './report.js';
import { makePackage, makeSigningSet, type SampleShape, type SigningSet } from './sample-package.js';

const kib = 1024;
const mib = 1024 * kib;

interface Sample extends SampleShape {
  readonly name: string;
}

/** Measured together, in turns. */
interface Group {
  readonly rounds: number;
  readonly samples: readonly Sample[];
}

const groups: readonly Group[] = [
  {
    rounds: 15,
    samples: [
      { name: '10 files', files: 10, fileBytes: 10 * kib },
      { name: '100 files', files: 100, fileBytes: 10 * kib },
      { name: '1,000 files', files: 1000, fileBytes: 10 * kib },
    ],
  },
  // By itself: what is left of it to write would be charged to the next.
  {
    rounds: 9,
    samples: [{ name: '100 MiB library', files: 20, fileBytes: 10 * kib, libraryBytes: 100 * mib }],
  },
];

/** Largest ratio to the durable floor. */
const floorGoals: Readonly<Record<string, number>> = { '1,000 files': 1.3, '100 MiB library': 1.0 };

/** Verify and durable install together, in a warm daemon, against the native floor of the same run. */
export async function benchVerify(): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'jpl-bench-'));
  try {
    const at = new Date();
    const signing = await makeSigningSet(join(folder, 'authority'), at);
    const floor = await compileFloor(folder);
    const measured = new Map<string, Measured>();
    for (const { rounds, samples } of groups) {
      const jobs: InstallJob[] = [];
      for (const [place, sample] of samples.entries()) {
        const file = join(folder, `sample-${place}.jpl`);
        await makePackage(file, sample, signing, currentPlatform());
        jobs.push({
          file,
          dataDir: join(folder, `data-${place}`),
          rootPem: signing.rootPem,
          at: at.toISOString(),
          platform: currentPlatform(),
        });
      }
      const results = await measureInstalls(jobs, rounds, floor);
      for (const [place, result] of results.entries()) {
        const { name = '' } = samples[place] ?? {};
        measured.set(name, result);
        process.stderr.write(`measured ${name}\n`);
      }
    }
    const rows = rowsOf(measured);
    rows.push(...(await coldStart(folder, signing)));
    return { bench: 'verify', rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function repeat<T>(times: number, action: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < times; i += 1) results.push(await action());
  return results;
}

function rowsOf(measured: ReadonlyMap<string, Measured>): Row[] {
  const rows: Row[] = [];
  for (const [name, sample] of measured) rows.push(...rowsOfSample(name, sample));
  const hundred = measured.get('100 files');
  const thousand = measured.get('1,000 files');
  if (hundred && thousand) {
    const linear = (
      who: string,
      ofThousand: readonly Timed[],
      ofHundred: readonly Timed[],
      goal: number | null,
    ) =>
      pairedRow(
        `1,000 files: ${who}, linear`,
        ofThousand.map(wallOf),
        'ms',
        { name: '100 files', values: ofHundred.map(wallOf) },
        goal,
      );
    rows.push(linear('wall', thousand.ours, hundred.ours, 11));
    // What the disk makes of ten times as many files.
    if (thousand.floor && hundred.floor) rows.push(linear('floor', thousand.floor, hundred.floor, null));
  }
  return rows;
}

/** Goals are against the floor that flushes as we do; the other rows tell how far to trust them. */
function rowsOfSample(name: string, { ours, floor, floorNotDurable }: Measured): Row[] {
  const rows: Row[] = [];
  const walls = ours.map(wallOf);
  if (floor === undefined || floorNotDurable === undefined)
    rows.push(plainRow(`${name}: wall`, median(walls), 'ms'));
  else {
    const floors = floor.map(wallOf);
    const reference = { name: 'floor', values: floors };
    const quickest = { name: "floor's quickest", value: Math.min(...floors) };
    const notDurable = { name: 'floor that flushes nothing', values: floorNotDurable.map(wallOf) };
    const more = median(walls.map((wall, round) => wall - (floors[round] ?? Number.NaN)));
    rows.push(
      pairedRow(`${name}: wall`, walls, 'ms', reference, floorGoals[name] ?? null),
      ratioRow(`${name}: wall, quickest round`, Math.min(...walls), 'ms', quickest, null),
      pairedRow(`${name}: wall, and what flushing costs`, walls, 'ms', notDurable, null),
      plainRow(`${name}: more than the floor`, more, 'ms', name === '100 files' ? 25 : null),
    );
  }
  const cpu = median(ours.map(({ cpuMs }) => cpuMs));
  if (floor === undefined) rows.push(plainRow(`${name}: CPU`, cpu, 'ms'));
  else {
    const reference = { name: 'floor', value: median(floor.map(({ cpuMs }) => cpuMs)) };
    rows.push(ratioRow(`${name}: CPU`, cpu, 'ms', reference, null));
  }
  const peakMb = (Math.max(...ours.map(({ peakKiB }) => peakKiB)) * kib) / 1_000_000;
  rows.push(plainRow(`${name}: peak memory`, peakMb, 'MB', name === '100 MiB library' ? 120 : null));
  return rows;
}

interface Timed {
  readonly wallMs: number;
}

function wallOf({ wallMs }: Timed): number {
  return wallMs;
}

/** `jpl verify` of a small package, the interpreter's start included. */
async function coldStart(folder: string, signing: SigningSet): Promise<Row[]> {
  const file = join(folder, 'small.jpl');
  await makePackage(file, { files: 12, fileBytes: 10 * kib }, signing, currentPlatform());
  const root = join(folder, 'root.pem');
  await writeFile(root, signing.rootPem);
  const jpl = fileURLToPath(new URL('../../packages/cli/bin/jpl.js', import.meta.url));
  const wallMs = await repeat(7, async () => {
    const started = performance.now();
    await promisify(execFile)(process.execPath, [
      jpl,
      'verify',
      file,
      '--trust-anchor',
      root,
      '--revocation',
      'off',
    ]);
    return performance.now() - started;
  });
  return [
    plainRow('jpl verify from a cold start', median(wallMs), 'ms', 250),
    plainRow('jpl verify from a cold start, quickest', Math.min(...wallMs), 'ms'),
  ];
}
