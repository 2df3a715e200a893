import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caExtensions, type Issued, OpensslAuthority } from './authority-fixtures.js';
import { createOcspRequest } from './ocsp-request.js';

const authority = new OpensslAuthority();
afterAll(() => authority[Symbol.dispose]());

let root: Issued;
let plugin: Issued;
beforeAll(() => {
  root = authority.issue({ name: 'root', extensions: caExtensions });
  plugin = authority.issue({ name: 'plugin', issuer: root });
});

const read = (der: Uint8Array) => {
  writeFileSync(authority.path('request.der'), der);
  return authority.openssl('ocsp', '-reqin', 'request.der', '-req_text').toString();
};

describe('createOcspRequest', () => {
  it.each(['sha1', 'sha256'] as const)('asks exactly what openssl asks, %s', (hash) => {
    const { der } = createOcspRequest({ certificate: plugin.certificate, issuer: root.certificate, hash });
    const asked = [`-${hash}`, '-issuer', root.certificatePath, '-cert', plugin.certificatePath];
    authority.openssl('ocsp', '-no_nonce', ...asked, '-reqout', 'theirs.der');
    const theirs = authority.openssl('asn1parse', '-inform', 'DER', '-in', 'theirs.der');
    writeFileSync(authority.path('ours.der'), der);
    expect(authority.openssl('asn1parse', '-inform', 'DER', '-in', 'ours.der').toString()).toBe(
      theirs.toString(),
    );
  });

  it.each([1, 16, 32])('carries a nonce of %i octets as an OCTET STRING in the extension', (length) => {
    const nonce = Buffer.alloc(length, 0xab);
    const asked = { certificate: plugin.certificate, issuer: root.certificate };
    const { der, nonceExtensionValue } = createOcspRequest({ ...asked, nonce });
    expect(nonceExtensionValue).toEqual(Buffer.concat([Buffer.of(0x04, length), nonce]));
    const text = read(der);
    expect(text).toContain('OCSP Nonce');
    expect(text.replace(/[\s:]/g, '')).toContain(
      `04${length.toString(16).padStart(2, '0')}${'AB'.repeat(length)}`,
    );
    expect(createOcspRequest(asked).nonceExtensionValue).toBeUndefined();
    expect(read(createOcspRequest(asked).der)).not.toContain('Nonce');
  });

  it.each([0, 33])('refuses a nonce of %i octets', (length) => {
    const asked = { certificate: plugin.certificate, issuer: root.certificate, nonce: Buffer.alloc(length) };
    expect(() => createOcspRequest(asked)).toThrow(RangeError);
  });
});
