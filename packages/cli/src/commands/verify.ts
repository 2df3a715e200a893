import { resolve } from 'node:path';
import { openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { createFetcher, createRevocationChecker } from '@jami-plugin-store/revocation';
import { judgePackage, type VerifiedPlugin } from '@jami-plugin-store/trust';
import type { Io } from '../io.js';
import { printJson } from '../io.js';
import type { PolicyOptions } from '../policy.js';
import { choosePolicy, type Policy } from '../policy.js';
import { printable } from '../printable.js';
import { describeRefusal, type Refusal } from '../refusal.js';
import { judgementRefusal } from '../refusal-of.js';

export interface VerifyOptions extends PolicyOptions {
  readonly json?: boolean | undefined;
}

/** The object `jpl verify --json` prints, accepted or not; its shape is pinned (docs/interfaces.md). */
interface VerifyReport {
  accepted: boolean;
  id: string | null;
  version: string | null;
  publisher: string | null;
  code: string | null;
  message: string;
  entry?: string | undefined;
  files: number;
  bytes: number;
  elapsedMs: number;
  path: { subject: string; issuer: string; notAfter: string }[];
  revocation: { subject: string; source: string; status: string }[];
}

/** `jpl verify FILE`: the whole judgement, nothing written. Answers the exit code. */
export async function verify(io: Io, file: string, options: VerifyOptions): Promise<number> {
  const started = process.hrtime.bigint();
  const elapsed = (): number => Number((process.hrtime.bigint() - started) / 1000n) / 1000;
  try {
    const plugin = await judgeFile(io, file, await choosePolicy(io, options));
    if (options.json) printJson(io, acceptedReport(plugin, elapsed()));
    else io.stdout(describeAccepted(plugin));
    return 0;
  } catch (error) {
    const refusal = judgementRefusal(error);
    if (refusal === undefined) throw error;
    if (options.json) printJson(io, refusedReport(refusal, elapsed()));
    else io.stderr(`${printable(file)}: ${describeRefusal(refusal)}`);
    return refusal.exitCode;
  }
}

async function judgeFile(io: Io, file: string, policy: Policy): Promise<VerifiedPlugin> {
  await using source = await openFileSource(resolve(io.cwd, file));
  const archive = await openArchive(source);
  const fetch = createFetcher({});
  await using _closing = fetch;
  const ask = createRevocationChecker({ fetch, mode: 'fresh', revocation: policy.revocation });
  const at = policy.at ?? io.clock();
  return await judgePackage(archive, {
    anchors: policy.anchors,
    at,
    revocation: policy.revocation,
    ask,
    signal: io.signal,
  });
}

function acceptedReport(plugin: VerifiedPlugin, elapsedMs: number): VerifyReport {
  return {
    accepted: true,
    id: plugin.id,
    version: plugin.version,
    publisher: plugin.publisher.name,
    code: null,
    message: `${plugin.id} ${plugin.version} by ${plugin.publisher.name} is genuine`,
    files: plugin.files,
    bytes: plugin.bytes,
    elapsedMs,
    path: plugin.path.map(({ subject, issuer, notAfter }) => ({
      subject: subject.text,
      issuer: issuer.text,
      notAfter: notAfter.toISOString(),
    })),
    revocation: plugin.revocation.map(({ certificate, source, status }) => ({
      subject: certificate.subject.text,
      source,
      status,
    })),
  };
}

function refusedReport(refusal: Refusal, elapsedMs: number): VerifyReport {
  return {
    accepted: false,
    id: null,
    version: null,
    publisher: null,
    code: refusal.code,
    message: refusal.message,
    ...(refusal.entry === undefined ? {} : { entry: refusal.entry }),
    files: 0,
    bytes: 0,
    elapsedMs,
    path: [],
    revocation: [],
  };
}

function describeAccepted(plugin: VerifiedPlugin): string {
  const lines = [
    `${plugin.id} ${plugin.version} by ${plugin.publisher.name}: accepted`,
    `  ${plugin.files} files, ${plugin.bytes} bytes, every signature holds`,
    ...plugin.path.map(({ subject, notAfter }, depth) => {
      const status = plugin.revocation[depth];
      const asked = status === undefined ? 'trust anchor' : `${status.status} (${status.source})`;
      return `  ${'  '.repeat(depth)}${printable(subject.text)}, until ${notAfter.toISOString().slice(0, 10)}: ${asked}`;
    }),
  ];
  if (plugin.revocationMode === 'off') lines.push('  WARNING: revocation was not asked (--revocation off)');
  return `${lines.join('\n')}\n`;
}
