import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JplError, openArchive, openFileSource } from '@jami-plugin-store/jpl';
import {
  type AskRevocation,
  judgePackage,
  notOffered,
  parseCertificatesPem,
  type TrustAnchor,
  TrustError,
  type VerifiedPlugin,
} from '@jami-plugin-store/trust';
import { describe, expect, it } from 'vitest';
import { runPackages } from './packages.js';
import { exitCodeOf } from './report.js';
import { conformanceFolder, skipMessage } from './shared.js';

const shared = conformanceFolder();
const folder = join(shared ?? '', 'upstream-jpl');

// These certificates name neither responder nor CRL, so there is nobody to ask.
const nobodyToAsk: AskRevocation = async (questions) =>
  questions.map(({ certificate, ocspUrls, crlUrls }) => {
    expect([...ocspUrls, ...crlUrls]).toEqual([]);
    return notOffered(certificate);
  });

const today = new Date('2026-11-22T00:00:00Z');
const yearOfTheOthers = new Date('2023-07-01T00:00:00Z');

async function judge(name: string, anchors: readonly TrustAnchor[], at: Date): Promise<VerifiedPlugin> {
  await using source = await openFileSource(join(folder, `${name}.jpl`));
  const archive = await openArchive(source);
  return await judgePackage(archive, { anchors, at, revocation: 'when-named', ask: nobodyToAsk });
}

/** The last certificate of the package's own list, given as trust anchor by hand. */
async function ownAnchor(name: string): Promise<TrustAnchor> {
  await using source = await openFileSource(join(folder, `${name}.jpl`));
  const archive = await openArchive(source);
  const entry = archive.get('TestSuite.crt');
  if (entry === undefined) throw new Error(`${name} holds no certificate`);
  const certificate = parseCertificatesPem(await archive.read(entry)).at(-1);
  if (certificate === undefined) throw new Error(`${name} holds an empty certificate file`);
  return { certificate };
}

async function codeOf(verdict: Promise<unknown>): Promise<string | null> {
  try {
    await verdict;
    return null;
  } catch (error) {
    if (error instanceof JplError || error instanceof TrustError) return error.code;
    throw error;
  }
}

describe.skipIf(shared === undefined)(
  `packages of Jami's own test suite${shared ? '' : ` (${skipMessage})`}`,
  () => {
    it('TestSuite.jpl is accepted below the certificate CN=Jami out of its own chain', async () => {
      const anchor = await ownAnchor('TestSuite');
      expect(anchor.certificate.subject.text).toBe('CN=Jami');
      const verdict = await judge('TestSuite', [anchor], today);
      expect(verdict).toMatchObject({
        id: 'TestSuite',
        publisher: { name: 'Jami', organization: undefined },
        revocationMode: 'when-named',
        revocation: [{ status: 'not-offered', source: 'none' }],
      });
      expect(verdict.path.map(({ subject }) => subject.text)).toEqual(['CN=TestSuite', 'CN=Jami']);
      expect(verdict.entries.map(({ name }) => name)).toContain('lib/x86_64-linux-gnu/libTestSuite.so');
    });

    it('TestSuite.jpl is accepted with its plugin certificate as the anchor', async () => {
      const [certificate] = parseCertificatesPem(await readFile(join(folder, 'Test.crt')));
      if (certificate === undefined) throw new Error('Test.crt is empty');
      const verdict = await judge('TestSuite', [{ certificate }], today);
      expect(verdict.publisher.name).toBe('TestSuite');
      expect(verdict.path).toHaveLength(1);
    });

    it("TestSuite.jpl is refused below Jami's real store root, which did not issue it", async () => {
      const [certificate] = parseCertificatesPem(await readFile(join(folder, 'jami-store-root.pem')));
      if (certificate === undefined) throw new Error('jami-store-root.pem is empty');
      expect(await codeOf(judge('TestSuite', [{ certificate }], today))).toBe('PATH_NOT_FOUND');
    });

    // All of the outer code 400: no trusted certificate vouches for them, or there is none.
    it.each([
      ['TestSuiteCertNotFound', 'PATH_NOT_FOUND'],
      ['TestSuiteFileNotSign', 'PATH_NOT_FOUND'],
      ['TestSuiteNotSign', 'CERTIFICATE_MISSING'],
      ['TestSuitePluginNotSignByIssuer', 'PATH_NOT_FOUND'],
      ['TestSuiteManifestChanged', 'PATH_NOT_FOUND'],
    ])('%s is refused today with %s', async (name, code) => {
      const anchor = await ownAnchor('TestSuite');
      expect(await codeOf(judge(name, [anchor], today))).toBe(code);
    });

    it.each([
      ['TestSuiteCertNotFound', null],
      ['TestSuiteFileNotSign', 'ENTRY_NOT_SIGNED'],
      ['TestSuitePluginNotSignByIssuer', 'SIGNATURE_OF_MAP_INVALID'],
      // Packed again after signing: its folders are not in the list of signatures, which is met before the changed manifest.
      ['TestSuiteManifestChanged', 'ENTRY_NOT_SIGNED'],
    ])('%s in 2023, with its own certificate as the anchor: %s', async (name, code) => {
      expect(await codeOf(judge(name, [await ownAnchor(name)], yearOfTheOthers))).toBe(code);
    });

    it('TestSuiteNotSign in 2023 has no certificate to be judged by', async () => {
      const anchor = await ownAnchor('TestSuiteFileNotSign');
      expect(await codeOf(judge('TestSuiteNotSign', [anchor], yearOfTheOthers))).toBe('CERTIFICATE_MISSING');
    });

    it.each(['TestSuiteCertNotFound', 'TestSuiteFileNotSign', 'TestSuiteManifestChanged'])(
      '%s has an anchor that is expired today',
      async (name) => {
        expect(await codeOf(judge(name, [await ownAnchor(name)], today))).toBe('CERTIFICATE_EXPIRED');
      },
    );

    it('are all answered by the runner, with the real revocation checker', async () => {
      const report = await runPackages(folder, { anchorFiles: [join(folder, 'Test.crt')], at: today });
      expect(report).toEqual({
        suite: 'packages',
        right: 0,
        of: 0,
        wrongAccepts: [],
        wrongRejects: [],
        untyped: [],
        slow: [],
        verdicts: {
          'TestSuite.jpl': { accepted: true, code: null },
          'TestSuiteCertNotFound.jpl': { accepted: false, code: 'PATH_NOT_FOUND' },
          'TestSuiteFileNotSign.jpl': { accepted: false, code: 'PATH_NOT_FOUND' },
          'TestSuiteManifestChanged.jpl': { accepted: false, code: 'PATH_NOT_FOUND' },
          'TestSuiteNotSign.jpl': { accepted: false, code: 'CERTIFICATE_MISSING' },
          'TestSuitePluginNotSignByIssuer.jpl': { accepted: false, code: 'PATH_NOT_FOUND' },
        },
      });
      expect(exitCodeOf(report)).toBe(0);
    });
  },
);
