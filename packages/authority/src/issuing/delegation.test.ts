import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  acceptCrl,
  acceptOcspResponse,
  type Certificate,
  createOcspRequest,
  parseCertificate,
  parseCertificatesPem,
  parseCrl,
  validatePath,
} from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  dayMs,
  openssl,
  pluginRequest,
  refusal,
  requestFor,
  scratch,
  type TestAuthority,
  testAuthority,
} from '../authority-fixtures.js';
import { toPem } from '../pem.js';
import { buildCertificate, nameDer, randomSerial } from '../x509/certificate-builder.js';
import { createKeyAndCsr } from '../x509/create-key-and-csr.js';
import { readRequest } from '../x509/csr.js';
import { dataSigning, purpose } from '../x509/extensions.js';
import { spkiOf } from '../x509/key.js';
import { issueCrlWith, issuePluginWith, issueResponderWith } from './issue-with-key.js';

let scene: TestAuthority;
let key: KeyObject;
let organization: Certificate;
let issuerId: string;

const certificateOf = (pem: string): Certificate =>
  parseCertificatesPem(Buffer.from(pem))[0] ?? expect.fail('no certificate');

/** The organization's side: its key never meets the authority. */
const own = () => ({ issuerKey: key, issuerCertificate: organization.der, at: scene.clock() });

const issueOwn = async (CN = 'Own plugin'): Promise<Certificate> => {
  const options = { ...own(), csr: await pluginRequest(CN), ocspUrl: 'http://ca.example/ocsp' };
  return parseCertificate((await issuePluginWith(options)).der);
};

async function delegate(): Promise<void> {
  const { csrPem } = await scene.authority.requestDelegation(issuerId);
  const { pem } = await issueResponderWith({ ...own(), csr: Buffer.from(csrPem) });
  await scene.authority.adoptDelegation(Buffer.from(pem));
}

async function statusOf(certificate: Certificate): Promise<string> {
  const { der } = createOcspRequest({ certificate, issuer: organization });
  const answer = await scene.authority.answerOcsp(der);
  if (answer.status !== 'successful') return answer.status;
  const at = scene.clock();
  return acceptOcspResponse(answer.der, { certificate, issuer: organization, at }).status;
}

beforeEach(async () => {
  scene = await testAuthority();
  const made = await createKeyAndCsr({ subject: { CN: 'Own Key Ltd' }, keyType: 'ec-p384' });
  key = made.privateKey;
  const issued = await scene.authority.issueOrganization(Buffer.from(made.csrPem));
  organization = certificateOf(issued.pem);
  issuerId = issued.keyId;
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

describe('an organization with its own key', () => {
  it('issues plugin certificates that the judge and openssl accept', async () => {
    const plugin = await issueOwn();
    const anchors = [{ certificate: scene.authority.rootCertificate }];
    const { path } = validatePath({
      target: plugin,
      intermediates: [organization],
      anchors,
      at: scene.clock(),
    });
    expect(path).toHaveLength(3);
    expect(plugin.ocspUrls).toEqual(['http://ca.example/ocsp']);
    expect(plugin.crlUrls).toEqual([]);
    await using files = await scratch();
    const { stdout } = await openssl([
      ...['verify', '-x509_strict', '-no_check_time', '-CAfile', await files.file('root.pem', scene.rootPem)],
      ...['-untrusted', await files.file('organization.pem', toPem('CERTIFICATE', organization.der))],
      await files.file('plugin.pem', toPem('CERTIFICATE', plugin.der)),
    ]);
    expect(stdout).toContain('plugin.pem: OK');
  });

  it('cannot issue with what is no authority, with another key, for itself or out of its time', async () => {
    const csr = await pluginRequest();
    const ocspUrl = 'http://ca.example/ocsp';
    const plugin = await issueOwn();
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const issue = (change: object) => issuePluginWith({ ...own(), csr, ocspUrl, ...change });
    await refusal(issue({ issuerCertificate: plugin.der }), 'ISSUER_CERTIFICATE_INVALID');
    await refusal(issue({ issuerCertificate: Buffer.from('no') }), 'ISSUER_CERTIFICATE_INVALID');
    await refusal(issue({ issuerKey: other }), 'ISSUER_KEY_MISMATCH');
    await refusal(issue({ at: new Date(scene.clock().getTime() + 366 * dayMs) }), 'ISSUER_EXPIRED');
    await refusal(issue({ ocspUrl: 'file:///etc/passwd' }), 'ARGUMENT_INVALID');
    await refusal(issue({ crlUrl: 'nowhere' }), 'ARGUMENT_INVALID');
    await refusal(issue({ validityDays: 0.5 }), 'ARGUMENT_INVALID');
    await refusal(issue({ csr: await requestFor('EC') }), 'CSR_KEY_NOT_RSA');
  });

  it('gets no answers before it delegates, then its registered certificates are good', async () => {
    const plugin = await issueOwn();
    expect(await statusOf(plugin)).toBe('unauthorized');
    await delegate();
    expect(await statusOf(plugin)).toBe('unknown');
    await scene.authority.registerCertificate(Buffer.from(toPem('CERTIFICATE', plugin.der)), {
      actor: 'Own',
    });
    expect(await statusOf(plugin)).toBe('good');
    await scene.authority.registerCertificate(plugin.der);
    expect((await scene.authority.listCertificates({ kind: 'plugin' })).certificates).toHaveLength(1);
    const outcome = await scene.authority.revoke({ certificate: plugin.fingerprint, reason: 'superseded' });
    expect(outcome.crlNumber).toBeUndefined();
    expect(await statusOf(plugin)).toBe('revoked');
    await scene.reopen();
    expect(await statusOf(plugin)).toBe('revoked');
    expect((await readdir(join(scene.dir, 'keys'))).sort()).toEqual(['root.pem']);
  });

  it('is answered for only as long as it delegated', async () => {
    const plugin = await issueOwn();
    await scene.authority.registerCertificate(plugin.der);
    await delegate();
    scene.clock.advance(89 * dayMs);
    expect(await statusOf(plugin)).toBe('good');
    scene.clock.advance(2 * dayMs);
    expect(await statusOf(plugin)).toBe('unauthorized');
    await delegate();
    expect(await statusOf(plugin)).toBe('good');
  });

  it('publishes its own CRL beside the others, only a newer and whole one', async () => {
    const plugin = await issueOwn();
    await refusal(scene.authority.crl(issuerId), 'CRL_NOT_AVAILABLE');
    const serialNumber = Buffer.from(plugin.serialNumber).toString('hex');
    const nextUpdate = new Date(scene.clock().getTime() + 7 * dayMs);
    const entries = [{ serialNumber, revokedAt: scene.clock(), reason: 'keyCompromise' }];
    const crl = (number: number, change: object = {}) =>
      issueCrlWith({ ...own(), number, nextUpdate, entries, ...change });
    const der = await crl(5);
    expect(await scene.authority.adoptCrl(issuerId, der)).toEqual({ issuer: issuerId, crlNumber: 5 });
    const published = await scene.authority.crl(issuerId);
    const at = scene.clock();
    const finding = acceptCrl([parseCrl(published.der)], { certificate: plugin, issuer: organization, at });
    expect(finding).toMatchObject({ status: 'revoked', reason: 'keyCompromise' });
    for (const refused of [
      await crl(5),
      await crl(6, { nextUpdate: scene.clock() }),
      await crl(6, { at: new Date(scene.clock().getTime() + dayMs) }),
      der.subarray(1),
      (await scene.authority.crl('root')).der,
      Buffer.from(der).fill(0, der.length - 4),
    ]) {
      await refusal(scene.authority.adoptCrl(issuerId, refused), 'CRL_REFUSED');
    }
    await scene.authority.adoptCrl(issuerId, await crl(6));
    await scene.reopen();
    expect((await scene.authority.crl(issuerId)).number).toBe(6);
    await scene.authority.registerCertificate(plugin.der);
    const second = await issueOwn('Second');
    await scene.authority.registerCertificate(second.der);
    await scene.authority.revoke({ certificate: second.fingerprint, reason: 'superseded' });
    await refusal(scene.authority.crl(issuerId), 'CRL_NOT_AVAILABLE');
    await refusal(scene.authority.adoptCrl(issuerId, await crl(7)), 'CRL_REFUSED');
    const secondSerial = Buffer.from(second.serialNumber).toString('hex');
    const both = [...entries, { ...entries[0], serialNumber: secondSerial }];
    await scene.authority.adoptCrl(issuerId, await crl(7, { entries: both }));
    expect((await scene.authority.crl(issuerId)).number).toBe(7);
    await refusal(crl(-1), 'ARGUMENT_INVALID');
    await refusal(crl(7, { entries: [{ ...entries[0], serialNumber: 'x' }] }), 'ARGUMENT_INVALID');
    await refusal(
      crl(7, { entries: [{ ...entries[0], reason: 'removeFromCRL' }] }),
      'REVOCATION_REASON_NOT_ALLOWED',
    );
  });
});

describe('what an organization may bring', () => {
  it('is a responder certificate for the key that was asked for, and good for nothing else', async () => {
    const adopt = (der: Uint8Array) => scene.authority.adoptDelegation(der);
    const { csrPem } = await scene.authority.requestDelegation(issuerId);
    const again = await scene.authority.requestDelegation(issuerId);
    const keyOf = async (pem: string) => (await readRequest(Buffer.from(pem), { use: 'responder' })).keyId;
    expect(await keyOf(again.csrPem)).toBe(await keyOf(csrPem));
    const right = await issueResponderWith({ ...own(), csr: Buffer.from(csrPem) });
    const otherKey = await issueResponderWith({ ...own(), csr: await requestFor('Other') });
    await refusal(adopt(otherKey.der), 'DELEGATION_INVALID');
    const expired = await issueResponderWith({ ...own(), csr: Buffer.from(csrPem), validityDays: 1 });
    scene.clock.advance(2 * dayMs);
    await refusal(adopt(expired.der), 'DELEGATION_INVALID');
    const { publicKey } = certificateOf(right.pem);
    const forged = (extensions: Uint8Array[], signer: KeyObject = key) =>
      buildCertificate(
        {
          serialNumber: randomSerial(),
          issuerName: organization.subject.der,
          subjectName: nameDer([{ name: 'CN', value: 'R' }]),
          spki: publicKey.spki,
          notBefore: organization.notBefore,
          notAfter: organization.notAfter,
          extensions,
        },
        signer,
      );
    await refusal(adopt(await forged([dataSigning(), purpose('codeSigning')])), 'DELEGATION_INVALID');
    await refusal(adopt(await forged([dataSigning(), purpose('ocspSigning')])), 'DELEGATION_INVALID');
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    await refusal(adopt(await forged([purpose('ocspSigning')], stranger)), 'CERTIFICATE_NOT_ISSUED_BY');
    expect(await adopt(right.der)).toMatchObject({ kind: 'responder', signedHere: false });
    await adopt(right.der);
    expect(
      (await scene.authority.listCertificates({ kind: 'responder', issuer: issuerId })).certificates,
    ).toHaveLength(1);
  });

  it('is nothing for an issuer whose key is here, unknown, or that was not asked', async () => {
    await refusal(scene.authority.requestDelegation('root'), 'DELEGATION_INVALID');
    await refusal(scene.authority.requestDelegation('f'.repeat(40)), 'ISSUER_NOT_FOUND');
    const uninvited = await issueResponderWith({ ...own(), csr: await requestFor('R') });
    await refusal(scene.authority.adoptDelegation(uninvited.der), 'DELEGATION_NOT_REQUESTED');
    await refusal(scene.authority.adoptCrl('root', Buffer.alloc(3)), 'CRL_REFUSED');
  });

  it('is no certificate of somebody else, of an authority, or with a number used before', async () => {
    const register = (der: Uint8Array) => scene.authority.registerCertificate(der);
    const plugin = await issueOwn();
    await register(plugin.der);
    const like = (serialNumber: Uint8Array) =>
      buildCertificate(
        {
          serialNumber,
          issuerName: organization.subject.der,
          subjectName: nameDer([{ name: 'CN', value: 'Like' }]),
          spki: spkiOf(key),
          notBefore: plugin.notBefore,
          notAfter: plugin.notAfter,
          extensions: [dataSigning()],
        },
        key,
      );
    await refusal(register(await like(plugin.serialNumber)), 'CERTIFICATE_ALREADY_REGISTERED');
    await using other = await testAuthority();
    await refusal(register(other.authority.rootCertificate.der), 'CERTIFICATE_NOT_ISSUED_BY');
    // Two issuers may use one number: then it does not say which certificate is meant.
    await register(await like(organization.serialNumber));
    const certificate = Buffer.from(organization.serialNumber).toString('hex');
    const reason = 'superseded';
    await refusal(scene.authority.revoke({ certificate, reason }), 'CERTIFICATE_REFERENCE_AMBIGUOUS');
    const chosen = await scene.authority.revoke({ certificate, reason, issuer: issuerId });
    expect(chosen.certificate).toMatchObject({ kind: 'plugin', subject: 'CN=Like' });
    expect(await register(organization.der)).toMatchObject({ kind: 'organization' });
  });
});
