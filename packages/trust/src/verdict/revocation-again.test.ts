import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import { TrustError } from '../error.js';
import type { AskRevocation, RevocationFinding, RevocationMode } from '../revocation/evidence.js';
import { makeFinding } from '../revocation/finding.js';
import { fixtureInstant, OpensslCa } from './openssl-fixtures.js';
import { judgeRevocationAgain } from './revocation-again.js';
import { issueRevocationPaths, type RevocationPaths } from './revocation-fixtures.js';

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

/** Answers as real evidence would be: judged at the instant asked for, under the question's issuer. */
const finding = (
  certificate: Certificate,
  status: RevocationFinding['status'],
  scope: { issuer: Certificate; at: Date },
) => makeFinding({ certificate, status, source: 'ocsp', url: 'http://ocsp.example/a' }, scope);

const again = (
  path: readonly Certificate[],
  status: (certificate: Certificate) => RevocationFinding['status'] | TrustError,
  { at = fixtureInstant, revocation = 'required' as RevocationMode } = {},
) => {
  const ask: AskRevocation = async (questions, options) =>
    questions.map(({ certificate, issuer }) => {
      const answer = status(certificate);
      if (answer instanceof TrustError) throw answer;
      return finding(certificate, answer, { issuer, at: options.at });
    });
  return judgeRevocationAgain(path, { at, revocation, ask });
};
const isLeaf = (certificate: Certificate) => certificate === naming[0];
const down = new TrustError('OCSP_UNREACHABLE', 'The responder is down.');

it('stands where everything is good', async () => {
  expect(await again(naming, () => 'good')).toEqual([
    { certificate: naming[0], status: 'good' },
    { certificate: naming[1], status: 'good' },
  ]);
  expect(await again([root.certificate], () => 'revoked')).toEqual([]);
});

it('hides no revocation behind a silence', async () => {
  expect(await again(naming, (certificate) => (isLeaf(certificate) ? down : 'revoked'))).toMatchObject([
    { status: 'unanswered', refusal: { code: 'OCSP_UNREACHABLE' } },
    { status: 'revoked', refusal: { code: 'CERTIFICATE_REVOKED', certificate: 'CN=Organization' } },
  ]);
  expect(await again(naming, (certificate) => (isLeaf(certificate) ? 'unknown' : down))).toMatchObject([
    { status: 'unknown', refusal: { code: 'CERTIFICATE_STATUS_UNKNOWN', certificate: 'CN=Leaf' } },
    { status: 'unanswered' },
  ]);
});

it('is not asked about what has expired, to the second', async () => {
  const asked: string[] = [];
  const notAfter = naming[0]?.notAfter ?? new Date(Number.NaN);
  const statuses = async (at: Date) => {
    asked.length = 0;
    const note = (certificate: Certificate) => {
      asked.push(certificate.subject.text);
      return 'revoked' as const;
    };
    return (await again(naming, note, { at })).map(({ status }) => status);
  };
  expect(await statuses(notAfter)).toEqual(['revoked', 'revoked']);
  expect(await statuses(new Date(notAfter.getTime() + 1_000))).toEqual(['expired', 'expired']);
  expect(asked).toEqual([]);
});

it('offers as little as it did then, also where answers are required now', async () => {
  const nothing = () => new TrustError('REVOCATION_NOT_OFFERED', 'Nothing to ask.');
  expect(await again(silent, nothing)).toMatchObject([{ status: 'not-offered' }, { status: 'not-offered' }]);
  expect(await again(byIssuerOnly, nothing)).toMatchObject([
    { status: 'unanswered', refusal: { code: 'REVOCATION_NOT_OFFERED' } },
    { status: 'not-offered' },
  ]);
  expect(await again(naming, () => 'revoked', { revocation: 'off' })).toMatchObject([
    { status: 'not-asked' },
    { status: 'not-asked' },
  ]);
});

it('takes neither look-alikes for answers nor defects for refusals, and needs a time', async () => {
  const policy = { at: fixtureInstant, revocation: 'required' } as const;
  const lookalike: AskRevocation = async (questions) =>
    questions.map(({ certificate }) => ({ certificate, status: 'good', source: 'ocsp' }) as const);
  expect(await judgeRevocationAgain(naming, { ...policy, ask: lookalike })).toMatchObject([
    { status: 'unanswered', refusal: { code: 'REVOCATION_NOT_ASKED' } },
    { status: 'unanswered' },
  ]);
  const broken = () => Promise.reject(new TypeError('a mistake'));
  await expect(judgeRevocationAgain(naming, { ...policy, ask: broken })).rejects.toThrow(TypeError);
  await expect(again(naming, () => 'good', { at: new Date('never') })).rejects.toThrow(RangeError);
});
