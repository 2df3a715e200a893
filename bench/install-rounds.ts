import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Floor, FloorMeasure } from './floor.js';
import type { InstallJob, Round } from './install-worker.js';

/** One value a round, the same place for the same round. */
export interface Measured {
  readonly ours: readonly Round[];
  /** Each file and the folder flushed, as ours; undefined without a compiler. */
  readonly floor: readonly FloorMeasure[] | undefined;
  /** Nothing flushed: what the processor and the page cache take alone. */
  readonly floorNotDurable: readonly FloorMeasure[] | undefined;
}

const warmUps = 3;

/** A warm daemon for each job; they and the floor take turns, round by round, so that a noisy neighbour disturbs all of them. */
export async function measureInstalls(
  jobs: readonly InstallJob[],
  rounds: number,
  floor: Floor | undefined,
): Promise<Measured[]> {
  const workers = jobs.map((job) => ({ job, worker: new InstallWorker() }));
  try {
    const measured = workers.map(({ job, worker }) => {
      const ours: Round[] = [];
      const durable: FloorMeasure[] = [];
      const notDurable: FloorMeasure[] = [];
      return { job, worker, ours, durable, notDurable };
    });
    for (const { job, worker } of measured) {
      await worker.ask(job);
      for (let i = 0; i < warmUps; i += 1) await worker.ask('round');
    }
    for (let i = 0; i < rounds; i += 1) {
      for (const { job, worker, ours, durable, notDurable } of measured) {
        if (floor !== undefined) durable.push(await floor(job.file, true));
        ours.push((await worker.ask('round')) as Round);
        if (floor !== undefined) notDurable.push(await floor(job.file, false));
      }
    }
    for (const { worker } of measured) await worker.end();
    return measured.map(({ ours, durable, notDurable }) =>
      floor === undefined
        ? { ours, floor: undefined, floorNotDurable: undefined }
        : { ours, floor: durable, floorNotDurable: notDurable },
    );
  } finally {
    for (const { worker } of workers) worker.kill();
  }
}

class InstallWorker {
  readonly #process: ChildProcess = fork(fileURLToPath(new URL('./install-worker.js', import.meta.url)));
  readonly #exit = once(this.#process, 'exit');
  readonly #died = this.#exit.then(([code]) => {
    throw new Error(`the install worker ended with code ${code}`);
  });

  constructor() {
    this.#died.catch(() => undefined);
  }

  async ask(order: InstallJob | 'round'): Promise<unknown> {
    const answer = new Promise((resolve) => this.#process.once('message', resolve));
    this.#process.send(order);
    return await Promise.race([answer, this.#died]);
  }

  async end(): Promise<void> {
    this.#process.send('end');
    await this.#exit;
  }

  kill(): void {
    this.#process.kill();
  }
}
