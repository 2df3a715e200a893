/** What one case ended in. `code` is null when accepted, except for OCSP, where it is the status. */
export interface Verdict {
  accepted: boolean;
  code: string | null;
}

/** The last line every runner prints (shape fixed by the conformance suites' README). */
export interface SuiteReport {
  suite: string;
  right: number;
  of: number;
  wrongAccepts: string[];
  wrongRejects: string[];
  untyped: string[];
  slow: string[];
  verdicts: Record<string, Verdict>;
  /** Why nothing was judged: the suite itself could not be read. */
  error?: string | undefined;
}

export interface Case {
  id: string;
  /** True when it must be accepted, false when refused, undefined when nothing definite is expected. */
  expected: boolean | undefined;
  /** The exact code expected beside `expected` (OCSP statuses). */
  expectedCode?: string | undefined;
  judge(): Promise<Verdict>;
  /** True for the room's own error class. */
  isTyped(error: unknown): boolean;
  codeOf(error: unknown): string;
}

/** Of the clock and of the processor: on a machine that does much else at the same time the clock alone tells nothing. */
const slowCaseMs = 1_000;

export function emptyReport(suite: string, error?: string): SuiteReport {
  // Any text may be an id, `__proto__` too.
  const verdicts: Record<string, Verdict> = Object.create(null);
  const lists = { wrongAccepts: [], wrongRejects: [], untyped: [], slow: [] };
  return { suite, right: 0, of: 0, ...lists, verdicts, ...(error === undefined ? {} : { error }) };
}

/** Runs every case once, in order, and counts by the rules of the suites' README. */
export async function runSuite(suite: string, cases: Iterable<Case>): Promise<SuiteReport> {
  const report = emptyReport(suite);
  for (const current of cases) {
    const [started, used] = [performance.now(), process.cpuUsage()];
    const verdict = await judgeOne(current, report);
    const wallMs = performance.now() - started;
    const { user, system } = process.cpuUsage(used);
    if (Math.min(wallMs, (user + system) / 1_000) > slowCaseMs) report.slow.push(current.id);
    report.verdicts[current.id] = verdict;
    count(current, verdict, report);
  }
  return report;
}

/** 2 on a wrong accept, an untyped error or a suite that cannot be run, 1 on a wrong reject, else 0. */
export function exitCodeOf(report: SuiteReport): 0 | 1 | 2 {
  if (report.error !== undefined) return 2;
  if (report.wrongAccepts.length > 0 || report.untyped.length > 0) return 2;
  return report.wrongRejects.length > 0 ? 1 : 0;
}

async function judgeOne(current: Case, report: SuiteReport): Promise<Verdict> {
  try {
    return await current.judge();
  } catch (error) {
    if (!current.isTyped(error)) report.untyped.push(current.id);
    return { accepted: false, code: current.isTyped(error) ? current.codeOf(error) : 'UNTYPED' };
  }
}

function count(current: Case, verdict: Verdict, report: SuiteReport): void {
  if (current.expected === undefined) return;
  report.of += 1;
  const codeFits = current.expectedCode === undefined || current.expectedCode === verdict.code;
  if (verdict.accepted === current.expected && codeFits) report.right += 1;
  else if (verdict.accepted) report.wrongAccepts.push(current.id);
  else report.wrongRejects.push(current.id);
}
