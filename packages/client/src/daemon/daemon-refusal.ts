import type { DaemonProblem } from '@jami-plugin-store/contract';

/** The daemon answered, and the answer is no: its exact code, its sentence, Jami's result code, and all it told. */
export class DaemonRefusal extends Error {
  override readonly name = 'DaemonRefusal';
  readonly code: string;
  readonly resultCode: number | undefined;
  readonly problem: DaemonProblem;

  constructor(problem: DaemonProblem) {
    super(problem.detail);
    this.code = problem.code;
    this.resultCode = problem.resultCode;
    this.problem = problem;
  }
}
