import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PathProfile, runPaths } from './paths.js';
import { exitCodeOf, type SuiteReport } from './report.js';
import { conformanceFolder, skipMessage } from './shared.js';

const folder = conformanceFolder();
const clean = { wrongAccepts: [], wrongRejects: [], untyped: [], slow: [] };

interface Item {
  id: string;
  tags: string[];
  expectedValid?: boolean;
  [field: string]: unknown;
}

const fileOf = (suite: string): string => join(folder ?? '', `${suite}.json`);
const read = async (suite: string): Promise<Item[]> =>
  JSON.parse(await readFile(fileOf(suite), 'utf8')) as Item[];

async function runItems(items: unknown[], profile: PathProfile = 'full'): Promise<SuiteReport> {
  const home = await mkdtemp(join(tmpdir(), 'path-cases-'));
  try {
    await writeFile(join(home, 'cases.json'), JSON.stringify(items));
    return await runPaths(join(home, 'cases.json'), profile);
  } finally {
    await rm(home, { recursive: true });
  }
}

describe.skipIf(folder === undefined)(
  `certification paths${folder === undefined ? ` (${skipMessage})` : ''}`,
  () => {
    it('NIST PKITS: every case but those of DSA', async () => {
      const report = await runPaths(fileOf('pkits'), 'full');
      expect(report).toMatchObject({ suite: 'paths', right: 246, of: 246, ...clean });
      expect(exitCodeOf(report)).toBe(0);
      // Each for its own reason, not for any.
      const codes = [
        '4.1.3',
        '4.2.1',
        '4.2.5',
        '4.3.1',
        '4.4.1',
        '4.4.2',
        '4.6.1',
        '4.6.5',
        '4.7.1',
        '4.13.2',
        '4.16.2',
      ];
      expect(codes.map((id) => report.verdicts[id]?.code)).toEqual([
        'CERTIFICATE_SIGNATURE_INVALID',
        'CERTIFICATE_NOT_YET_VALID',
        'CERTIFICATE_EXPIRED',
        'PATH_NOT_FOUND',
        'CRL_MISSING',
        'CERTIFICATE_REVOKED',
        'ISSUER_NOT_A_CA',
        'PATH_TOO_LONG',
        'ISSUER_KEY_USAGE_FORBIDS',
        'NAME_CONSTRAINT_VIOLATED',
        'CRITICAL_EXTENSION_UNKNOWN',
      ]);
    });

    it('x509-limbo: every case, none slow', async () => {
      const report = await runPaths(fileOf('limbo'), 'full');
      expect(report).toMatchObject({ right: 104, of: 104, ...clean });
    });

    it('without policies, what needs policies is judged and not counted', async () => {
      const report = await runPaths(fileOf('pkits'), 'no-policy');
      expect(report).toMatchObject({ right: 203, of: 203, ...clean });
      expect(Object.keys(report.verdicts)).toHaveLength(249);
      // All Certificates Same Policy Test1, a policy asked for that is not there.
      expect(report.verdicts['4.8.1.s3']).toEqual({ accepted: true, code: null });
    });

    it('counts wrong answers, and judges without counting where nothing is expected', async () => {
      const items = await read('limbo');
      const good = items.find(({ expectedValid }) => expectedValid === true);
      const bad = items.find(({ expectedValid }) => expectedValid === false);
      const report = await runItems([
        { ...good, id: 'reject', expectedValid: false },
        { ...bad, id: 'accept', expectedValid: true },
        { ...good, id: undefined, name: 'named', expectedValid: undefined },
        { ...good, id: 'dsa', tags: ['dsa'], expectedValid: false },
      ]);
      expect(report).toMatchObject({
        right: 0,
        of: 2,
        wrongAccepts: ['reject'],
        wrongRejects: ['accept'],
        untyped: [],
      });
      expect(report.verdicts.named).toEqual({ accepted: true, code: null });
      expect(exitCodeOf(report)).toBe(2);
    });

    it('any file of the form ends in verdicts: fields missing, certificates broken', async () => {
      const items = (await read('limbo')).slice(0, 40).map(({ certsDer, trustAnchorDer }, index) => ({
        id: `broken ${index}`,
        trustAnchorDer,
        certsDer: (certsDer as string[]).map((der) => {
          const bytes = Buffer.from(der, 'base64');
          bytes[(index * 37) % bytes.length] = index;
          return bytes.toString('base64');
        }),
      }));
      const report = await runItems([
        ...items,
        { id: 'empty', certsDer: [] },
        { id: 'no anchor', certsDer: items[0]?.certsDer },
      ]);
      expect(report).toMatchObject({ of: 0, untyped: [], slow: [] });
      expect(Object.keys(report.verdicts)).toHaveLength(42);
    });
  },
);
