/** One measured figure; `against` names what `ratio` compares it with, in the same run. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  against: string | null;
  ratio: number | null;
  /** Largest ratio or value that meets the goal; the smallest where more is better. */
  target: number | null;
  met: boolean | null;
}

/** What every benchmark ends with, as one line of JSON. */
export interface BenchReport {
  bench: string;
  rows: Row[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  if (high === undefined) throw new RangeError('the median of nothing');
  return sorted.length % 2 === 1 || low === undefined ? high : (low + high) / 2;
}

/** A figure that is compared with another of the same run. */
export function ratioRow(
  name: string,
  value: number,
  unit: string,
  reference: { name: string; value: number },
  target: number | null,
): Row {
  const ratio = value / reference.value;
  return {
    name,
    value: round(value),
    unit,
    against: reference.name,
    ratio: round(ratio),
    target,
    met: target === null ? null : ratio <= target,
  };
}

/** As `ratioRow` of medians, for values that were taken in turns: the ratio is the median of those round by round, so that it does not drift with the machine. */
export function pairedRow(
  name: string,
  values: readonly number[],
  unit: string,
  reference: { name: string; values: readonly number[] },
  target: number | null,
): Row {
  const ratio = median(values.map((value, round) => value / (reference.values[round] ?? Number.NaN)));
  const row = ratioRow(name, median(values), unit, { ...reference, value: median(reference.values) }, target);
  return { ...row, ratio: round(ratio), met: target === null ? null : ratio <= target };
}

/** As `ratioRow` where more is better: the goal is the smallest ratio that meets it. */
export function leastRatioRow(
  name: string,
  value: number,
  unit: string,
  reference: { name: string; value: number },
  target: number | null,
): Row {
  const row = ratioRow(name, value, unit, reference, target);
  return { ...row, met: target === null ? null : value / reference.value >= target };
}

/** A figure of which more is better, and the smallest one that meets its goal. */
export function leastRow(name: string, value: number, unit: string, target: number): Row {
  return { ...plainRow(name, value, unit, target), met: value >= target };
}

/** A figure with a goal of its own, or none. */
export function plainRow(name: string, value: number, unit: string, target: number | null = null): Row {
  return {
    name,
    value: round(value),
    unit,
    against: null,
    ratio: null,
    target,
    met: target === null ? null : value <= target,
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** The table for people on stderr, the line for programs on stdout. */
export function printReport(report: BenchReport): void {
  const width = Math.max(...report.rows.map(({ name }) => name.length));
  for (const { name, value, unit, against, ratio, target, met } of report.rows) {
    const compared = ratio === null ? '' : `  ${ratio.toFixed(2)} x ${against}`;
    const goal = target === null ? '' : `  goal ${target}${met ? '' : ' MISSED'}`;
    process.stderr.write(
      `${name.padEnd(width)}  ${value.toFixed(1).padStart(10)} ${unit}${compared}${goal}\n`,
    );
  }
  process.stdout.write(`${JSON.stringify(report)}\n`);
}
