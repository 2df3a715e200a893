import { readFile } from 'node:fs/promises';
import {
  type ErrorRow,
  Problem,
  packageErrorTable,
  resultCodeOf,
  trustErrorTable,
} from '@jami-plugin-store/contract';
import { JplError, type JplErrorCode } from '@jami-plugin-store/jpl';
import { TrustError, type TrustErrorCode } from '@jami-plugin-store/trust';
import { Check } from 'typebox/value';
import { beforeAll, describe, expect, it } from 'vitest';
import { DaemonError, type DaemonErrorCode, daemonErrorTable } from './error.js';
import { errorOutcome } from './error-outcome.js';
import { problemOf } from './server/problem-reply.js';

type Make = (code: string) => Error;
const tables: readonly [room: string, table: Readonly<Record<string, ErrorRow>>, make: Make][] = [
  ['package', packageErrorTable, (code) => new JplError(code as JplErrorCode, 'Because.', { entry: 'a' })],
  [
    'trust',
    trustErrorTable,
    (code) => new TrustError(code as TrustErrorCode, 'Because.', { certificate: 'CN=A' }),
  ],
  [
    'daemon',
    daemonErrorTable,
    (code) => new DaemonError(code as DaemonErrorCode, 'Because.', { entry: 'a' }),
  ],
];

/** `| code | HTTP | Jami | title |` as docs/errors.md has it. */
type Documented = Readonly<Record<string, { status: number; resultCode: number; title: string }>>;
const documented = new Map<string, Documented>();

function readTable(section: string): Documented {
  const rows = [...section.matchAll(/^\| `([A-Z0-9_]+)` \| (\d{3}) \| (-?\d+) \| (.+) \|$/gm)];
  return Object.fromEntries(
    rows.map(([, code = '', status, resultCode, title = '']) => [
      code,
      { status: Number(status), resultCode: Number(resultCode), title },
    ]),
  );
}

beforeAll(async () => {
  const page = await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  for (const section of page.split(/^## /m).slice(1)) {
    const [title = ''] = section.split('\n', 1);
    documented.set(title.toLowerCase(), readTable(section));
  }
});

describe.each(tables)('every code of the %s', (room, table, make) => {
  const codes = Object.keys(table).sort();

  it('has its Jami code and its problem details, as docs/errors.md says', () => {
    const seen = Object.fromEntries(
      codes.map((code) => {
        const problem = problemOf(make(code));
        expect(Check(Problem, problem)).toBe(true);
        expect(problem).toMatchObject({ type: `urn:jpl:error:${code}`, code, detail: 'Because.' });
        const { status, resultCode = Number.NaN, title } = problem;
        // The number that installPlugin returns over D-Bus is the same one.
        expect(errorOutcome(make(code)).resultCode).toBe(resultCode);
        return [code, { status, resultCode, title }];
      }),
    );
    expect(documented.get(room)).toEqual(seen);
  });

  it('is a refusal: no success of Jami, no success of HTTP, a title of its own without a full stop', () => {
    const jamis = new Set([-1, 100, 200, 300, 400, 500]);
    for (const code of codes) {
      const { status, resultCode = 0, title } = problemOf(make(code));
      expect([code, jamis.has(resultCode), status >= 400 && status < 600]).toEqual([code, true, true]);
      expect(title).toMatch(/^[A-Z].*[^.]$/);
    }
  });
});

it('no code means two things', () => {
  const all = tables.flatMap(([, table]) => Object.keys(table));
  expect(all.length).toBeGreaterThan(150);
  expect(new Set(all).size).toBe(all.length);
});

it('kinds have the numbers of docs/trust.md', async () => {
  const page = await readFile(new URL('../../../docs/trust.md', import.meta.url), 'utf8');
  const numbers = [...page.matchAll(/^\| [^|`]+ \| (-?\d+(?: \/ \d+)?) \|$/gm)].flatMap(([, cell = '']) =>
    cell.split(' / ').map(Number),
  );
  expect([...new Set(numbers)].sort()).toEqual([...new Set(Object.values(resultCodeOf))].sort());
});
