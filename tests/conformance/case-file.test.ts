import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runArchives } from './archives.js';
import { readCases, SuiteError } from './case-file.js';
import { runOcsp } from './ocsp.js';
import { runPackages } from './packages.js';
import { runPaths } from './paths.js';
import { emptyReport, exitCodeOf, type SuiteReport } from './report.js';
import { conformanceFolder, skipMessage } from './shared.js';

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'case-files-'));
});
afterAll(() => rm(home, { recursive: true }));

const fileOf = async (text: string, name = 'cases.json'): Promise<string> => {
  await writeFile(join(home, name), text);
  return join(home, name);
};
const write = (cases: unknown): Promise<string> => fileOf(JSON.stringify(cases));
/** Code of each case by id, null where it was accepted. */
const codes = ({ verdicts }: SuiteReport) =>
  Object.fromEntries(Object.entries(verdicts).map(([id, { code }]) => [id, code]));

const suite = conformanceFolder();
const sample = async (name: string): Promise<Record<string, unknown>[]> =>
  JSON.parse(await readFile(join(suite ?? '.', `${name}.json`), 'utf8'));

describe('a suite that cannot be run', () => {
  it.each(['', '{', 'null', '{"cases": []}', '"text"', '[1', '\u0000'])(
    '%j: said so, for every suite',
    async (text) => {
      const file = await fileOf(text);
      await fileOf(text, 'index.json');
      await expect(runPaths(file, 'full')).rejects.toBeInstanceOf(SuiteError);
      await expect(runOcsp(file)).rejects.toBeInstanceOf(SuiteError);
      await expect(runArchives(home)).rejects.toBeInstanceOf(SuiteError);
    },
  );

  it('no file, no folder: said so, and reported with exit code 2', async () => {
    const nowhere = join(home, 'nowhere');
    await expect(readCases(nowhere)).rejects.toBeInstanceOf(SuiteError);
    await expect(runArchives(nowhere)).rejects.toBeInstanceOf(SuiteError);
    await expect(runPackages(nowhere, { anchorFiles: [], at: new Date() })).rejects.toThrow(/ENOENT/);
    const report = emptyReport('paths', 'no file');
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ suite: 'paths', of: 0, error: 'no file' });
    expect(exitCodeOf(report)).toBe(2);
  });

  it('an empty one is right', async () => {
    const report = await runPaths(await fileOf('\uFEFF[]'), 'full');
    expect(report).toMatchObject({ right: 0, of: 0 });
    expect(exitCodeOf(report)).toBe(0);
  });
});

describe('a case that is none', () => {
  it.each([null, 1, 'text', [], {}, { id: {} }])('%j: refused by itself, never untyped', async (one) => {
    for (const run of [(file: string) => runPaths(file, 'full'), runOcsp]) {
      const report = await run(await write([one, one]));
      expect(report).toMatchObject({ of: 0, untyped: [] });
      expect(Object.keys(report.verdicts)).toEqual(['0', '1']);
      expect(exitCodeOf(report)).toBe(0);
    }
    await fileOf(JSON.stringify([one]), 'index.json');
    expect(codes(await runArchives(home))).toEqual({ 0: 'CASE_MALFORMED' });
  });

  it('is a wrong reject where it was to be accepted, and right where not', async () => {
    const cases = [true, false].map((expectedValid) => ({ id: `${expectedValid}`, expectedValid }));
    const report = await runPaths(await write(cases), 'full');
    expect(report).toMatchObject({ right: 1, of: 2, wrongRejects: ['true'], untyped: [] });
    expect(exitCodeOf(report)).toBe(1);
  });

  it('may be named anything', async () => {
    const report = await runPaths(
      await write([{ id: '__proto__' }, { name: 'constructor' }, { id: 7 }, { id: null, name: 'x' }]),
      'full',
    );
    expect(Object.keys(report.verdicts).sort()).toEqual(['7', '__proto__', 'constructor', 'x']);
    expect(JSON.stringify(report)).toContain('"__proto__":{"accepted":false');
  });

  it('an archive that is missing, a folder, or empty: refused with a code', async () => {
    await writeFile(join(home, 'empty.zip'), '');
    await fileOf(
      JSON.stringify([{ file: 'none.zip' }, { file: '.' }, { file: 'empty.zip' }, { file: '' }]),
      'index.json',
    );
    const report = await runArchives(home);
    expect(report.untyped).toEqual([]);
    expect(Object.keys(report.verdicts)).toHaveLength(4);
    expect(Object.values(report.verdicts).every(({ accepted, code }) => !accepted && code !== null)).toBe(
      true,
    );
  });
});

describe.skipIf(suite === undefined)(
  `fields of a case${suite === undefined ? ` (${skipMessage})` : ''}`,
  () => {
    it('of a path: wrong ones refuse the case, missing and unknown ones do not', async () => {
      const cases = await sample('limbo');
      const good = {
        ...cases.find(({ id }) => id === 'pathlen::ee-with-intermediate-pathlen-0'),
        expectedValid: undefined,
      };
      const wrong = {
        time: 'never',
        'time ': '',
        certsDer: 'AAAA',
        trustAnchorDer: 5,
        trustAnchorsDer: [null],
        crlsDer: {},
        checkRevocation: 'no',
        policyInputs: [],
      };
      const malformed = Object.entries(wrong).map(([field, value]) => ({
        ...good,
        id: field,
        [field.trim()]: value,
      }));
      expect(codes(await runPaths(await write(malformed), 'full'))).toEqual(
        Object.fromEntries(Object.keys(wrong).map((field) => [field, 'CASE_MALFORMED'])),
      );
      const { trustAnchorDer } = good as { trustAnchorDer?: string };
      const fine = {
        'unknown fields': { extra: { deep: [1] }, expectedValid: undefined },
        'null fields': { tags: null, policyInputs: null, crlsDer: null, name: null, trustAnchorsDer: null },
        'empty policies': { policyInputs: { initialPolicySet: [] } },
        'anchors in plural': { trustAnchorDer: undefined, trustAnchorsDer: [trustAnchorDer] },
        'one anchor and none': { trustAnchorsDer: [] },
        'one anchor among others': { trustAnchorsDer: ['AAAA', trustAnchorDer] },
        'base64 in lines': { trustAnchorDer: trustAnchorDer?.replace(/(.{64})/g, '$1\r\n') },
        'base64 of the URL': {
          trustAnchorDer: trustAnchorDer?.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
        },
        'a time without zone': { time: '2469-09-01T00:00:01' },
        'a time of another zone': { time: '2469-09-01T02:00:01+02:00' },
      };
      const items = Object.entries(fine).map(([id, change]) => ({ ...good, id, ...change }));
      expect(codes(await runPaths(await write(items), 'full'))).toEqual(
        Object.fromEntries(Object.keys(fine).map((id) => [id, null])),
      );
      const hopeless = [
        { ...good, id: 'no certificates', certsDer: [] },
        { ...good, id: 'no anchors', trustAnchorDer: undefined, trustAnchorsDer: [] },
        { ...good, id: 'an anchor that is none', trustAnchorDer: 'AAAA' },
        { ...good, id: 'a target that is none', certsDer: ['!!!!'] },
        {
          ...good,
          id: 'no CRL where they are to be checked',
          checkRevocation: undefined,
          crlsDer: undefined,
        },
      ];
      expect(codes(await runPaths(await write(hopeless), 'full'))).toEqual({
        'no certificates': 'PATH_NOT_FOUND',
        'no anchors': 'NO_TRUST_ANCHOR',
        'an anchor that is none': 'CERTIFICATE_MALFORMED',
        'a target that is none': 'CERTIFICATE_MALFORMED',
        'no CRL where they are to be checked': 'CRL_MISSING',
      });
    });

    it('of an OCSP vector', async () => {
      const [first] = await sample('ocsp-sample');
      const delegated = { ...first, expected: undefined };
      const vectors = [
        { ...delegated, name: 'as it is', expected: 'good' },
        { ...delegated, name: 'no root', rootDer: undefined },
        { ...delegated, name: 'null nonce', requestNonceExtnValue: null },
        { ...delegated, name: 'empty nonce', requestNonceExtnValue: '' },
        { ...delegated, name: 'no nonce', requestNonceExtnValue: undefined },
        { ...delegated, name: 'unknown expectation', expected: 'maybe' },
        { ...delegated, name: 'numeric nonce', requestNonceExtnValue: 5 },
        { ...delegated, name: 'no time of this world', time: '2026-13-45' },
        { ...delegated, name: 'no answer', responseDer: '' },
        { ...delegated, name: 'garbage answer', responseDer: 'AAAA' },
        { ...delegated, name: 'answer missing', responseDer: undefined },
        { ...delegated, name: 'garbage certificate', certDer: 'AAAA' },
        { ...delegated, name: 'issuer missing', issuerDer: null },
      ];
      const report = await runOcsp(await write(vectors));
      expect(report).toMatchObject({ right: 1, of: 1, untyped: [] });
      expect(exitCodeOf(report)).toBe(0);
      expect(codes(report)).toEqual({
        'as it is': 'GOOD',
        'no root': 'GOOD',
        'null nonce': 'GOOD',
        'empty nonce': 'GOOD',
        'no nonce': 'GOOD',
        'unknown expectation': 'GOOD',
        'numeric nonce': 'CASE_MALFORMED',
        'no time of this world': 'CASE_MALFORMED',
        'no answer': 'OCSP_MALFORMED',
        'garbage answer': 'OCSP_MALFORMED',
        'answer missing': 'CASE_MALFORMED',
        'garbage certificate': 'CERTIFICATE_MALFORMED',
        'issuer missing': 'CASE_MALFORMED',
      });
    });
  },
);
