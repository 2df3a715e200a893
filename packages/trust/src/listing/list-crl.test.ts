import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { crlNumber, forgeCrl, reason } from '../crl/crl-fixtures.js';
import { org } from '../path/path-fixtures.js';
import { listCrl } from './list-crl.js';

describe('a listed CRL', () => {
  const serial = (value: number): Buffer => Buffer.of(0x10, value);
  const entries = Array.from({ length: 20 }, (_, index) => ({
    serial: serial(index),
    extensions: index === 0 ? [reason(1)] : [],
  }));
  const der = forgeCrl({ issuer: org, entries, extensions: [crlNumber(7)] });

  it('says its fields and its first entries, as openssl reads them', () => {
    expect(listCrl(der).split('\n').slice(0, 9)).toEqual([
      'CertificateList',
      '  version: v2',
      '  issuer: CN=Org',
      '  thisUpdate: 2026-05-01T00:00:00Z',
      '  nextUpdate: 2026-07-01T00:00:00Z',
      '  revokedCertificates: 20',
      '    userCertificate: 1000',
      '      revocationDate: 2026-03-01T00:00:00Z',
      '      reasonCode: keyCompromise',
    ]);
    expect(listCrl(der)).toContain(
      '\n    userCertificate: 100f\n      revocationDate: 2026-03-01T00:00:00Z\n    4 more\n',
    );
    expect(listCrl(der)).toContain(
      '  crlExtensions\n    cRLNumber (2.5.29.20): 020107\n  signatureAlgorithm: ',
    );
    const openssl = execFileSync('openssl', ['crl', '-inform', 'DER', '-noout', '-text'], {
      input: der,
    }).toString();
    expect(openssl).toContain('Serial Number: 1000');
    expect(openssl).toContain('Last Update: May  1 00:00:00 2026 GMT');
    expect(openssl.match(/Serial Number/g)).toHaveLength(20);
  });

  it('without entries and without nextUpdate has no lines for them', () => {
    const text = listCrl(forgeCrl({ issuer: org, nextUpdate: '', version: Buffer.alloc(0) }));
    expect(text).toContain('  version: v1');
    expect(text).toContain('  revokedCertificates: 0\n  signatureAlgorithm');
    expect(text).not.toContain('nextUpdate');
  });

  it('is refused where it is none', () => {
    expect(() => listCrl(der.subarray(0, -1))).toThrow(expect.objectContaining({ code: 'CRL_MALFORMED' }));
  });
});
