import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JplError, openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { type Case, runSuite, type SuiteReport, type Verdict } from './report.js';

/** One line of an archive suite's `index.json`; only `file` is needed. */
export interface ArchiveCase {
  readonly file: string;
  readonly whatIsWrong?: string | undefined;
  readonly expect?: 'reject' | 'accept' | 'interop' | 'policy' | 'fuzz' | undefined;
}

/** Runs every archive named by `<folder>/index.json`; a case's id is its path inside the folder. */
export async function runArchives(folder: string): Promise<SuiteReport> {
  const cases = await readArchiveCases(folder);
  return runSuite(
    'archives',
    cases.map((archiveCase) => caseOf(folder, archiveCase)),
  );
}

export async function readArchiveCases(folder: string): Promise<ArchiveCase[]> {
  const index: unknown = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8'));
  if (!Array.isArray(index) || !index.every(isArchiveCase)) {
    throw new Error(`${folder}/index.json is not an array of objects with a "file"`);
  }
  return index;
}

function isArchiveCase(value: unknown): value is ArchiveCase {
  return typeof value === 'object' && value !== null && 'file' in value && typeof value.file === 'string';
}

function caseOf(folder: string, { file, expect }: ArchiveCase): Case {
  return {
    id: file,
    expected: expect === 'accept' ? true : expect === 'reject' ? false : undefined,
    judge: () => readWholeArchive(join(folder, file)),
    isTyped: (error) => error instanceof JplError,
    codeOf: (error) => (error instanceof JplError ? error.code : 'UNTYPED'),
  };
}

/** Accepted means: the structure holds, and every entry's data does to its end. */
async function readWholeArchive(path: string): Promise<Verdict> {
  await using source = await openFileSource(path);
  const archive = await openArchive(source);
  for (const entry of archive.entries) {
    for await (const _ of archive.stream(entry)) {
      // Only the end of the stream proves size and checksum; nothing is kept.
    }
  }
  return { accepted: true, code: null };
}
