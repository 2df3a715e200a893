import { createPrivateKey } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  acceptOcspResponse,
  type Certificate,
  createOcspRequest,
  parseCertificate,
  parseCertificatesPem,
  TrustError,
} from '@jami-plugin-store/trust';
import { BasicOCSPResponse, OCSPResponse } from '@peculiar/asn1-ocsp';
import { AsnConvert } from '@peculiar/asn1-schema';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  dayMs,
  issueChain,
  minuteMs,
  pluginRequest,
  type TestAuthority,
  testAuthority,
} from '../authority-fixtures.js';
import { DerReader } from '../der/reader.js';
import { objectIdentifier, octetString, sequence, tlv } from '../der/writer.js';
import { issuePluginWith } from '../issuing/issue-with-key.js';
import { errorResponses } from './response-layout.js';

let scene: TestAuthority;
let organization: Certificate;
let plugin: Certificate;

const certificateOf = (pem: string): Certificate =>
  parseCertificatesPem(Buffer.from(pem))[0] ?? expect.fail('no certificate');

beforeEach(async () => {
  scene = await testAuthority();
  const chain = await issueChain(scene.authority);
  organization = certificateOf(chain.organization.pem);
  plugin = certificateOf(chain.plugin.pem);
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

const keyIdOf = (certificate: Certificate): string =>
  Buffer.from(certificate.subjectKeyIdentifier ?? []).toString('hex');
const serialOf = (certificate: Certificate): string => Buffer.from(certificate.serialNumber).toString('hex');
const revoke = (certificate: Certificate, reason = 'keyCompromise') =>
  scene.authority.revoke({ certificate: serialOf(certificate), reason });

interface Question {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly hash?: 'sha1' | 'sha256';
  readonly nonce?: Uint8Array;
}

/** Asks and lets the judge accept the answer. */
async function ask(question: Question) {
  const request = createOcspRequest(question);
  const answer = await scene.authority.answerOcsp(request.der);
  const finding = acceptOcspResponse(answer.der, {
    certificate: question.certificate,
    issuer: question.issuer,
    at: scene.clock(),
    nonceExtensionValue: request.nonceExtensionValue,
  });
  return { answer, finding };
}

/** tbsRequest laid out by hand. */
function requestOf(certIds: readonly Uint8Array[], extensions: readonly Uint8Array[] = []): Buffer {
  const list = sequence(...certIds.map((certId) => sequence(certId)));
  const tail = extensions.length === 0 ? [] : [tlv(0xa2, sequence(...extensions))];
  return sequence(sequence(list, ...tail));
}

function certIdOf(question: Question): Uint8Array {
  const tbs = new DerReader(new DerReader(createOcspRequest(question).der).next().content).next().content;
  const request = new DerReader(new DerReader(tbs).next().content).next().content;
  return new DerReader(request).next().whole;
}

const nonceExtension = (value: Uint8Array): Buffer =>
  sequence(objectIdentifier('1.3.6.1.5.5.7.48.1.2'), octetString(value));

const malformed = errorResponses.malformedRequest;
const unauthorized = errorResponses.unauthorized;

describe('answers that the judge accepts', () => {
  it.each(['sha1', 'sha256'] as const)('with %s, with and without nonce, for both levels', async (hash) => {
    const root = scene.authority.rootCertificate;
    for (const [certificate, issuer] of [
      [plugin, organization],
      [organization, root],
    ] as const) {
      for (const nonce of [undefined, Buffer.alloc(1, 7), Buffer.alloc(32, 7)]) {
        const question = { certificate, issuer, hash, ...(nonce === undefined ? {} : { nonce }) };
        const { finding } = await ask(question);
        expect(finding.status).toBe('good');
        expect(finding.thisUpdate).toEqual(scene.clock());
      }
    }
  });

  it('say revoked at once, with time and reason, prepared or not', async () => {
    await ask({ certificate: plugin, issuer: organization });
    scene.clock.advance(minuteMs);
    await revoke(plugin);
    for (const nonce of [{}, { nonce: Buffer.alloc(16) }]) {
      const { finding } = await ask({ certificate: plugin, issuer: organization, ...nonce });
      expect(finding).toMatchObject({ status: 'revoked', reason: 'keyCompromise', revokedAt: scene.clock() });
    }
  });

  it('say unknown about a serial number nobody issued', async () => {
    // What a thief of the organization's key would make.
    const stolen = await readFile(join(scene.dir, 'keys', `${keyIdOf(organization)}.pem`));
    const { der } = await issuePluginWith({
      issuerKey: createPrivateKey(stolen),
      issuerCertificate: organization.der,
      csr: await pluginRequest('Forged'),
      ocspUrl: 'http://ca.example/ocsp',
      at: scene.clock(),
    });
    const { answer, finding } = await ask({ certificate: parseCertificate(der), issuer: organization });
    expect(finding.status).toBe('unknown');
    expect(answer.caching).toBeUndefined();
  });

  it('are refused by the judge when another nonce was sent', async () => {
    const { der } = createOcspRequest({
      certificate: plugin,
      issuer: organization,
      nonce: Buffer.alloc(8, 1),
    });
    const answer = await scene.authority.answerOcsp(der);
    const { nonceExtensionValue } = createOcspRequest({
      certificate: plugin,
      issuer: organization,
      nonce: Buffer.alloc(8, 2),
    });
    const accept = () =>
      acceptOcspResponse(answer.der, {
        certificate: plugin,
        issuer: organization,
        at: scene.clock(),
        nonceExtensionValue,
      });
    expect(accept).toThrow(TrustError);
  });

  it('read the same with another library, several certificates at once', async () => {
    await revoke(plugin, 'superseded');
    const second = await scene.authority.createOrganization({ commonName: 'Second' });
    const root = scene.authority.rootCertificate;
    const certIds = [organization, certificateOf(second.pem)].map((certificate) =>
      certIdOf({ certificate, issuer: root }),
    );
    const answer = await scene.authority.answerOcsp(requestOf(certIds));
    const response = AsnConvert.parse(answer.der, OCSPResponse);
    expect(response.responseStatus).toBe(0);
    const bytes = response.responseBytes?.response.buffer ?? expect.fail('no response');
    const { tbsResponseData } = AsnConvert.parse(bytes, BasicOCSPResponse);
    expect(tbsResponseData.responses).toHaveLength(2);
    const asked = tbsResponseData.responses.map(({ certID }) => Buffer.from(AsnConvert.serialize(certID)));
    expect(asked).toEqual(certIds.map((der) => Buffer.from(der)));
  });
});

describe('requests that have no signed answer', () => {
  const answer = async (der: Uint8Array) => (await scene.authority.answerOcsp(der)).der;

  it('name an issuer that is not known, or two issuers', async () => {
    const root = scene.authority.rootCertificate;
    const mine = certIdOf({ certificate: plugin, issuer: organization });
    const roots = certIdOf({ certificate: organization, issuer: root });
    expect(await answer(requestOf([certIdOf({ certificate: plugin, issuer: plugin })]))).toEqual(
      unauthorized,
    );
    expect(await answer(requestOf([mine, roots]))).toEqual(unauthorized);
    const md5 = sequence(
      sequence(objectIdentifier('1.2.840.113549.2.5'), tlv(0x05)),
      octetString(Buffer.alloc(16)),
      octetString(Buffer.alloc(16)),
      tlv(0x02, Buffer.of(1)),
    );
    expect(await answer(requestOf([md5]))).toEqual(unauthorized);
  });

  it('have a nonce that is empty, too long, doubled or no octet string', async () => {
    const certId = certIdOf({ certificate: plugin, issuer: organization });
    const nonce = (length: number) => nonceExtension(octetString(Buffer.alloc(length)));
    expect(await answer(requestOf([certId], [nonce(0)]))).toEqual(malformed);
    expect(await answer(requestOf([certId], [nonce(33)]))).toEqual(malformed);
    expect(await answer(requestOf([certId], [nonce(8), nonce(8)]))).toEqual(malformed);
    expect(await answer(requestOf([certId], [nonceExtension(Buffer.from('raw'))]))).toEqual(malformed);
    expect((await scene.authority.answerOcsp(requestOf([certId], [nonce(32)]))).status).toBe('successful');
  });

  it('have a critical extension that is not known, no certificate, or too many', async () => {
    const certId = certIdOf({ certificate: plugin, issuer: organization });
    const extension = (...critical: Uint8Array[]) =>
      sequence(objectIdentifier('1.2.3.4'), ...critical, octetString(Buffer.of(5, 0)));
    expect(await answer(requestOf([certId], [extension(tlv(0x01, Buffer.of(0xff)))]))).toEqual(malformed);
    expect((await scene.authority.answerOcsp(requestOf([certId], [extension()]))).status).toBe('successful');
    expect(await answer(requestOf([]))).toEqual(malformed);
    expect(await answer(requestOf(Array.from({ length: 17 }, () => certId)))).toEqual(malformed);
    expect(
      (await scene.authority.answerOcsp(requestOf(Array.from({ length: 16 }, () => certId)))).status,
    ).toBe('successful');
  });

  it('are empty, cut off, too large or followed by something', async () => {
    const { der } = createOcspRequest({ certificate: plugin, issuer: organization });
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('GET /'),
      der.subarray(0, -1),
      Buffer.concat([der, Buffer.of(0)]),
      Buffer.alloc(4097, 0x30),
    ]) {
      expect(await answer(bytes)).toEqual(malformed);
    }
  });

  it('are anything at all', async () => {
    const { der } = createOcspRequest({ certificate: plugin, issuer: organization, nonce: Buffer.alloc(4) });
    const change = fc.tuple(fc.nat(der.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
        const bytes = Buffer.from(der);
        for (const [at, octet] of changes) bytes[at] = octet;
        const { status } = await scene.authority.answerOcsp(bytes);
        expect(['successful', 'malformedRequest', 'unauthorized']).toContain(status);
      }),
      { numRuns: 300 },
    );
  });
});

describe('prepared answers', () => {
  const prepared = async () => {
    const { answer } = await ask({ certificate: plugin, issuer: organization });
    return answer;
  };

  it('are given out again until they are half as old as fresh allows', async () => {
    const first = await prepared();
    expect(await prepared()).toBe(first);
    scene.clock.advance(29 * minuteMs);
    expect(await prepared()).toBe(first);
    scene.clock.advance(minuteMs);
    const second = await prepared();
    expect(second).not.toBe(first);
    expect(second.caching?.thisUpdate).toEqual(scene.clock());
    expect(second.caching?.etag).not.toBe(first.caching?.etag);
  });

  it('are made anew when the clock was set back', async () => {
    const first = await prepared();
    scene.clock.advance(-minuteMs);
    expect(await prepared()).not.toBe(first);
  });

  it('are dropped by a revocation, even one that comes while they are signed', async () => {
    await prepared();
    const { der } = createOcspRequest({ certificate: plugin, issuer: organization, hash: 'sha256' });
    const racing = Array.from({ length: 20 }, () => scene.authority.answerOcsp(der));
    await revoke(plugin);
    await Promise.all(racing);
    for (const hash of ['sha1', 'sha256'] as const) {
      const { finding } = await ask({ certificate: plugin, issuer: organization, hash });
      expect(finding.status).toBe('revoked');
    }
  });

  it('never outlive the certificate that signs them', async () => {
    await using brief = await testAuthority({ validity: { responderMs: 60 * minuteMs } });
    const chain = await issueChain(brief.authority);
    const [certificate, issuer] = [certificateOf(chain.plugin.pem), certificateOf(chain.organization.pem)];
    const { der } = createOcspRequest({ certificate, issuer });
    const { caching } = await brief.authority.answerOcsp(der);
    expect(caching?.nextUpdate).toEqual(new Date(brief.clock().getTime() + 60 * minuteMs));
  });
});

describe('the delegated signers', () => {
  const responderOf = async () => {
    const { answer } = await ask({ certificate: plugin, issuer: organization });
    const response = AsnConvert.parse(answer.der, OCSPResponse);
    const basic = AsnConvert.parse(
      response.responseBytes?.response.buffer ?? new ArrayBuffer(0),
      BasicOCSPResponse,
    );
    return Buffer.from(basic.certs?.[0]?.tbsCertificate.serialNumber ?? new ArrayBuffer(0)).toString('hex');
  };

  it('are replaced after half their time, while answers go on, and after a restart remain', async () => {
    const first = await responderOf();
    await scene.reopen();
    expect(await responderOf()).toBe(first);
    scene.clock.advance(3.6 * dayMs);
    await responderOf();
    await expect.poll(responderOf).not.toBe(first);
    const second = await responderOf();
    scene.clock.advance(30 * dayMs);
    expect(await responderOf()).not.toBe(second);
    expect((await scene.authority.status()).troubles).toEqual([]);
  });

  it('are not replaced when a new one could not last longer, and end with their issuer', async () => {
    const brief = await scene.authority.createOrganization({ commonName: 'Brief', validityDays: 1 });
    const issuer = certificateOf(brief.pem);
    const { pem } = await scene.authority.issuePlugin(await pluginRequest('P'), { issuer: brief.keyId });
    const { der } = createOcspRequest({ certificate: certificateOf(pem), issuer });
    for (let hour = 0; hour < 23; hour += 1) {
      expect((await scene.authority.answerOcsp(der)).status).toBe('successful');
      scene.clock.advance(60 * minuteMs);
    }
    const { certificates } = await scene.authority.listCertificates({
      kind: 'responder',
      issuer: brief.keyId,
    });
    expect(certificates).toHaveLength(1);
    scene.clock.advance(60 * minuteMs);
    expect((await scene.authority.answerOcsp(der)).status).toBe('unauthorized');
    await scene.authority.prepare();
    expect((await scene.authority.status()).troubles).toEqual([]);
  });

  it('go on when a new one cannot be kept, and say so in the status', async () => {
    const path = join(scene.dir, 'responders');
    const first = await responderOf();
    await rename(path, `${path}.away`);
    await writeFile(path, 'no folder');
    scene.clock.advance(4 * dayMs);
    expect(await responderOf()).toBe(first);
    await expect
      .poll(async () => (await scene.authority.status()).troubles)
      .toMatchObject([{ code: 'STORAGE_FAILED' }]);
    expect(await responderOf()).toBe(first);
    await rm(path);
    await rename(`${path}.away`, path);
    scene.clock.advance(minuteMs);
    await responderOf();
    await expect.poll(responderOf).not.toBe(first);
  });

  it('cannot be revoked, nor can the root', async () => {
    const { certificates } = await scene.authority.listCertificates({ kind: 'responder' });
    const responder = certificates[0]?.fingerprint ?? '';
    const request = { certificate: responder, reason: 'superseded' };
    await expect(scene.authority.revoke(request)).rejects.toMatchObject({ code: 'RESPONDER_NOT_REVOCABLE' });
    const root = { certificate: scene.authority.rootCertificate.fingerprint, reason: 'superseded' };
    await expect(scene.authority.revoke(root)).rejects.toMatchObject({ code: 'ROOT_NOT_REVOCABLE' });
  });
});
