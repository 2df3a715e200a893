import { AuthorityError } from '@jami-plugin-store/authority';
import { ClientError, DaemonRefusal } from '@jami-plugin-store/client';
import type { PluginFailure } from '@jami-plugin-store/contract';
import { DaemonError, errorOutcome } from '@jami-plugin-store/daemon';
import { JplError } from '@jami-plugin-store/jpl';
import { StoreError } from '@jami-plugin-store/store';
import { TrustError } from '@jami-plugin-store/trust';
import { printable, printableJson } from './printable.js';
import { UsageError } from './usage-error.js';

/** A failure as the command line shows it: the exact code, one sentence, what it concerns. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly entry?: string | undefined;
  readonly certificate?: string | undefined;
  /** Jami's result code, where the failure has one. */
  readonly resultCode?: number | undefined;
  /** The package's plugin, as far as it was proven. */
  readonly plugin?: { readonly id: string; readonly version: string } | undefined;
  /** 1 refused · 2 wrong use, or the thing named cannot be read. */
  readonly exitCode: 1 | 2;
}

/** An install from a store that came to rest in `failed`. */
export class InstallFailure extends Error {
  override readonly name = 'InstallFailure';
  readonly failure: PluginFailure;

  constructor(failure: PluginFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The thing named is not there or cannot be read. */
const notReadable: ReadonlySet<string> = new Set([
  'FILE_NOT_FOUND',
  'FILE_NOT_READABLE',
  'NOT_A_FILE',
  'AUTHORITY_NOT_FOUND',
  'STORE_NOT_CONFIGURED',
]);

/** An argument that is none of its kind. The client's codes only: a package with such an id is refused, not wrong use. */
const malformedArguments: ReadonlySet<string> = new Set([
  'PLUGIN_ID_INVALID',
  'STORE_NAME_INVALID',
  'STORE_URL_INVALID',
  'ROOT_DIGEST_INVALID',
]);

/** The rooms' own errors as refusals; anything else is a defect of ours and is thrown on with its stack. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof UsageError) return { code: error.code, message: error.message, exitCode: 2 };
  if (error instanceof JplError || error instanceof TrustError || error instanceof DaemonError) {
    const { code, message, entry, certificate, resultCode, detail } = errorOutcome(error);
    const plugin = detail?.plugin;
    return { code, message, entry, certificate, resultCode, plugin, exitCode: exitCodeOf(code) };
  }
  if (error instanceof DaemonRefusal) {
    const { code, detail, entry, certificate, resultCode, plugin } = error.problem;
    return { code, message: detail, entry, certificate, resultCode, plugin, exitCode: exitCodeOf(code) };
  }
  if (error instanceof InstallFailure) {
    const { code, message, entry, certificate, resultCode } = error.failure;
    return { code, message, entry, certificate, resultCode, exitCode: exitCodeOf(code) };
  }
  if (error instanceof ClientError) {
    const { code, message, resultCode } = error;
    return { code, message, resultCode, exitCode: malformedArguments.has(code) ? 2 : exitCodeOf(code) };
  }
  if (error instanceof AuthorityError || error instanceof StoreError) {
    return { code: error.code, message: error.message, exitCode: exitCodeOf(error.code) };
  }
  throw error;
}

function exitCodeOf(code: string): 1 | 2 {
  return notReadable.has(code) ? 2 : 1;
}

/** The sentence for a person, with the exact code and the thing concerned beneath. */
export function describeRefusal(refusal: Refusal): string {
  const [sentence = '', ...details] = refusal.message.split('\n');
  // Behind a bar, so that no line of a message passes for one of these.
  const lines = [printable(sentence), ...details.map((line) => `  | ${printable(line)}`)];
  lines.push(`  code: ${refusal.code}`);
  if (refusal.entry !== undefined) lines.push(`  entry: ${printableJson(refusal.entry)}`);
  if (refusal.certificate !== undefined) lines.push(`  certificate: ${printable(refusal.certificate)}`);
  return `${lines.join('\n')}\n`;
}
