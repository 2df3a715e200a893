import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Floor, FloorMeasure } from './floor.js';
import type { InstallJob, Round } from './install-worker.js';

export interface Measured {
  readonly ours: readonly Round[];
  /** Each file and the folder flushed, as ours; undefined without a compiler. */
  readonly floor: readonly FloorMeasure[] | undefined;
  /** Nothing flushed: what the processor and the page cache take alone. */
  readonly floorNotDurable: readonly FloorMeasure[] | undefined;
}

const warmUps = 3;

/** One warm daemon and the floor take turns, round by round, so that a noisy neighbour disturbs both. */
export async function measureInstalls(
  job: InstallJob,
  rounds: number,
  floor: Floor | undefined,
): Promise<Measured> {
  const worker = fork(fileURLToPath(new URL('./install-worker.js', import.meta.url)));
  const ours: Round[] = [];
  const durable: FloorMeasure[] = [];
  const notDurable: FloorMeasure[] = [];
  const ended = once(worker, 'exit').then(([code]) => {
    throw new Error(`the install worker ended with code ${code}`);
  });
  ended.catch(() => undefined);
  const ask = async (order: InstallJob | 'round'): Promise<unknown> => {
    const answer = new Promise((resolve) => worker.once('message', resolve));
    worker.send(order);
    return await Promise.race([answer, ended]);
  };
  try {
    await ask(job);
    for (let i = 0; i < warmUps; i += 1) await ask('round');
    for (let i = 0; i < rounds; i += 1) {
      if (floor !== undefined) durable.push(await floor(job.file, true));
      ours.push((await ask('round')) as Round);
      if (floor !== undefined) notDurable.push(await floor(job.file, false));
    }
    worker.send('end');
    await ended.catch(() => undefined);
  } finally {
    worker.kill();
  }
  return floor === undefined
    ? { ours, floor: undefined, floorNotDurable: undefined }
    : { ours, floor: durable, floorNotDurable: notDurable };
}
