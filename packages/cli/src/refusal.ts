import type { PluginFailure, PublisherSummary } from '@jami-plugin-store/contract';
import { printable, printableJson } from './printable.js';

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
  /** With PUBLISHER_CHANGED: who published the package, and the installed plugin. */
  readonly publisher?: PublisherSummary | undefined;
  readonly installedPublisher?: PublisherSummary | undefined;
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
  'CREDENTIAL_FILE_INVALID',
  'STORE_NOT_CONFIGURED',
]);

export function exitCodeOf(code: string): 1 | 2 {
  return notReadable.has(code) ? 2 : 1;
}

/** Where a plugin's machine came to rest in `failed`. */
export function refusalOfFailure(failure: PluginFailure): Refusal {
  const { code, message, entry, certificate, resultCode, publisher, installedPublisher } = failure;
  const about = { entry, certificate, resultCode, publisher, installedPublisher };
  return { code, message, ...about, exitCode: exitCodeOf(code) };
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
