import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { currentPlatform } from '@jami-plugin-store/jpl';
import { compileFloor, type Floor, type FloorMeasure } from './floor.js';
import type { InstallJob, InstallMeasure } from './install-worker.js';
import { type BenchReport, median, plainRow, type Row, ratioRow } from './report.js';
import { makePackage, makeSigningSet, type SampleShape, type SigningSet } from './sample-package.js';

const kib = 1024;
const mib = 1024 * kib;

interface Sample extends SampleShape {
  readonly name: string;
  readonly rounds: number;
}

const samples: readonly Sample[] = [
  { name: '10 files', files: 10, fileBytes: 10 * kib, rounds: 15 },
  { name: '100 files', files: 100, fileBytes: 10 * kib, rounds: 15 },
  { name: '1,000 files', files: 1000, fileBytes: 10 * kib, rounds: 9 },
  { name: '100 MiB library', files: 20, fileBytes: 10 * kib, libraryBytes: 100 * mib, rounds: 5 },
];

interface Measured {
  readonly ours: InstallMeasure;
  readonly floor: FloorMeasure[] | undefined;
}

/** Verify and durable install together, in a warm daemon, against the native floor of the same run. */
export async function benchVerify(): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'jpl-bench-'));
  try {
    const at = new Date();
    const signing = await makeSigningSet(join(folder, 'authority'), at);
    const floor = await compileFloor(folder);
    const measured = new Map<string, Measured>();
    for (const sample of samples) {
      const file = join(folder, 'sample.jpl');
      await makePackage(file, sample, signing, currentPlatform());
      measured.set(sample.name, await measureSample(folder, file, sample, signing, at, floor));
      process.stderr.write(`measured ${sample.name}\n`);
    }
    const rows = rowsOf(measured);
    rows.push(await coldStart(folder, signing));
    return { bench: 'verify', rows };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Floor and daemon take turns, so that a noisy neighbour disturbs both. */
async function measureSample(
  folder: string,
  file: string,
  sample: Sample,
  signing: SigningSet,
  at: Date,
  floor: Floor | undefined,
): Promise<Measured> {
  const before = floor && (await repeat(Math.ceil(sample.rounds / 2), () => floor(file, true)));
  const ours = await inWorker({
    file,
    dataDir: join(folder, 'data'),
    rootPem: signing.rootPem,
    at: at.toISOString(),
    platform: currentPlatform(),
    rounds: sample.rounds,
    warmUps: 3,
  });
  const after = floor && (await repeat(Math.ceil(sample.rounds / 2), () => floor(file, true)));
  return { ours, floor: before && after && [...before, ...after] };
}

async function repeat<T>(times: number, action: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < times; i += 1) results.push(await action());
  return results;
}

async function inWorker(job: InstallJob): Promise<InstallMeasure> {
  const worker = fork(fileURLToPath(new URL('./install-worker.js', import.meta.url)));
  worker.send(job);
  const [measure] = (await Promise.race([
    once(worker, 'message'),
    once(worker, 'exit').then(([code]) => {
      throw new Error(`the install worker ended with code ${code}`);
    }),
  ])) as [InstallMeasure];
  return measure;
}

function rowsOf(measured: ReadonlyMap<string, Measured>): Row[] {
  const rows: Row[] = [];
  for (const [name, { ours, floor }] of measured) {
    const wall = median(ours.wallMs);
    const floorWall = floor && median(floor.map(({ wallMs }) => wallMs));
    if (floorWall === undefined) rows.push(plainRow(`${name}: wall`, wall, 'ms'));
    else {
      const target = { '1,000 files': 1.3, '100 MiB library': 1.0 }[name] ?? null;
      rows.push(ratioRow(`${name}: wall`, wall, 'ms', { name: 'floor', value: floorWall }, target));
      rows.push(
        plainRow(`${name}: more than the floor`, wall - floorWall, 'ms', name === '100 files' ? 25 : null),
      );
    }
    rows.push(plainRow(`${name}: CPU`, median(ours.cpuMs), 'ms'));
    rows.push(
      plainRow(`${name}: peak memory`, ours.peakKiB / kib, 'MiB', name === '100 MiB library' ? 120 : null),
    );
  }
  const hundred = measured.get('100 files');
  const thousand = measured.get('1,000 files');
  if (hundred && thousand) {
    const reference = { name: '100 files', value: median(hundred.ours.wallMs) };
    rows.push(ratioRow('1,000 files: wall, linear', median(thousand.ours.wallMs), 'ms', reference, 11));
  }
  return rows;
}

/** `jpl verify` of a small package, the interpreter's start included. */
async function coldStart(folder: string, signing: SigningSet): Promise<Row> {
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
  return plainRow('jpl verify from a cold start', median(wallMs), 'ms', 250);
}
