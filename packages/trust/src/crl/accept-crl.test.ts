import { describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import {
  ca,
  cn,
  directory,
  extension,
  hex,
  name,
  newKey,
  oid,
  sequence,
  text,
  tlv,
  uri,
  validity,
} from '../certificate/forge-fixtures.js';
import {
  anchorOf,
  at,
  certSign,
  crlSign,
  type Issuer,
  leaf,
  make,
  org,
  orgCertificate,
  outcome,
  root,
  rootCertificate,
  validate,
} from '../path/path-fixtures.js';
import { isFinding } from '../revocation/finding.js';
import { acceptCrl, type CrlAcceptance } from './accept-crl.js';
import type { CertificateList } from './certificate-list.js';
import {
  type CrlWish,
  crlNumber,
  deltaFrom,
  type EntryWish,
  entryIssuer,
  fullName,
  issuingPoint,
  makeCrl,
  points,
  reason,
} from './crl-fixtures.js';

const signer = make({
  ...org,
  issuer: root,
  extensions: [ca(), extension('2.5.29.15', hex('03020106'), true)],
});
const target = leaf();
const orgCrl = (wish: Partial<CrlWish> = {}): CertificateList =>
  makeCrl({ issuer: org, extensions: [crlNumber(1)], ...wish });
const revoking = (certificate: Certificate, code = 1) => ({
  serial: certificate.serialNumber,
  extensions: [reason(code)],
});

function judge(crls: readonly CertificateList[], request: Partial<CrlAcceptance> = {}): string {
  let status = '';
  const code = outcome(() => {
    const finding = acceptCrl(crls, { certificate: target, issuer: signer, at, ...request });
    expect(isFinding(finding)).toBe(true);
    status = finding.reason === undefined ? finding.status : `${finding.status} ${finding.reason}`;
  });
  return code === 'accepted' ? status : code;
}

describe('acceptCrl', () => {
  it('finds good and revoked, and says on what it rests', () => {
    const url = 'http://a.example/crl';
    expect(acceptCrl([orgCrl()], { certificate: target, issuer: signer, at, url })).toEqual({
      certificate: target,
      status: 'good',
      source: 'crl',
      url,
      thisUpdate: new Date('2026-05-01T00:00:00Z'),
      nextUpdate: new Date('2026-07-01T00:00:00Z'),
      signer,
      crlNumber: 1n,
    });
    const finding = acceptCrl([orgCrl({ entries: [revoking(target)] })], {
      certificate: target,
      issuer: signer,
      at,
    });
    expect(finding).toMatchObject({
      status: 'revoked',
      reason: 'keyCompromise',
      revokedAt: new Date('2026-03-01T00:00:00Z'),
    });
    expect(judge([orgCrl({ entries: [{ serial: target.serialNumber }] })])).toBe('revoked unspecified');
    expect(judge([orgCrl({ entries: [revoking(target, 6)] })])).toBe('revoked certificateHold');
    expect(judge([orgCrl({ entries: [{ serial: hex('05') }] })])).toBe('good');
  });

  it('does without extensions, and in version 1', () => {
    expect(judge([makeCrl({ issuer: org })])).toBe('good');
    expect(judge([makeCrl({ issuer: org, version: hex('') })])).toBe('good');
  });

  it('refuses without a CRL by the issuer', () => {
    expect(judge([])).toBe('CRL_MISSING');
    expect(judge([makeCrl({ issuer: root })])).toBe('CRL_MISSING');
    expect(judge([orgCrl({ extensions: [crlNumber(2), deltaFrom(1)] })])).toBe('CRL_MISSING');
  });

  it('refuses by time, five minutes of skew only where a clock may be ahead', () => {
    const when = (time: string, skewMs?: number): string => judge([orgCrl()], { at: new Date(time), skewMs });
    expect(when('2026-05-01T00:00:00Z')).toBe('good');
    expect(when('2026-04-30T23:55:00Z')).toBe('good');
    expect(when('2026-04-30T23:54:59Z')).toBe('CRL_NOT_YET_VALID');
    expect(when('2026-04-30T23:59:59Z', 0)).toBe('CRL_NOT_YET_VALID');
    expect(when('2026-07-01T00:00:00Z')).toBe('good');
    expect(when('2026-07-01T00:00:01Z')).toBe('CRL_STALE');
    expect(judge([orgCrl({ nextUpdate: '' })])).toBe('CRL_STALE');
    expect(judge([orgCrl()], { at: new Date(Number.NaN) })).toBe('CRL_NOT_YET_VALID');
  });

  it('refuses critical extensions that are not known, of the CRL and of any entry', () => {
    const unknown = extension('1.2.3', hex('0500'), true);
    expect(judge([orgCrl({ extensions: [unknown] })])).toBe('CRL_CRITICAL_EXTENSION');
    expect(judge([orgCrl({ entries: [{ serial: hex('05'), extensions: [unknown] }] })])).toBe(
      'CRL_CRITICAL_EXTENSION',
    );
    expect(judge([orgCrl({ extensions: [extension('1.2.3', hex('0500'))] })])).toBe('good');
  });

  it('refuses other signatures than the issuer’s', () => {
    expect(judge([orgCrl({ issuer: { ...org, key: newKey() } })])).toBe('CRL_SIGNATURE_INVALID');
    expect(judge([orgCrl({ innerAlgorithm: sequence(oid('1.2.840.10045.4.1')) })])).toBe(
      'CRL_SIGNATURE_INVALID',
    );
    expect(judge([orgCrl()], { issuer: make({ ...org, issuer: root, extensions: [ca(), certSign] }) })).toBe(
      'CRL_ISSUER_NOT_AUTHORIZED',
    );
    expect(judge([orgCrl()], { issuer: make({ ...org, issuer: root, extensions: [ca()] }) })).toBe('good');
  });

  it('takes the newest of several', () => {
    const older = orgCrl({ thisUpdate: '260401000000Z' });
    const held = orgCrl({ thisUpdate: '260401000000Z', entries: [revoking(target, 6)] });
    const newer = orgCrl({ entries: [revoking(target)] });
    for (const crls of [
      [older, newer],
      [newer, older],
    ])
      expect(judge(crls)).toBe('revoked keyCompromise');
    expect(judge([held, orgCrl()])).toBe('good');
  });

  it('uses a good CRL beside bad ones', () => {
    const bad = [orgCrl({ nextUpdate: '260502000000Z' }), orgCrl({ issuer: { ...org, key: newKey() } })];
    expect(judge([...bad, orgCrl()])).toBe('good');
    expect(judge(bad)).toBe('CRL_SIGNATURE_INVALID');
  });
});

describe('scope (RFC 5280 6.3.3 (b))', () => {
  const scoped = (scope: Parameters<typeof issuingPoint>[0], certificate = target): string =>
    judge([orgCrl({ extensions: [issuingPoint(scope)] })], { certificate });
  const url = fullName(uri('http://a.example/crl'));

  it('counts the kinds of certificates', () => {
    expect(scoped({ onlyUser: true })).toBe('good');
    expect(scoped({ onlyCa: true })).toBe('CRL_SCOPE_MISMATCH');
    expect(scoped({ onlyAttribute: true })).toBe('CRL_SCOPE_MISMATCH');
    const sub = leaf({ extensions: [ca()] });
    expect(scoped({ onlyUser: true }, sub)).toBe('CRL_SCOPE_MISMATCH');
    expect(scoped({ onlyCa: true }, sub)).toBe('good');
  });

  it('counts the name of the distribution point', () => {
    const at1 = leaf({ extensions: [points({ name: url })] });
    expect(scoped({ name: url }, at1)).toBe('good');
    expect(scoped({ name: fullName(uri('http://b.example/crl')) }, at1)).toBe('CRL_SCOPE_MISMATCH');
    expect(scoped({ name: fullName(uri('http://b.example/'), uri('http://a.example/crl')) }, at1)).toBe(
      'good',
    );
    expect(scoped({ name: url })).toBe('CRL_SCOPE_MISMATCH');
    expect(scoped({ name: fullName(directory(org.subject)) })).toBe('good');
    expect(judge([orgCrl()], { certificate: at1 })).toBe('good');
  });

  it('reads names relative to the issuer', () => {
    const relative = tlv(0xa1, sequence(oid('2.5.4.3'), text(0x0c, 'crl-1')));
    const named = leaf({ extensions: [points({ name: relative })] });
    const full = fullName(directory(name(['2.5.4.3', 'Org'], ['2.5.4.3', 'CRL-1'])));
    expect(scoped({ name: relative }, named)).toBe('good');
    expect(scoped({ name: full }, named)).toBe('good');
    expect(scoped({ name: url }, named)).toBe('CRL_SCOPE_MISMATCH');
  });

  it('needs every reason: several CRLs may share them', () => {
    const some = orgCrl({ extensions: [issuingPoint({ reasons: '0560' })] });
    const rest = orgCrl({ extensions: [issuingPoint({ reasons: '071f80' })] });
    expect(judge([some])).toBe('CRL_SCOPE_MISMATCH');
    expect(judge([some, rest])).toBe('good');
    expect(
      judge([
        some,
        orgCrl({ extensions: [issuingPoint({ reasons: '071f80' })], entries: [revoking(target)] }),
      ]),
    ).toBe('revoked keyCompromise');
    // Revoked for one reason is revoked.
    expect(
      judge([orgCrl({ extensions: [issuingPoint({ reasons: '0560' })], entries: [revoking(target)] })]),
    ).toBe('revoked keyCompromise');
  });
});

describe('delta CRLs', () => {
  const base = orgCrl({ extensions: [crlNumber(5)] });
  const delta = (wish: Partial<CrlWish>, number = 6, from = 5): CertificateList =>
    orgCrl({ extensions: [crlNumber(number), deltaFrom(from)], ...wish });

  it('add to the complete one, and lift a hold', () => {
    const held = orgCrl({ extensions: [crlNumber(5)], entries: [revoking(target, 6)] });
    expect(judge([base, delta({ entries: [revoking(target)] })])).toBe('revoked keyCompromise');
    expect(judge([held, delta({ entries: [revoking(target, 8)] })])).toBe('good');
    expect(judge([held, delta({})])).toBe('revoked certificateHold');
    const newer = delta({ entries: [revoking(target, 8)] }, 7);
    expect(judge([held, newer, delta({ entries: [revoking(target, 1)] })])).toBe('good');
  });

  it.each<[string, CertificateList]>([
    ['for a later base', delta({ entries: [revoking(target)] }, 9, 8)],
    ['older than the base', delta({ entries: [revoking(target)] }, 5, 4)],
    ['by another key', delta({ issuer: { ...org, key: newKey() }, entries: [revoking(target)] })],
    [
      'by another key identifier',
      orgCrl({
        extensions: [crlNumber(6), deltaFrom(5), extension('2.5.29.35', hex('3003800101'))],
        entries: [revoking(target)],
      }),
    ],
    ['out of date', delta({ nextUpdate: '260502000000Z', entries: [revoking(target)] })],
    [
      'of another scope',
      orgCrl({
        extensions: [crlNumber(6), deltaFrom(5), issuingPoint({ onlyUser: true })],
        entries: [revoking(target)],
      }),
    ],
  ])('%s change nothing', (_, other) => {
    expect(judge([base, other])).toBe('good');
  });
});

describe('CRLs by another certificate', () => {
  const crlIssuer: Issuer = { subject: cn('CRL issuer'), key: newKey() };
  const crlIssuerCertificate = make({ ...crlIssuer, issuer: org, extensions: [crlSign] });
  const named = leaf({ extensions: [points({ crlIssuer: directory(crlIssuer.subject) })] });
  const about = (serial: Uint8Array): EntryWish[] => [
    { serial, extensions: [entryIssuer(directory(org.subject))] },
  ];
  const indirect = (wish: Partial<CrlWish> = {}): CertificateList =>
    makeCrl({ issuer: crlIssuer, extensions: [issuingPoint({ indirect: true })], ...wish });
  const request = (intermediates: Certificate[]): Partial<CrlAcceptance> => ({
    certificate: named,
    intermediates,
    anchors: [anchorOf(rootCertificate)],
  });
  const all = request([crlIssuerCertificate]);

  it('count when it is named, indirect, may sign CRLs, and is shown good itself', () => {
    expect(judge([indirect(), orgCrl()], all)).toBe('good');
    expect(judge([indirect({ entries: about(named.serialNumber) }), orgCrl()], all)).toBe(
      'revoked unspecified',
    );
    // The serial number alone belongs to the CRL issuer's own certificates.
    expect(judge([indirect({ entries: [{ serial: named.serialNumber }] }), orgCrl()], all)).toBe('good');
  });

  it.each<[string, CertificateList[], Partial<CrlAcceptance>, string]>([
    ['it is not indirect', [indirect({ extensions: [crlNumber(1)] })], all, 'CRL_MISSING'],
    [
      'no anchor is given',
      [indirect(), orgCrl({ extensions: [issuingPoint({ onlyCa: true })] })],
      { ...all, anchors: [] },
      'CRL_ISSUER_NOT_AUTHORIZED',
    ],
    ['its certificate is not there', [indirect()], request([]), 'CRL_ISSUER_NOT_AUTHORIZED'],
  ])('unless %s', (_, crls, wish, expected) => {
    expect(judge(crls, wish)).toBe(expected);
  });

  it('do not count from a certificate that is revoked, expired, or may not', () => {
    const rootOnly = { ...org, key: newKey() };
    const judgeBy = (certificate: Certificate, crls: CertificateList[]): string =>
      judge([indirect({ entries: about(hex('05')) }), ...crls], {
        ...request([certificate]),
        issuer: make({ ...rootOnly, issuer: root, extensions: [ca()] }),
      });
    const byRoot = (wish: object): Certificate =>
      make({ ...crlIssuer, issuer: root, extensions: [crlSign], ...wish });
    const rootCrl = (wish: Partial<CrlWish> = {}): CertificateList => makeCrl({ issuer: root, ...wish });
    const signing = byRoot({});
    expect(judgeBy(signing, [rootCrl()])).toBe('good');
    expect(judgeBy(signing, [])).toBe('CRL_ISSUER_NOT_AUTHORIZED');
    expect(judgeBy(signing, [rootCrl({ entries: [revoking(signing)] })])).toBe('CRL_ISSUER_NOT_AUTHORIZED');
    expect(judgeBy(byRoot({ extensions: [certSign] }), [rootCrl()])).toBe('CRL_ISSUER_NOT_AUTHORIZED');
    expect(judgeBy(byRoot({ extensions: [] }), [rootCrl()])).toBe('CRL_ISSUER_NOT_AUTHORIZED');
    expect(judgeBy(byRoot({ validity: validity('200101000000Z', '210101000000Z') }), [rootCrl()])).toBe(
      'CRL_ISSUER_NOT_AUTHORIZED',
    );
    expect(judgeBy(byRoot({ issuer: { ...root, key: newKey() } }), [rootCrl()])).toBe(
      'CRL_ISSUER_NOT_AUTHORIZED',
    );
  });

  it('vouch for their own signer only where its issuer said so', () => {
    const self = (wish: object): Certificate =>
      make({
        ...crlIssuer,
        issuer: org,
        extensions: [crlSign, points({ crlIssuer: directory(crlIssuer.subject) })],
        ...wish,
      });
    const own = self({});
    expect(judge([indirect()], request([own]))).toBe('good');
    expect(judge([indirect({ entries: about(own.serialNumber) })], request([own]))).toBe(
      'CRL_ISSUER_NOT_AUTHORIZED',
    );
    // A second key under the issuer's name: its CRL cannot speak for its own certificate.
    const second = { subject: org.subject, key: newKey() };
    const secondCertificate = make({ ...second, issuer: org, extensions: [crlSign] });
    const certifying = make({ ...org, issuer: root, extensions: [ca(), certSign] });
    const byItself = { ...request([secondCertificate]), certificate: target, issuer: certifying };
    expect(judge([makeCrl({ issuer: second })], byItself)).toBe('CRL_ISSUER_NOT_AUTHORIZED');
  });
});

describe('CRLs by certificates above the issuer', () => {
  const named = leaf({ extensions: [points({ crlIssuer: directory(root.subject) })] });
  const about = { certificate: named, issuer: orgCertificate, at };
  const above = [rootCertificate];
  const entry = { serial: named.serialNumber, extensions: [entryIssuer(directory(org.subject))] };
  const byRoot = (wish: Partial<CrlWish> = {}): CertificateList =>
    makeCrl({ issuer: root, extensions: [issuingPoint({ indirect: true })], ...wish });

  it('speak where the certificate names them', () => {
    expect(judge([byRoot()], { ...about, above })).toBe('good');
    expect(judge([byRoot({ entries: [entry] })], { ...about, above })).toBe('revoked unspecified');
    expect(judge([byRoot()], about)).toBe('CRL_ISSUER_NOT_AUTHORIZED');
  });

  it('and not otherwise', () => {
    expect(judge([byRoot()], { ...about, certificate: leaf(), above })).toBe('CRL_MISSING');
    expect(judge([byRoot({ extensions: [crlNumber(1)] })], { ...about, above })).toBe('CRL_MISSING');
    const impostor = { subject: root.subject, key: newKey() };
    expect(judge([byRoot({ issuer: impostor })], { ...about, above })).toBe('CRL_SIGNATURE_INVALID');
    const silent = make({ ...root, extensions: [ca(), certSign] });
    expect(judge([byRoot()], { ...about, above: [silent] })).toBe('CRL_ISSUER_NOT_AUTHORIZED');
  });
});

describe('CRLs in validatePath', () => {
  const path = (crls: CertificateList[]): string =>
    outcome(() => validate(target, { intermediates: [signer], crls }));
  const rootCrl = makeCrl({ issuer: root });

  it('are asked about every certificate below the anchor', () => {
    expect(path([orgCrl(), rootCrl])).toBe('accepted');
    expect(path([orgCrl()])).toBe('CRL_MISSING');
    expect(path([rootCrl])).toBe('CRL_MISSING');
    expect(path([orgCrl({ entries: [revoking(target)] }), rootCrl])).toBe('CERTIFICATE_REVOKED');
    expect(path([orgCrl(), makeCrl({ issuer: root, entries: [revoking(signer)] })])).toBe(
      'CERTIFICATE_REVOKED',
    );
    expect(
      outcome(() => validate(target, { crls: [orgCrl(), rootCrl], intermediates: [orgCertificate] })),
    ).toBe('CRL_ISSUER_NOT_AUTHORIZED');
  });
});
