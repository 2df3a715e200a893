import { generator, type LoadRequest, load } from './load.js';
import { leastRatioRow, median, plainRow, type Row } from './report.js';
import type { ServerProcess } from './server-process.js';

const rounds = 7;
const seconds = 3;
const connections = 64;

/** One server, or several that share the load, and what is asked of it, beside others of the same run. */
export interface Contender {
  readonly name: string;
  readonly servers: readonly ServerProcess[];
  readonly requests: readonly LoadRequest[];
  readonly connections?: number | undefined;
  readonly closesConnections?: boolean | undefined;
}

interface Measured {
  readonly perSecond: number[];
  /** Answers for each second of the server's processor time. */
  readonly perCore: number[];
  readonly p99Ms: number[];
}

/** What the contenders of one run reached: medians over its rounds. */
export class Contest {
  readonly #measured = new Map<string, Measured>();

  /** All take turns, round by round, so that a noisy neighbour disturbs all of them. The first round warms up. */
  static async run(contenders: readonly Contender[]): Promise<Contest> {
    process.stderr.write(
      `load: ${await generator()}, ${connections} connections, ${rounds} x ${seconds} s each\n`,
    );
    const contest = new Contest();
    for (let round = 0; round <= rounds; round += 1) {
      for (const contender of contenders) await contest.#ask(contender, round === 0);
      if (round > 0) process.stderr.write(`round ${round} of ${rounds}\n`);
    }
    return contest;
  }

  /** A median; undefined where it was not measured. */
  figure(name: string, figure: keyof Measured): number | undefined {
    const values = this.#measured.get(name)?.[figure] ?? [];
    return values.length === 0 ? undefined : median(values);
  }

  /** Answers a second, and a second of the server's processor time, of one beside those of another. */
  rows(name: string, against: string, target: number | null): Row[] {
    const rows: Row[] = [];
    for (const [figure, unit] of [
      ['perSecond', 'answers/s'],
      ['perCore', 'answers/s of a core'],
    ] as const) {
      const [value, reference] = [this.figure(name, figure), this.figure(against, figure)];
      if (value === undefined || reference === undefined) continue;
      rows.push(plainRow(against, reference, unit));
      const goal = figure === 'perSecond' ? target : null;
      rows.push(leastRatioRow(name, value, unit, { name: against, value: reference }, goal));
    }
    return rows;
  }

  async #ask({ name, servers, requests, ...own }: Contender, isWarmUp: boolean): Promise<void> {
    const cpuSeconds = async (): Promise<number | undefined> => {
      const used = await Promise.all(servers.map((server) => server.cpuSeconds()));
      return used.reduce(
        (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
        0,
      );
    };
    const before = await cpuSeconds();
    const share = (own.connections ?? connections) / servers.length;
    const results = await Promise.all(
      servers.map(({ url }) =>
        load({ url, seconds, connections: share, requests, closesConnections: own.closesConnections }),
      ),
    );
    const failures = results.reduce((sum, result) => sum + result.failures, 0);
    if (failures > 0) throw new Error(`${name}: ${failures} answers failed`);
    const after = await cpuSeconds();
    if (isWarmUp) return;
    const perSecond = results.reduce((sum, result) => sum + result.perSecond, 0);
    const all = this.#measured.get(name) ?? { perSecond: [], perCore: [], p99Ms: [] };
    this.#measured.set(name, all);
    all.perSecond.push(perSecond);
    all.p99Ms.push(Math.max(...results.map(({ p99Ms }) => p99Ms)));
    if (before !== undefined && after !== undefined)
      all.perCore.push((perSecond * seconds) / (after - before));
  }
}
