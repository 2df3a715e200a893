import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runOcsp } from './ocsp.js';
import { exitCodeOf } from './report.js';
import { conformanceFolder, skipMessage } from './shared.js';

const folder = conformanceFolder();

describe.skipIf(folder === undefined)(
  `OCSP vectors${folder === undefined ? ` (${skipMessage})` : ''}`,
  () => {
    const sample = join(folder ?? '', 'ocsp-sample.json');

    it('the sample is answered as expected', async () => {
      const report = await runOcsp(sample);
      expect(report).toMatchObject({
        right: 6,
        of: 6,
        wrongAccepts: [],
        wrongRejects: [],
        untyped: [],
        slow: [],
      });
      expect(exitCodeOf(report)).toBe(0);
      expect(report.verdicts).toEqual({
        delegated_good: { accepted: true, code: 'GOOD' },
        direct_good: { accepted: true, code: 'GOOD' },
        revoked: { accepted: true, code: 'REVOKED' },
        unknown: { accepted: true, code: 'UNKNOWN' },
        noeku: { accepted: false, code: 'OCSP_RESPONDER_NOT_AUTHORIZED' },
        replay_nonce: { accepted: false, code: 'OCSP_NONCE_MISMATCH' },
      });
    });

    it('counts wrong answers, and judges without counting where nothing definite is expected', async () => {
      const vectors = JSON.parse(await readFile(sample, 'utf8')) as { name: string; expected?: string }[];
      const [good, , revoked, , noeku] = vectors;
      const home = await mkdtemp(join(tmpdir(), 'ocsp-vectors-'));
      const file = join(home, 'vectors.json');
      const altered = [
        { ...good, name: 'wrong accept', expected: 'reject' },
        { ...noeku, name: 'wrong reject', expected: 'good' },
        { ...revoked, name: 'wrong status', expected: 'good' },
        { ...good, name: 'policy', expected: 'policy' },
        { ...noeku, name: undefined, expected: undefined },
      ];
      await writeFile(file, JSON.stringify(altered));
      const report = await runOcsp(file);
      await rm(home, { recursive: true });
      expect(report).toMatchObject({ right: 0, of: 3, wrongRejects: ['wrong reject'], untyped: [] });
      expect(report.wrongAccepts).toEqual(['wrong accept', 'wrong status']);
      expect(exitCodeOf(report)).toBe(2);
      expect(report.verdicts.policy).toEqual({ accepted: true, code: 'GOOD' });
      expect(report.verdicts['4']?.accepted).toBe(false);
    });
  },
);
