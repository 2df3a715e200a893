import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import type { RevocationFinding, RevocationMode } from '../revocation/evidence.js';
import { makeFinding, notAsked, notOffered } from '../revocation/finding.js';
import { revocationQuestions } from '../revocation/revocation-questions.js';
import { fixtureInstant, OpensslCa } from './openssl-fixtures.js';
import { issueRevocationPaths, type RevocationPaths } from './revocation-fixtures.js';
import { judgeRevocation } from './revocation-verdict.js';

let ca: OpensslCa;
let root: RevocationPaths['root'];
let silent: RevocationPaths['silent'];
let naming: RevocationPaths['naming'];
let byIssuerOnly: RevocationPaths['byIssuerOnly'];

beforeAll(async () => {
  ca = await OpensslCa.create();
  ({ root, silent, naming, byIssuerOnly } = await issueRevocationPaths(ca));
});
afterAll(() => ca[Symbol.asyncDispose]());

const judge = (path: readonly Certificate[], revocation: RevocationMode, findings: readonly unknown[]) =>
  judgeRevocation(path, {
    at: fixtureInstant,
    revocation,
    ask: async () => findings as readonly RevocationFinding[],
  });

const finding = (
  certificate: Certificate | undefined,
  status: RevocationFinding['status'],
): RevocationFinding => {
  if (certificate === undefined) throw new Error('no certificate');
  if (status === 'not-asked') return notAsked(certificate);
  if (status === 'not-offered') return notOffered(certificate);
  const evidence = { certificate, status, source: 'ocsp', url: 'http://ocsp.example/a' } as const;
  return makeFinding(evidence, { issuer: issuerOf(certificate), at: fixtureInstant });
};
const issuerOf = (certificate: Certificate): Certificate => {
  const issuer = [...silent, ...naming].find(({ subject }) => subject.text === certificate.issuer.text);
  if (issuer === undefined) throw new Error('no issuer');
  return issuer;
};
const good = (certificate: Certificate | undefined) => finding(certificate, 'good');

describe('the questions', () => {
  it('are one for each certificate below the anchor, plugin first, with what can be asked over HTTP', () => {
    const [first, second, ...others] = revocationQuestions(naming);
    expect(others).toEqual([]);
    expect(first).toEqual({
      certificate: naming[0],
      issuer: naming[1],
      above: [naming[2]],
      ocspUrls: ['http://ocsp.example/a'],
      crlUrls: ['https://crl.example/1'],
    });
    expect(second).toMatchObject({ certificate: naming[1], issuer: naming[2], ocspUrls: [], crlUrls: [] });
  });

  it('are none where the plugin certificate is the anchor', async () => {
    expect(revocationQuestions([root.certificate])).toEqual([]);
    await expect(judge([root.certificate], 'required', [])).resolves.toEqual([]);
  });
});

describe('the answers', () => {
  it('that are good let the path pass', async () => {
    const findings = [good(naming[0]), good(naming[1])];
    await expect(judge(naming, 'required', findings)).resolves.toEqual(findings);
    await expect(judge(naming, 'when-named', findings)).resolves.toEqual(findings);
  });

  it.each([
    ['revoked', 'CERTIFICATE_REVOKED'],
    ['unknown', 'CERTIFICATE_STATUS_UNKNOWN'],
    ['not-asked', 'REVOCATION_NOT_ASKED'],
    ['not-offered', 'REVOCATION_NOT_OFFERED'],
  ] as const)('that are %s refuse it, for the plugin and for its organization', async (status, code) => {
    for (const mode of ['required', 'when-named'] as const) {
      await expect(judge(naming, mode, [finding(naming[0], status), good(naming[1])])).rejects.toMatchObject({
        name: 'TrustError',
        code,
        certificate: 'CN=Leaf',
      });
    }
    await expect(
      judge(naming, 'required', [good(naming[0]), finding(naming[1], status)]),
    ).rejects.toMatchObject({
      code,
      certificate: 'CN=Organization',
    });
  });

  it('tell since when and why a certificate is revoked', async () => {
    const [certificate] = naming;
    if (certificate === undefined) throw new Error('no certificate');
    const evidence = {
      certificate,
      status: 'revoked',
      source: 'crl',
      revokedAt: new Date('2026-05-01T00:00:00Z'),
      reason: 'keyCompromise',
    } as const;
    const revoked = makeFinding(evidence, { issuer: issuerOf(certificate), at: fixtureInstant });
    await expect(judge(naming, 'required', [revoked, good(naming[1])])).rejects.toThrow(
      /revoked on 2026-05-01T00:00:00.000Z \(keyCompromise\)/,
    );
  });

  it('may be missing only in mode when-named, and only where the certificate names no source', async () => {
    const none = (path: readonly Certificate[]) => path.slice(0, 2).map(notOffered);
    await expect(judge(silent, 'when-named', none(silent))).resolves.toHaveLength(2);
    await expect(judge(silent, 'required', none(silent))).rejects.toMatchObject({
      code: 'REVOCATION_NOT_OFFERED',
    });
    for (const path of [naming, byIssuerOnly]) {
      await expect(judge(path, 'when-named', none(path))).rejects.toMatchObject({
        code: 'REVOCATION_NOT_OFFERED',
      });
    }
  });

  it.each<[string, () => readonly unknown[]]>([
    ['nothing at all', () => []],
    ['too few', () => [good(naming[0])]],
    ['holes', () => [undefined, good(naming[1])]],
    ['about one another', () => [good(naming[1]), good(naming[0])]],
    ['about the same one twice', () => [good(naming[1]), good(naming[1])]],
    ['about a namesake', () => [good(silent[0]), good(naming[1])]],
    ['look-alikes', () => [{ ...good(naming[0]) }, { ...good(naming[1]) }]],
    ['texts', () => ['good', 'good']],
    ['no list', () => 'good' as unknown as readonly unknown[]],
  ])('that are %s count as not asked', async (_what, findings) => {
    await expect(judge(naming, 'required', findings())).rejects.toMatchObject({
      code: 'REVOCATION_NOT_ASKED',
    });
  });

  it.each<[string, (certificate: Certificate) => { issuer: Certificate; at: Date } | undefined]>([
    [
      'of an hour ago',
      (one) => ({ issuer: issuerOf(one), at: new Date(fixtureInstant.getTime() - 3_600_000) }),
    ],
    [
      'of the next second',
      (one) => ({ issuer: issuerOf(one), at: new Date(fixtureInstant.getTime() + 1_000) }),
    ],
    ['judged under another issuer', (one) => ({ issuer: one, at: fixtureInstant })],
    ['judged for nothing', () => undefined],
  ])('that are genuine, but %s, do not count', async (_what, scopeOf) => {
    const [certificate] = naming;
    if (certificate === undefined) throw new Error('no certificate');
    for (const status of ['good', 'revoked'] as const) {
      const genuine = makeFinding({ certificate, status, source: 'crl' }, scopeOf(certificate));
      await expect(judge(naming, 'required', [genuine, good(naming[1])])).rejects.toMatchObject({
        code: 'REVOCATION_FINDING_OUTDATED',
        certificate: 'CN=Leaf',
      });
    }
  });

  it('are not asked for in mode off, and every finding says so', async () => {
    const findings = await judgeRevocation(naming, {
      at: fixtureInstant,
      revocation: 'off',
      ask: () => Promise.reject(new Error('asked all the same')),
    });
    expect(findings).toEqual(naming.slice(0, 2).map(notAsked));
  });

  it("come with the asker's own reason when it has one", async () => {
    const ask = () => Promise.reject(new Error('the responder is down'));
    const policy = { at: fixtureInstant, revocation: 'required', ask } as const;
    await expect(judgeRevocation(naming, policy)).rejects.toThrow('the responder is down');
  });
});
