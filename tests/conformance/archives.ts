import { join } from 'node:path';
import { JplError, openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { CaseError, type CaseFields, isText, readCases, requiredText } from './case-file.js';
import { type Case, runSuite, type SuiteReport } from './report.js';

/** One line of an archive suite's `index.json`; only `file` is needed. */
export interface ArchiveCase {
  readonly file: string;
  readonly whatIsWrong?: string | undefined;
  readonly expect?: 'reject' | 'accept' | 'interop' | 'policy' | 'fuzz' | undefined;
}

/** Runs every archive named by `<folder>/index.json`; a case's id is its path inside the folder. */
export async function runArchives(folder: string): Promise<SuiteReport> {
  const cases = await readCases(join(folder, 'index.json'));
  return runSuite(
    'archives',
    cases.map((fields, index) => caseOf(folder, fields, index)),
  );
}

/** Those of the form only. */
export async function readArchiveCases(folder: string): Promise<ArchiveCase[]> {
  const cases: readonly unknown[] = await readCases(join(folder, 'index.json'));
  return cases.filter(isArchiveCase);
}

function isArchiveCase(value: unknown): value is ArchiveCase {
  return typeof value === 'object' && value !== null && 'file' in value && typeof value.file === 'string';
}

function caseOf(folder: string, fields: CaseFields, index: number): Case {
  const { file, expect } = fields;
  return {
    id: isText(file) ? file : String(index),
    expected: expect === 'accept' ? true : expect === 'reject' ? false : undefined,
    judge: async () => {
      await readWholeArchive(join(folder, requiredText(fields, 'file')));
      return { accepted: true, code: null };
    },
    isTyped: (error) => error instanceof JplError || error instanceof CaseError,
    codeOf: (error) => (error instanceof JplError || error instanceof CaseError ? error.code : 'UNTYPED'),
  };
}

/** Larger entries pass in chunks, as the judge reads them too. */
const wholeEntryBytes = 8 * 1024 * 1024;

/**
 * Accepted means: the structure holds, and every entry's data does to its end.
 * @throws {JplError} the reason of structure or data
 */
export async function readWholeArchive(path: string): Promise<void> {
  await using source = await openFileSource(path);
  const archive = await openArchive(source);
  for (const entry of archive.entries) {
    // Only the end proves size and checksum; nothing is kept.
    if (entry.size <= wholeEntryBytes) await archive.read(entry);
    else for await (const _ of archive.stream(entry));
  }
}
