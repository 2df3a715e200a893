import { JplError } from '@jami-plugin-store/jpl';
import { TrustError } from '@jami-plugin-store/trust';
import { UsageError } from './usage-error.js';

/** A failure as the command line shows it: the exact code, one sentence, what it concerns. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly entry?: string | undefined;
  readonly certificate?: string | undefined;
  /** 1 refused · 2 wrong use, or the thing named cannot be read. */
  readonly exitCode: 1 | 2;
}

const notReadable: ReadonlySet<string> = new Set(['FILE_NOT_FOUND', 'FILE_NOT_READABLE', 'NOT_A_FILE']);

/** The room's own errors as refusals; anything else is a defect of ours and is thrown on with its stack. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof UsageError) return { code: error.code, message: error.message, exitCode: 2 };
  if (error instanceof JplError) {
    const exitCode = notReadable.has(error.code) ? 2 : 1;
    return { code: error.code, message: error.message, entry: error.entry, exitCode };
  }
  if (error instanceof TrustError) {
    const { code, message, entry, certificate } = error;
    return { code, message, entry, certificate, exitCode: 1 };
  }
  throw error;
}

/** The sentence for a person, with the exact code and the thing concerned beneath. */
export function describeRefusal(refusal: Refusal): string {
  const lines = [refusal.message, `  code: ${refusal.code}`];
  if (refusal.entry !== undefined) lines.push(`  entry: ${JSON.stringify(refusal.entry)}`);
  if (refusal.certificate !== undefined) lines.push(`  certificate: ${refusal.certificate}`);
  return `${lines.join('\n')}\n`;
}
