import { describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import {
  bitString,
  ca,
  cn,
  type Der,
  ecdsaSha256,
  extension,
  hex,
  integer,
  name,
  newKey,
  oid,
  sequence,
  tlv,
  validity,
} from '../certificate/forge-fixtures.js';
import { TrustError } from '../error.js';
import {
  anchorOf,
  at,
  certSign,
  crlSign,
  leaf,
  leafKey,
  make,
  org,
  orgCertificate,
  orgKey,
  outcome,
  root,
  rootCertificate,
  validate,
} from './path-fixtures.js';

const code = (target: Certificate, request?: Parameters<typeof validate>[1]): string =>
  outcome(() => validate(target, request));
const unknownCritical = extension('1.2.3', hex('0500'), true);
const byOrg = (extensions: Der[]): Certificate => make({ ...org, issuer: root, extensions });
const underOrg = (extensions: Der[]): string => code(leaf(), { intermediates: [byOrg(extensions)] });
const underRoot = (anchor: Certificate): string => code(leaf(), { anchors: [anchorOf(anchor)] });

describe('a path that holds', () => {
  it('is returned target first, anchor last', () => {
    const target = leaf();
    const { path, anchor, policies } = validate(target);
    expect(path).toEqual([target, orgCertificate, rootCertificate]);
    expect(anchor.certificate).toBe(rootCertificate);
    expect([...policies]).toEqual([]);
    expect(Object.isFrozen(path)).toBe(true);
  });

  it('needs no more than it needs', () => {
    expect(code(make({ subject: cn('x'), key: leafKey, issuer: root }), { intermediates: [] })).toBe(
      'accepted',
    );
    expect(code(leaf({ version: hex('') }))).toBe('accepted');
  });

  it('may chain by names that are equal but not the same bytes', () => {
    const issuer = { subject: name(['2.5.4.3', ' ORG ', 0x13]), key: orgKey };
    expect(code(leaf({ issuer }))).toBe('accepted');
  });
});

describe('no path', () => {
  it('without an anchor', () => {
    expect(code(leaf(), { anchors: [] })).toBe('NO_TRUST_ANCHOR');
  });

  it('where an issuer is missing, has another name, or no anchor is above it', () => {
    expect(code(leaf(), { intermediates: [] })).toBe('PATH_NOT_FOUND');
    expect(code(leaf({ issuer: { subject: cn('Other'), key: orgKey } }))).toBe('PATH_NOT_FOUND');
    const foreign = make({ ...root, key: newKey(), subject: cn('Foreign'), extensions: [ca()] });
    expect(underRoot(foreign)).toBe('PATH_NOT_FOUND');
    expect(code(leaf({ issuer: { subject: sequence(), key: orgKey } }))).toBe('PATH_NOT_FOUND');
  });

  it('never by a root that only the bundle holds', () => {
    const selfMade = { subject: cn('Self-made'), key: newKey() };
    const bundle = [make({ ...selfMade, extensions: [ca()] })];
    expect(code(leaf({ issuer: selfMade }), { intermediates: bundle })).toBe('PATH_NOT_FOUND');
  });
});

describe('signatures', () => {
  it('by another key than the issuer’s are refused', () => {
    expect(code(leaf({ issuer: { ...org, key: newKey() } }))).toBe('CERTIFICATE_SIGNATURE_INVALID');
    expect(underRoot(make({ ...root, key: newKey(), extensions: [ca()] }))).toBe(
      'CERTIFICATE_SIGNATURE_INVALID',
    );
  });

  it('changed by one bit are refused', () => {
    const signature = Buffer.from(leaf().signature);
    signature[20] = (signature[20] ?? 0) ^ 1;
    expect(code(leaf({ signatureBits: bitString(signature) }))).toBe('CERTIFICATE_SIGNATURE_INVALID');
  });

  it.each([
    ['SHA-1 with ECDSA', sequence(oid('1.2.840.10045.4.1'))],
    ['SHA-1 with RSA', sequence(oid('1.2.840.113549.1.1.5'), hex('0500'))],
    ['MD5 with RSA', sequence(oid('1.2.840.113549.1.1.4'), hex('0500'))],
    ['SHA-224 with ECDSA', sequence(oid('1.2.840.10045.4.3.1'))],
    ['ECDSA with parameters', sequence(oid('1.2.840.10045.4.3.2'), hex('0500'))],
    ['PSS with its SHA-1 defaults', sequence(oid('1.2.840.113549.1.1.10'), sequence())],
    ['an algorithm nobody knows', sequence(oid('1.2.3.4'))],
  ])('of %s are refused', (_, innerAlgorithm) => {
    expect(code(leaf({ innerAlgorithm }))).toBe('SIGNATURE_ALGORITHM_UNSUPPORTED');
    const intermediate = make({ ...org, issuer: root, innerAlgorithm, extensions: [ca()] });
    expect(code(leaf(), { intermediates: [intermediate] })).toBe('SIGNATURE_ALGORITHM_UNSUPPORTED');
  });

  it('of an algorithm for another kind of key are refused', () => {
    const innerAlgorithm = sequence(oid('1.2.840.113549.1.1.11'), hex('0500'));
    expect(code(leaf({ innerAlgorithm }))).toBe('CERTIFICATE_SIGNATURE_INVALID');
  });

  it('of the anchor itself are not judged', () => {
    const weak = make({
      ...root,
      innerAlgorithm: sequence(oid('1.2.840.113549.1.1.5'), hex('0500')),
      extensions: [ca()],
    });
    expect(underRoot(weak)).toBe('accepted');
    expect(
      underRoot(
        make({
          ...root,
          innerAlgorithm: ecdsaSha256,
          signatureBits: bitString(hex('00')),
          extensions: [ca()],
        }),
      ),
    ).toBe('accepted');
  });
});

describe('keys', () => {
  const rsa = (modulus: Buffer): Buffer =>
    sequence(
      sequence(oid('1.2.840.113549.1.1.1'), hex('0500')),
      bitString(sequence(tlv(0x02, hex('00'), modulus), integer(1, 0, 1))),
    );

  it.each([
    ['an RSA key of 1024 bits', rsa(Buffer.alloc(128, 0xff)), 'KEY_TOO_WEAK'],
    ['an RSA key of 2047 bits', rsa(Buffer.concat([hex('ff'), Buffer.alloc(254, 0xff)])), 'KEY_TOO_WEAK'],
    ['an RSA key of 16400 bits', rsa(Buffer.alloc(2_050, 0xff)), 'KEY_UNSUPPORTED'],
    ['a DSA key', sequence(sequence(oid('1.2.840.10040.4.1')), bitString(integer(1))), 'KEY_UNSUPPORTED'],
    ['a key on secp256k1', newKey('secp256k1').spki, 'KEY_UNSUPPORTED'],
    [
      'a point off the curve',
      sequence(
        sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
        bitString(Buffer.concat([hex('04'), Buffer.alloc(64, 1)])),
      ),
      'KEY_UNSUPPORTED',
    ],
  ])('%s cannot issue', (_, spki, expected) => {
    const issuer = make({ ...org, issuer: root, spki, extensions: [ca()] });
    expect(code(leaf(), { intermediates: [issuer] })).toBe(expected);
    if (expected === 'KEY_TOO_WEAK') expect(code(leaf({ spki }))).toBe(expected);
  });

  it.each(['P-384', 'P-521'])('on %s are good', (curve) => {
    const own = { ...org, key: newKey(curve) };
    const issuer = make({ ...own, issuer: root, extensions: [ca()] });
    expect(code(leaf({ issuer: own }), { intermediates: [issuer] })).toBe('accepted');
  });
});

describe('validity (RFC 5280 6.1.3 (a) (2))', () => {
  const window = validity('260101000000Z', '260102000000Z');
  const when = (time: string): { at: Date } => ({ at: new Date(time) });
  const all = (target: Certificate, intermediate: Certificate, anchor: Certificate, time: string): string =>
    code(target, { intermediates: [intermediate], anchors: [anchorOf(anchor)], ...when(time) });

  it.each(['target', 'intermediate', 'anchor'] as const)('of the %s counts to the second', (which) => {
    const chain = [
      leaf(which === 'target' ? { validity: window } : {}),
      which === 'intermediate'
        ? make({ ...org, issuer: root, validity: window, extensions: [ca()] })
        : orgCertificate,
      which === 'anchor' ? make({ ...root, validity: window, extensions: [ca()] }) : rootCertificate,
    ] as const;
    expect(all(...chain, '2026-01-01T00:00:00Z')).toBe('accepted');
    expect(all(...chain, '2026-01-02T00:00:00Z')).toBe('accepted');
    expect(all(...chain, '2026-01-02T00:00:01Z')).toBe('CERTIFICATE_EXPIRED');
    expect(all(...chain, '2025-12-31T23:59:59Z')).toBe('CERTIFICATE_NOT_YET_VALID');
  });

  it('refuses at an instant that is none', () => {
    expect(code(leaf(), { at: new Date(Number.NaN) })).toBe('CERTIFICATE_NOT_YET_VALID');
  });
});

describe('issuers', () => {
  it('below the anchor need basicConstraints with cA', () => {
    expect(underOrg([])).toBe('ISSUER_NOT_A_CA');
    expect(underOrg([certSign])).toBe('ISSUER_NOT_A_CA');
    expect(underOrg([extension('2.5.29.19', sequence(), true)])).toBe('ISSUER_NOT_A_CA');
    expect(code(leaf(), { intermediates: [make({ ...org, issuer: root, version: hex('') })] })).toBe(
      'ISSUER_NOT_A_CA',
    );
    const selfIssued = make({ ...root, key: orgKey, issuer: root });
    expect(code(leaf({ issuer: { ...root, key: orgKey } }), { intermediates: [selfIssued] })).toBe(
      'ISSUER_NOT_A_CA',
    );
  });

  it('given as anchor need none when self-signed, of version 1, or with serial number 0', () => {
    expect(underRoot(make({ ...root }))).toBe('accepted');
    expect(underRoot(make({ ...root, version: hex('') }))).toBe('accepted');
    expect(underRoot(make({ ...root, version: hex(''), issuer: { ...root, subject: cn('Above') } }))).toBe(
      'accepted',
    );
    expect(underRoot(make({ ...root, serial: integer(0) }))).toBe('accepted');
  });

  it('given as anchor are refused with cA FALSE, or without basicConstraints when another issued them', () => {
    expect(underRoot(make({ ...root, extensions: [extension('2.5.29.19', sequence(), true)] }))).toBe(
      'ISSUER_NOT_A_CA',
    );
    expect(underRoot(make({ ...root, issuer: { ...root, subject: cn('Above') } }))).toBe('ISSUER_NOT_A_CA');
  });

  it('need a name', () => {
    const nameless = { subject: sequence(), key: orgKey };
    const intermediates = [make({ ...nameless, issuer: root, extensions: [ca()] })];
    expect(code(leaf({ issuer: nameless }), { intermediates })).toBe('PATH_NOT_FOUND');
  });

  it('need keyCertSign where key usage is stated, the anchor too', () => {
    expect(underOrg([ca(), crlSign])).toBe('ISSUER_KEY_USAGE_FORBIDS');
    expect(underOrg([ca()])).toBe('accepted');
    expect(underRoot(make({ ...root, extensions: [ca(), crlSign] }))).toBe('ISSUER_KEY_USAGE_FORBIDS');
  });

  it('limit the path below them; self-issued certificates and the last do not count', () => {
    const sub = { subject: cn('Sub'), key: newKey() };
    const subCertificate = make({ ...sub, issuer: org, extensions: [ca()] });
    const target = leaf({ issuer: sub });
    const with0 = byOrg([ca(0)]);
    expect(code(target, { intermediates: [subCertificate, with0] })).toBe('PATH_TOO_LONG');
    expect(code(target, { intermediates: [subCertificate, byOrg([ca(1)])] })).toBe('accepted');
    const anchors = [anchorOf(make({ ...root, extensions: [ca(1)] }))];
    expect(code(target, { intermediates: [subCertificate, byOrg([ca(9)])], anchors })).toBe('PATH_TOO_LONG');
    const rolled = { ...org, key: newKey() };
    const selfIssued = make({ ...rolled, issuer: org, extensions: [ca()] });
    expect(code(leaf({ issuer: rolled }), { intermediates: [selfIssued, with0] })).toBe('accepted');
    expect(code(leaf({ extensions: [ca()] }), { intermediates: [with0] })).toBe('accepted');
  });
});

describe('critical extensions that are not known', () => {
  it('are refused on target, intermediate and anchor', () => {
    expect(code(leaf({ extensions: [unknownCritical] }))).toBe('CRITICAL_EXTENSION_UNKNOWN');
    expect(underOrg([ca(), unknownCritical])).toBe('CRITICAL_EXTENSION_UNKNOWN');
    expect(underRoot(make({ ...root, extensions: [ca(), unknownCritical] }))).toBe(
      'CRITICAL_EXTENSION_UNKNOWN',
    );
    expect(code(leaf({ extensions: [extension('1.2.3', hex('0500'))] }))).toBe('accepted');
  });

  it('include those that must never be critical', () => {
    const keyIdentifier = extension('2.5.29.14', hex('040101'), true);
    expect(code(leaf({ extensions: [keyIdentifier] }))).toBe('CRITICAL_EXTENSION_UNKNOWN');
  });
});

describe('serial numbers (RFC 5280 4.1.2.2)', () => {
  it.each([
    ['0', integer(0)],
    ['negative', integer(0xff)],
  ])('%s are refused below the anchor', (_, serial) => {
    expect(code(leaf({ serial }))).toBe('CERTIFICATE_SERIAL_INVALID');
    const intermediate = make({ ...org, issuer: root, serial, extensions: [ca()] });
    expect(code(leaf(), { intermediates: [intermediate] })).toBe('CERTIFICATE_SERIAL_INVALID');
  });
});

describe('a target that is an anchor', () => {
  const own = make({
    subject: cn('Own'),
    key: leafKey,
    extensions: [extension('2.5.29.19', sequence(), true)],
  });
  const asAnchor = (certificate: Certificate): string =>
    code(certificate, { anchors: [anchorOf(certificate)], intermediates: [] });

  it('is a path of one', () => {
    expect(asAnchor(own)).toBe('accepted');
    expect(validate(own, { anchors: [anchorOf(rootCertificate), anchorOf(own)] }).path).toEqual([own]);
  });

  it('is still judged by its period, key and extensions', () => {
    expect(code(own, { anchors: [anchorOf(own)], at: new Date('2030-01-01') })).toBe('CERTIFICATE_EXPIRED');
    expect(asAnchor(make({ subject: cn('Own'), key: leafKey, extensions: [unknownCritical] }))).toBe(
      'CRITICAL_EXTENSION_UNKNOWN',
    );
  });
});

describe('building', () => {
  it('steps back from certificates that look right and are not', () => {
    const twin = (wish: object): Certificate => make({ ...org, issuer: root, extensions: [ca()], ...wish });
    const decoys = [
      twin({ key: newKey() }),
      twin({ validity: validity('200101000000Z', '210101000000Z') }),
      twin({ extensions: [] }),
      twin({ issuer: { ...root, key: newKey() } }),
      twin({ extensions: [ca(), unknownCritical] }),
    ];
    expect(code(leaf(), { intermediates: [...decoys, orgCertificate] })).toBe('accepted');
    expect(code(leaf(), { intermediates: decoys })).not.toBe('accepted');
  });

  it('takes the anchor that holds where several have the name', () => {
    const others = [
      make({ ...root, key: newKey(), extensions: [ca()] }),
      make({ ...root, extensions: [ca(), unknownCritical] }),
    ];
    const anchors = [...others, rootCertificate].map(anchorOf);
    expect(validate(leaf(), { anchors }).anchor.certificate).toBe(rootCertificate);
  });

  it('looks at key identifiers first, and past them', () => {
    const keyId = (octets: string): Buffer => extension('2.5.29.14', tlv(0x04, hex(octets)));
    const authorityKeyId = extension('2.5.29.35', sequence(tlv(0x80, hex('01'))));
    const lying = byOrg([ca(), keyId('02')]);
    const target = leaf({ extensions: [authorityKeyId] });
    expect(code(target, { intermediates: [lying] })).toBe('accepted');
    const { path } = validate(target, { intermediates: [lying, byOrg([ca(), keyId('01')])] });
    expect(path[1]?.subjectKeyIdentifier).toEqual(Uint8Array.of(1));
  });

  it('names the certificate concerned', () => {
    try {
      validate(leaf(), { intermediates: [byOrg([])] });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TrustError);
      expect(error).toMatchObject({ code: 'ISSUER_NOT_A_CA', certificate: 'CN=Org' });
    }
  });

  it('gives the reason of the path that came furthest', () => {
    const expired = make({
      ...org,
      issuer: root,
      validity: validity('200101000000Z', '210101000000Z'),
      extensions: [ca()],
    });
    const decoy = make({ ...org, key: newKey(), issuer: root, extensions: [ca()] });
    expect(code(leaf(), { intermediates: [decoy, expired] })).toBe('CERTIFICATE_EXPIRED');
    const tooShort = make({ ...root, extensions: [ca(0)] });
    expect(code(leaf(), { intermediates: [expired, orgCertificate], anchors: [anchorOf(tooShort)] })).toBe(
      'PATH_TOO_LONG',
    );
  });

  it('gives the reason at an anchor before one further up', () => {
    const above = { subject: cn('Above'), key: newKey() };
    const intermediates = [
      make({ ...org, issuer: above, extensions: [ca()] }),
      make({
        ...above,
        issuer: root,
        validity: validity('200101000000Z', '210101000000Z'),
        extensions: [ca()],
      }),
    ];
    expect(code(leaf(), { intermediates })).toBe('CERTIFICATE_EXPIRED');
    const anchors = [rootCertificate, make({ ...org, extensions: [ca(), unknownCritical] })].map(anchorOf);
    expect(code(leaf(), { intermediates, anchors })).toBe('CRITICAL_EXTENSION_UNKNOWN');
  });

  it('stops at the budget it is given', () => {
    expect(code(leaf(), { budget: { steps: 1 } })).toBe('PATH_BUDGET_EXHAUSTED');
    expect(code(leaf(), { budget: { signatureChecks: 1 } })).toBe('PATH_BUDGET_EXHAUSTED');
    expect(code(leaf(), { budget: { steps: 2, signatureChecks: 2 } })).toBe('accepted');
  });

  it('does not mind its request', () => {
    expect(
      code(leaf(), { intermediates: [orgCertificate, orgCertificate, rootCertificate, leaf()], at }),
    ).toBe('accepted');
  });
});
