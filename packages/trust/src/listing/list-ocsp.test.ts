import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import { createOcspRequest } from '../ocsp/ocsp-request.js';
import { revoked } from '../ocsp/response-fixtures.js';
import { Scene } from '../ocsp/scene-fixtures.js';
import { listOcspRequest, listOcspResponse } from './list-ocsp.js';

let scene: Scene;
let request: Uint8Array;
beforeAll(() => {
  scene = new Scene();
  const { plugin, organization } = scene;
  const nonce = Buffer.alloc(32, 7);
  request = createOcspRequest({
    certificate: plugin.certificate,
    issuer: organization.certificate,
    nonce,
  }).der;
});
afterAll(() => scene[Symbol.dispose]());

/** Every run of hex digits of some length, as openssl prints them, too. */
const hexOf = (text: string): string[] => text.toLowerCase().match(/\b[0-9a-f]{16,}\b/g) ?? [];

describe('a listed OCSP request', () => {
  it('says what openssl reads in it', () => {
    const { authority } = scene;
    writeFileSync(authority.path('listed.der'), request);
    const openssl = authority.openssl('ocsp', '-reqin', 'listed.der', '-req_text').toString();
    const text = listOcspRequest(request);
    const [nameHash, keyHash, serial, nonce] = hexOf(text);
    expect(hexOf(openssl).slice(0, 4)).toEqual([nameHash, keyHash, serial, nonce]);
    expect(text.replace(/[0-9a-f]{16,}/g, '…')).toBe(
      [
        'OCSPRequest',
        '  requestList',
        '    reqCert',
        '      hashAlgorithm: sha1 (1.3.14.3.2.26)',
        '      issuerNameHash: …',
        '      issuerKeyHash: …',
        '      serialNumber: …',
        '  requestExtensions',
        '    nonce (1.3.6.1.5.5.7.48.1.2): …',
      ].join('\n'),
    );
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['garbage', Buffer.from('<html>')],
    ['a byte too many', () => Buffer.concat([request, Buffer.of(0)])],
    ['a byte too few', () => request.subarray(0, -1)],
  ])('is refused when it is %s', (_name, bytes) => {
    const der = typeof bytes === 'function' ? bytes() : bytes;
    expect(() => listOcspRequest(der)).toThrow(expect.objectContaining({ code: 'OCSP_MALFORMED' }));
  });
});

describe('a listed OCSP response', () => {
  it('says what openssl reads in it', () => {
    const { authority, responder, organization } = scene;
    writeFileSync(authority.path('listed.der'), request);
    const by = ['-CA', organization.certificatePath, '-rsigner', responder.certificatePath];
    const files = ['-index', 'index.txt', '-reqin', 'listed.der', '-respout', 'answer.der'];
    authority.openssl('ocsp', ...files, ...by, '-rkey', responder.keyPath, '-nmin', '60');
    const openssl = authority.openssl('ocsp', '-respin', 'answer.der', '-resp_text', '-noverify').toString();

    const text = listOcspResponse(readFileSync(authority.path('answer.der')));
    for (const [field, pattern] of [
      ['issuerNameHash', /Issuer Name Hash: (\w+)/],
      ['issuerKeyHash', /Issuer Key Hash: (\w+)/],
      ['serialNumber', /Serial Number: (\w+)/],
      ['certStatus', /Cert Status: (\w+)/],
      ['nonce (1.3.6.1.5.5.7.48.1.2)', /OCSP Nonce: *\n *(\w+)/],
    ] as const) {
      const value = pattern.exec(openssl)?.[1]?.toLowerCase();
      expect(value).toBeDefined();
      expect(text).toContain(`${field}: ${value}`);
    }
    const seconds = (pattern: RegExp) => new Date(`${pattern.exec(openssl)?.[1]}`).getTime();
    const listed = (field: string) =>
      new Date(new RegExp(`${field}: (\\S+)`).exec(text)?.[1] ?? '').getTime();
    for (const [field, pattern] of [
      ['producedAt', /Produced At: (.+)/],
      ['thisUpdate', /This Update: (.+)/],
      ['nextUpdate', /Next Update: (.+)/],
    ] as const)
      expect(listed(field)).toBe(seconds(pattern));
    expect(text).toContain(`responderID: byName ${responder.certificate.subject.text}`);
    expect(text).toContain(`certificate\n      subject: ${responder.certificate.subject.text}`);
    expect(text).toContain('signatureAlgorithm: ecdsa-with-SHA256 (1.2.840.10045.4.3.2)');
  });

  it('says since when and why something is revoked', () => {
    const answer = scene.answer({ status: revoked(new Date('2026-03-01T10:00:00Z'), 1) });
    expect(listOcspResponse(scene.signedBy(scene.responder, { answers: [answer] }))).toContain(
      [
        'certStatus: revoked',
        '          revocationTime: 2026-03-01T10:00:00Z',
        '          revocationReason: keyCompromise',
      ].join('\n'),
    );
  });

  it('is refused where it is none, with the code that accepting it would give', () => {
    expect(() => listOcspResponse(Buffer.from('oops'))).toThrow(TrustError);
    // OCSPResponse { tryLater }
    expect(() => listOcspResponse(Buffer.from('30030a0103', 'hex'))).toThrow(
      expect.objectContaining({ code: 'OCSP_NOT_SUCCESSFUL' }),
    );
  });
});
