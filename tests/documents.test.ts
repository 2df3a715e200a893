import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Row {
  readonly check: string;
  readonly codes: readonly string[];
  readonly tests: readonly string[];
}

/** The rows of every table that has the columns: what must hold, else, source, test. */
function rowsOf(markdown: string): Row[] {
  const quoted = (cell: string | undefined): string[] =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  return markdown
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && /`[A-Z0-9_]+`/.test(cells[2] ?? ''))
    .map(([, check = '', codes, , tests]) => ({ check, codes: quoted(codes), tests: quoted(tests) }));
}

/** The members of the closed unions of codes, by the name of the union. */
function codesOf(path: string, unions: readonly string[]): string[] {
  const source = read(path);
  return unions.flatMap((union) => {
    const [, members = ''] = new RegExp(`export type ${union} =([^;]+);`).exec(source) ?? [];
    return [...members.matchAll(/'([A-Z0-9_]+)'/g)].map(([, code = '']) => code);
  });
}

describe('docs/verification.md', () => {
  const rows = rowsOf(read('docs/verification.md'));

  it('has a row for every reason of the judge, and for those of packages that it meets', () => {
    const trust = [
      'CertificateErrorCode',
      'PathErrorCode',
      'ProfileErrorCode',
      'RevocationErrorCode',
      'SignatureErrorCode',
    ];
    const judged = codesOf('packages/trust/src/error.ts', trust);
    // What the daemon and the store make of texts, preferences and platforms is told in their own pages.
    const elsewhere = /^(?:LOCALE|PREFERENCES|PLATFORM|INSTALLED)_/;
    const met = codesOf('packages/jpl/src/error.ts', ['PackageErrorCode']).filter(
      (code) => !elsewhere.test(code),
    );
    expect(judged.length).toBeGreaterThan(50);
    expect(met.length).toBeGreaterThan(10);
    const listed = new Set(rows.flatMap(({ codes }) => codes));
    expect([...judged, ...met].filter((code) => !listed.has(code))).toEqual([]);
  });

  it.each(rows.map((row) => [row.check, row] as const))(
    'shows a violation refused: %s',
    (_check, { codes, tests }) => {
      expect(tests.length).toBeGreaterThan(0);
      for (const test of tests) expect([test, existsSync(join(root, test))]).toEqual([test, true]);
      const sources = tests.map(read);
      for (const code of codes) {
        const isNamed = sources.some((source) => new RegExp(`\\b${code}\\b`).test(source));
        expect([code, isNamed]).toEqual([code, true]);
      }
    },
  );
});
