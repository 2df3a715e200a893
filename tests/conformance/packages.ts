import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { JplError, openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { createFetcher, createRevocationChecker } from '@jami-plugin-store/revocation';
import {
  type JudgePackageRequest,
  judgePackage,
  parseTrustAnchors,
  type RevocationMode,
  TrustError,
} from '@jami-plugin-store/trust';
import { type Case, runSuite, type SuiteReport, type Verdict } from './report.js';

export interface PackagesOptions {
  /** PEM or DER files of the certificates to trust. */
  readonly anchorFiles: readonly string[];
  readonly at: Date;
}

/** One verdict for each `*.jpl` below the folder, by its path inside it; nothing is expected, so nothing is counted. */
export async function runPackages(
  folder: string,
  { anchorFiles, at }: PackagesOptions,
): Promise<SuiteReport> {
  const anchors = (await Promise.all(anchorFiles.map((file) => readFile(file)))).flatMap(parseTrustAnchors);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.jpl')).sort();
  await using fetch = createFetcher();
  const revocation: RevocationMode = 'when-named';
  const ask = createRevocationChecker({ fetch, mode: 'fresh', revocation });
  const cases = names.map((name): Case => {
    const file = join(folder, name);
    return {
      id: name.split(sep).join('/'),
      expected: undefined,
      judge: () => judgeFile(file, { anchors, at, revocation, ask }),
      isTyped: (error) => error instanceof JplError || error instanceof TrustError,
      codeOf: (error) => (error instanceof JplError || error instanceof TrustError ? error.code : 'UNTYPED'),
    };
  });
  return await runSuite('packages', cases);
}

async function judgeFile(file: string, request: JudgePackageRequest): Promise<Verdict> {
  await using source = await openFileSource(file);
  await judgePackage(await openArchive(source), request);
  return { accepted: true, code: null };
}
