import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runPaths } from './paths.js';
import type { SuiteReport } from './report.js';
import { conformanceFolder, skipMessage } from './shared.js';

interface PathCase {
  readonly id: string;
  readonly tags: readonly string[];
  readonly expectedValid: boolean;
  readonly certsDer: readonly string[];
  readonly crlsDer: readonly string[];
}

const suite = conformanceFolder();
let home: string;
let cases: readonly PathCase[];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'path-mutations-'));
  const read = async (name: string): Promise<PathCase[]> =>
    JSON.parse(await readFile(join(suite ?? '.', `${name}.json`), 'utf8'));
  if (suite === undefined) return;
  const all = [...(await read('pkits')), ...(await read('limbo'))];
  cases = all.filter(({ tags }) => !tags.includes('dsa'));
});
afterAll(() => rm(home, { recursive: true }));

async function run(items: readonly object[]): Promise<SuiteReport> {
  const file = join(home, 'cases.json');
  await writeFile(file, JSON.stringify(items));
  return await runPaths(file, 'full');
}

/** The target stays last. */
const around = (certsDer: readonly string[], change: (others: readonly string[]) => readonly string[]) => [
  ...change(certsDer.slice(0, -1)),
  ...certsDer.slice(-1),
];

describe.skipIf(suite === undefined)(
  `public path suites, changed${suite === undefined ? ` (${skipMessage})` : ''}`,
  () => {
    it.each<[string, (one: PathCase) => Partial<PathCase>]>([
      [
        'turned around',
        ({ certsDer, crlsDer }) => ({
          certsDer: around(certsDer, (one) => one.toReversed()),
          crlsDer: crlsDer.toReversed(),
        }),
      ],
      [
        'given twice',
        ({ certsDer, crlsDer }) => ({
          certsDer: around(certsDer, (one) => [...one, ...certsDer]),
          crlsDer: [...crlsDer, ...crlsDer],
        }),
      ],
      [
        'amid what cannot be read',
        ({ certsDer, crlsDer }) => ({
          certsDer: around(certsDer, (one) => ['', 'AAAA', ...one, ...crlsDer]),
          crlsDer: ['AAAA', ...certsDer, ...crlsDer],
        }),
      ],
    ])('have the same answers %s', async (_how, change) => {
      const report = await run(cases.map((one) => ({ ...one, ...change(one) })));
      expect(report).toMatchObject({ wrongAccepts: [], wrongRejects: [], untyped: [], slow: [] });
      expect(report.of).toBe(350);
    });

    it('have no other answers in a bundle of strangers', async () => {
      const [pkits, limbo] = [false, true].map((isLimbo) =>
        cases
          .filter(({ id }) => id.includes('::') === isLimbo)
          .flatMap(({ certsDer }) => certsDer.slice(0, 2)),
      );
      const report = await run(
        cases.map(({ id, certsDer, ...rest }) => {
          const strangers = (id.includes('::') ? pkits : limbo)?.slice(0, 50) ?? [];
          return { ...rest, id, certsDer: around(certsDer, (others) => [...strangers, ...others]) };
        }),
      );
      expect(report).toMatchObject({ wrongAccepts: [], wrongRejects: [], untyped: [], slow: [] });
    });

    it('are never accepted with a bit changed in the target or in a certificate the path needs, nor by it', async () => {
      const flips = cases.flatMap((one, index) =>
        one.certsDer.map((der, place) => {
          const bytes = Buffer.from(der, 'base64');
          const at = (index * 7_919 + place * 104_729) % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ (1 << ((index + place) % 8));
          // Only these cases are valid and hold certificates that the path can do without.
          const canSpare = one.expectedValid && one.tags.includes('path-building');
          const certsDer = one.certsDer.with(place, bytes.toString('base64'));
          const mayPass = canSpare && place < one.certsDer.length - 1;
          return { ...one, id: `${one.id} ${place}`, certsDer, expectedValid: mayPass ? undefined : false };
        }),
      );
      const report = await run(flips);
      expect(report).toMatchObject({ wrongAccepts: [], untyped: [], slow: [] });
      expect(report.of).toBeGreaterThan(1_000);
    });
  },
);
