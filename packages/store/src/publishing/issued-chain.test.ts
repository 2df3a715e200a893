import { createHash } from 'node:crypto';
import { notOffered } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FixtureCa, fixtureInstant, type Issued, type Publisher } from '../judging/package-fixtures.js';
import { assertKey, judgeOrganizationChain, judgePluginChain } from './issued-chain.js';

let ca: FixtureCa;
let foreign: FixtureCa;
let acme: Publisher;
let other: Publisher;
const issued: Record<string, Issued> = {};
beforeAll(async () => {
  [ca, foreign] = await Promise.all([FixtureCa.create(), FixtureCa.create('Foreign root')]);
  [acme, other] = await Promise.all([ca.publisher('Acme'), ca.publisher('Other')]);
  issued.unlimited = await ca.issue('Unlimited', { ca: true });
  issued.one = await ca.issue('One below', { ca: true, pathLength: 1 });
  issued.below = await ca.issue('Below', { ca: true, pathLength: 0, issuer: issued.one });
  issued.leaf = await ca.issue('No authority');
  issued.expired = await ca.issue('Expired', { ca: true, pathLength: 0, notAfter: '20260501000000Z' });
  issued.foreign = await foreign.issue('Elsewhere', { ca: true, pathLength: 0 });
});
afterAll(async () => {
  await Promise.all([ca[Symbol.asyncDispose](), foreign[Symbol.asyncDispose]()]);
});

const policy = () => ({
  anchors: ca.anchors,
  at: fixtureInstant,
  revocation: 'when-named' as const,
  ask: async (questions: readonly { certificate: Parameters<typeof notOffered>[0] }[]) =>
    questions.map(({ certificate }) => notOffered(certificate)),
});
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'OK',
    (error) => error.code,
  );
const judge = (...parts: (Issued | undefined)[]) =>
  judgeOrganizationChain(parts.map((part) => part?.pem.toString() ?? '').join(''), policy());

describe('the certificate of an organization', () => {
  test('is one directly below a root, and says who it is', async () => {
    const judged = await judge(acme.organization);
    expect(judged).toMatchObject({ name: 'Acme', identity: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await codeOf(judge(acme.organization, ca.root))).toBe('OK');
    const { publicKey } = judged.certificate;
    const key = createHash('sha256').update(publicKey.spki).digest('hex');
    assertKey(judged.certificate, key);
    expect(() => assertKey(judged.certificate, '0'.repeat(64))).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_NOT_FOR_REQUEST' }),
    );
  });

  test.each<[string, () => (Issued | undefined)[], string]>([
    ['may have others below it', () => [issued.unlimited], 'CERTIFICATE_NOT_FOR_REQUEST'],
    ['may have one more below it', () => [issued.one], 'CERTIFICATE_NOT_FOR_REQUEST'],
    ['is below another one', () => [issued.below, issued.one], 'PATH_NOT_FOUND'],
    ['is no authority', () => [issued.leaf], 'CERTIFICATE_NOT_FOR_REQUEST'],
    ['comes with another one', () => [acme.organization, other.organization], 'CERTIFICATE_NOT_FOR_REQUEST'],
    ['has expired', () => [issued.expired], 'CERTIFICATE_EXPIRED'],
    ['is of another root', () => [issued.foreign], 'PATH_NOT_FOUND'],
    ['is the root itself', () => [ca.root], 'CERTIFICATE_NOT_FOR_REQUEST'],
  ])('is not one that %s', async (_, parts, code) => {
    expect(await codeOf(judge(...parts()))).toBe(code);
  });

  test('is not anything else either', async () => {
    expect(await codeOf(judgeOrganizationChain('', policy()))).toBe('CERTIFICATE_PEM_MALFORMED');
    expect(await codeOf(judgeOrganizationChain('-----BEGIN CERTIFICATE-----', policy()))).toBe(
      'CERTIFICATE_PEM_MALFORMED',
    );
  });
});

describe('the certificate of a plugin', () => {
  test('is one of the organization that asked for it', async () => {
    const { identity } = await judge(acme.organization);
    const chain = acme.certificatePem.toString();
    expect(await codeOf(judgePluginChain(chain, identity, policy()))).toBe('OK');
    const { identity: another } = await judge(other.organization);
    expect(await codeOf(judgePluginChain(chain, another, policy()))).toBe('CERTIFICATE_NOT_FOR_REQUEST');
    expect(await codeOf(judgePluginChain(acme.organization.pem.toString(), identity, policy()))).toBe(
      'LEAF_IS_A_CA',
    );
  });
});
