import { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import { Certificate as PeculiarCertificate } from '@peculiar/asn1-x509';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import { caExtensions, OpensslCa } from '../verdict/openssl-fixtures.js';
import {
  address,
  altNames,
  bitString,
  ca,
  cn,
  type Der,
  directory,
  dns,
  ecdsaSha256,
  extension,
  type Forgery,
  forge,
  hex,
  integer,
  isTrue,
  nameConstraints,
  newKey,
  octetString,
  oid,
  otherName,
  policies,
  sequence,
  text,
  tlv,
  uri,
  validity,
} from './forge-fixtures.js';
import { parseCertificate } from './parse-certificate.js';

const key = newKey();
const plain: Forgery = { subject: cn('Example'), key };
const cut = hex('');

function codeOf(der: Uint8Array): string {
  try {
    parseCertificate(der);
    return 'read';
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return error.code;
  }
}

const withExtension = (type: string, value: Der, critical = false): Buffer =>
  forge({ ...plain, extensions: [extension(type, value, critical)] });

describe('what openssl makes', () => {
  it('is read as openssl and two other readers read it', async () => {
    await using authority = await OpensslCa.create();
    const root = await authority.issue({
      subject: '/O=Süd, Nord & Co/CN=Exämple "Root"',
      keyType: 'P-256',
      extensions: [...caExtensions, 'subjectKeyIdentifier = hash'],
    });
    const { certificate } = await authority.issue({
      subject: '/CN=Example',
      issuer: root,
      extensions: [
        'basicConstraints = critical, CA:TRUE, pathlen:3',
        'keyUsage = critical, digitalSignature, cRLSign, decipherOnly, keyAgreement',
        'extendedKeyUsage = codeSigning, 1.2.3.4',
        'subjectKeyIdentifier = hash',
        'authorityKeyIdentifier = keyid',
        'authorityInfoAccess = OCSP;URI:http://a.example/ocsp, caIssuers;URI:http://a.example/ca, OCSP;URI:http://b.example/ocsp',
        'crlDistributionPoints = URI:http://a.example/crl',
        'subjectAltName = DNS:a.example, email:a@a.example, IP:192.0.2.1, URI:https://a.example/',
        'nameConstraints = permitted;DNS:example, excluded;IP:192.0.2.0/255.255.255.0',
        'certificatePolicies = 1.2.3.4, 1.2.3.5',
        'policyConstraints = requireExplicitPolicy:2, inhibitPolicyMapping:1',
        'inhibitAnyPolicy = 4',
        'noCheck = ignored',
      ],
    });
    const node = new X509Certificate(certificate.der);
    const peculiar = AsnConvert.parse(certificate.der, PeculiarCertificate);
    expect(root.certificate.subject.text).toBe('CN=Exämple \\"Root\\",O=Süd\\, Nord & Co');
    expect(certificate.issuer.attributes).toEqual([
      { type: '2.5.4.10', value: 'Süd, Nord & Co' },
      { type: '2.5.4.3', value: 'Exämple "Root"' },
    ]);
    expect(certificate.fingerprint.toUpperCase()).toBe(node.fingerprint256.replaceAll(':', ''));
    expect(Buffer.from(certificate.serialNumber).toString('hex').replace(/^00/, '').toUpperCase()).toBe(
      node.serialNumber,
    );
    expect(certificate.notBefore).toEqual(new Date(node.validFrom));
    expect(certificate.notAfter).toEqual(new Date(node.validTo));
    expect(Buffer.from(certificate.publicKey.spki)).toEqual(
      node.publicKey.export({ type: 'spki', format: 'der' }),
    );
    expect(certificate.publicKey.modulusBits).toBe(2048);
    expect(Buffer.from(certificate.tbs)).toEqual(Buffer.from(AsnConvert.serialize(peculiar.tbsCertificate)));
    expect([...certificate.extensions.keys()]).toEqual(
      peculiar.tbsCertificate.extensions?.map(({ extnID }) => extnID),
    );
    expect(certificate.basicConstraints).toEqual({ cA: true, pathLength: 3 });
    expect([...(certificate.keyUsage ?? [])]).toEqual([
      'digitalSignature',
      'keyAgreement',
      'cRLSign',
      'decipherOnly',
    ]);
    expect([...(certificate.extendedKeyUsage ?? [])]).toEqual(node.keyUsage);
    expect(certificate.authorityKeyIdentifier).toEqual(root.certificate.subjectKeyIdentifier);
    expect(certificate.ocspUrls).toEqual(['http://a.example/ocsp', 'http://b.example/ocsp']);
    expect(certificate.crlUrls).toEqual(['http://a.example/crl']);
    expect(certificate.ocspNoCheck).toBe(true);
    expect(certificate.subjectAltNames?.map(({ form }) => form)).toEqual(['dns', 'email', 'ip', 'uri']);
    expect([...(certificate.certificatePolicies ?? [])]).toEqual(['1.2.3.4', '1.2.3.5']);
    expect(certificate.policyConstraints).toEqual({ requireExplicitPolicy: 2, inhibitPolicyMapping: 1 });
    expect(certificate.inhibitAnyPolicy).toBe(4);
    expect(Object.isFrozen(certificate)).toBe(true);
  });

  it('cannot be changed behind the judge', () => {
    const der = forge(plain);
    const certificate = parseCertificate(der);
    der.fill(0);
    expect(certificate.subject.text).toBe('CN=Example');
    expect(certificate.der[0]).toBe(0x30);
  });
});

describe('the certificate itself', () => {
  it.each<[string, Buffer]>([
    ['nothing at all', Buffer.alloc(0)],
    ['bytes behind the certificate', Buffer.concat([forge(plain), hex('00')])],
    ['an element too many outside', forge({ ...plain, extraOuter: hex('0500') })],
    ['an element too many inside', forge({ ...plain, extraTbs: hex('0500') })],
    ['version 1 encoded', forge({ ...plain, version: hex('a003020100') })],
    ['version 4', forge({ ...plain, version: hex('a003020103') })],
    ['extensions in version 1', forge({ ...plain, version: cut, extensions: [ca()] })],
    ['extensions in version 2', forge({ ...plain, version: hex('a003020101'), extensions: [ca()] })],
    ['a unique identifier in version 1', forge({ ...plain, version: cut, extraTbs: hex('81020000') })],
    ['an empty list of extensions', forge({ ...plain, explicitExtensions: hex('a3023000') })],
    ['a serial number of 21 octets', forge({ ...plain, serial: integer(...new Array<number>(21).fill(1)) })],
    ['a serial number that is not minimal', forge({ ...plain, serial: integer(0, 1) })],
    ['a signature of odd bits', forge({ ...plain, signatureBits: bitString(hex('80'), 7) })],
    ['a date that does not exist', forge({ ...plain, validity: validity('260230000000Z') })],
    ['a date without seconds', forge({ ...plain, validity: validity('2601010000Z') })],
    [
      'a date that is text',
      forge({ ...plain, validity: sequence(text(0x0c, '260101000000Z'), text(0x17, '270101000000Z')) }),
    ],
    ['an empty RDN', forge({ ...plain, subject: sequence(hex('3100')) })],
    [
      'an RDN out of order',
      forge({
        ...plain,
        subject: sequence(
          tlv(0x31, sequence(oid('2.5.4.10'), text(0x0c, 'b')), sequence(oid('2.5.4.3'), text(0x0c, 'a'))),
        ),
      }),
    ],
    [
      'an attribute that is not UTF-8',
      forge({ ...plain, subject: sequence(tlv(0x31, sequence(oid('2.5.4.3'), hex('0c02c328')))) }),
    ],
    ['an attribute of 3,000 letters', forge({ ...plain, subject: cn('a'.repeat(3_000)) })],
    [
      'an RSA key with parameters left out',
      forge({
        ...plain,
        spki: sequence(sequence(oid('1.2.840.113549.1.1.1')), bitString(sequence(integer(3), integer(3)))),
      }),
    ],
    [
      'an RSA key with exponent 1',
      forge({
        ...plain,
        spki: sequence(
          sequence(oid('1.2.840.113549.1.1.1'), hex('0500')),
          bitString(sequence(integer(5), integer(1))),
        ),
      }),
    ],
    [
      'a point of the wrong length',
      forge({
        ...plain,
        spki: sequence(
          sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
          bitString(hex('0401')),
        ),
      }),
    ],
    [
      'an Ed25519 key with parameters',
      forge({
        ...plain,
        spki: sequence(sequence(oid('1.3.101.112'), hex('0500')), bitString(Buffer.alloc(32))),
      }),
    ],
  ])('with %s is malformed', (_, der) => {
    expect(codeOf(der)).toBe('CERTIFICATE_MALFORMED');
  });

  it('with different algorithms inside and outside is refused, parameters included', () => {
    const sha384 = sequence(oid('1.2.840.10045.4.3.3'));
    expect(codeOf(forge({ ...plain, outerAlgorithm: sha384 }))).toBe('CERTIFICATE_ALGORITHMS_DISAGREE');
    const withNull = sequence(oid('1.2.840.10045.4.3.2'), hex('0500'));
    expect(codeOf(forge({ ...plain, innerAlgorithm: ecdsaSha256, outerAlgorithm: withNull }))).toBe(
      'CERTIFICATE_ALGORITHMS_DISAGREE',
    );
  });

  it('may be version 1, have any name, any kind of key, and serial number 0', () => {
    const unknownKey = sequence(sequence(oid('1.2.840.10040.4.1')), bitString(hex('00')));
    const certificate = parseCertificate(
      forge({ ...plain, version: cut, subject: sequence(), spki: unknownKey, serial: integer(0) }),
    );
    expect(certificate).toMatchObject({ version: 1, publicKey: { algorithm: '1.2.840.10040.4.1' } });
    expect(certificate.subject.text).toBe('');
  });

  it('is read up to a size and a number of elements', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => extension(`1.2.3.${index}`, hex('')));
    expect(codeOf(forge({ ...plain, extensions: many }))).toBe('CERTIFICATE_MALFORMED');
    expect(codeOf(forge({ ...plain, extensions: many.slice(0, 5_000) }))).toBe('read');
    expect(codeOf(withExtension('1.2.3', Buffer.alloc(1 << 20)))).toBe('CERTIFICATE_MALFORMED');
    let nested: Buffer = hex('0500');
    for (let depth = 0; depth < 5_000; depth += 1) nested = tlv(0x30, nested);
    expect(codeOf(nested)).toBe('CERTIFICATE_MALFORMED');
  });
});

const everyName = otherName('1.2.3', hex('0500'));

describe('extensions', () => {
  it('standing twice are refused', () => {
    expect(codeOf(forge({ ...plain, extensions: [ca(), ca()] }))).toBe('CERTIFICATE_EXTENSION_DUPLICATE');
  });

  it('with critical FALSE encoded are malformed', () => {
    const explicit = sequence(oid('1.2.3'), hex('010100'), octetString(hex('0500')));
    expect(codeOf(forge({ ...plain, extensions: [explicit] }))).toBe('CERTIFICATE_MALFORMED');
  });

  it('that are not known here may hold anything', () => {
    expect(codeOf(withExtension('1.2.3', hex('3080')))).toBe('read');
  });

  it.each<[string, string, Der]>([
    ['basicConstraints with cA FALSE encoded', '2.5.29.19', sequence(hex('010100'))],
    ['basicConstraints in the wrong order', '2.5.29.19', sequence(integer(0), isTrue)],
    ['basicConstraints with an element too many', '2.5.29.19', sequence(isTrue, integer(0), integer(0))],
    ['basicConstraints with a negative path length', '2.5.29.19', sequence(isTrue, integer(0xff))],
    ['basicConstraints with bytes behind them', '2.5.29.19', Buffer.concat([sequence(isTrue), hex('00')])],
    ['keyUsage without a bit', '2.5.29.15', hex('030100')],
    ['keyUsage with trailing zero bits', '2.5.29.15', hex('03020006')],
    ['keyUsage with unknown bits only', '2.5.29.15', hex('0303040010')],
    ['an empty extKeyUsage', '2.5.29.37', sequence()],
    ['extKeyUsage that is not OIDs', '2.5.29.37', sequence(integer(1))],
    ['subjectKeyIdentifier without OCTET STRING', '2.5.29.14', hex('0500')],
    ['authorityKeyIdentifier with issuer alone', '2.5.29.35', sequence(tlv(0xa1, dns('a')))],
    ['an empty subjectAltName', '2.5.29.17', sequence()],
    ['subjectAltName with a byte above ASCII', '2.5.29.17', sequence(hex('8201e9'))],
    ['subjectAltName with an address of 5 octets', '2.5.29.17', sequence(address('c000020100'))],
    ['subjectAltName with a tag that is none', '2.5.29.17', sequence(hex('8900'))],
    ['otherName without a value', '2.5.29.17', sequence(tlv(0xa0, oid('1.2.3')))],
    ['a directory name that is none', '2.5.29.17', sequence(directory(hex('0500')))],
    ['nameConstraints without subtrees', '2.5.29.30', sequence()],
    ['nameConstraints with an empty list', '2.5.29.30', sequence(hex('a000'))],
    ['nameConstraints with a minimum', '2.5.29.30', sequence(tlv(0xa0, sequence(dns('a'), hex('800101'))))],
    ['nameConstraints with a maximum', '2.5.29.30', sequence(tlv(0xa0, sequence(dns('a'), hex('810101'))))],
    ['an address without a mask', '2.5.29.30', sequence(tlv(0xa0, sequence(address('c0000201'))))],
    ['an address mask with a gap', '2.5.29.30', sequence(tlv(0xa0, sequence(address('c0000201ff00ff00'))))],
    ['the same policy twice', '2.5.29.32', sequence(sequence(oid('1.2.3')), sequence(oid('1.2.3')))],
    ['a policy with no qualifiers in the list', '2.5.29.32', sequence(sequence(oid('1.2.3'), sequence()))],
    ['empty policyMappings', '2.5.29.33', sequence()],
    ['policyMappings of one', '2.5.29.33', sequence(sequence(oid('1.2.3')))],
    ['empty policyConstraints', '2.5.29.36', sequence()],
    ['a negative inhibitAnyPolicy', '2.5.29.54', integer(0xff)],
    ['a distribution point with reasons alone', '2.5.29.31', sequence(sequence(hex('81020640')))],
    [
      'a distribution point without reasons in the list',
      '2.5.29.31',
      sequence(sequence(tlv(0xa0, tlv(0xa0, uri('a'))), hex('810100'))),
    ],
    ['an empty issuerAltName', '2.5.29.18', sequence()],
    ['an empty freshestCRL', '2.5.29.46', sequence()],
    [
      'authorityInfoAccess without a location',
      '1.3.6.1.5.5.7.1.1',
      sequence(sequence(oid('1.3.6.1.5.5.7.48.1'))),
    ],
    ['ocsp-nocheck that is not NULL', '1.3.6.1.5.5.7.48.1.5', hex('0101ff')],
  ])('%s: malformed', (_, type, value) => {
    expect(codeOf(withExtension(type, value))).toBe('CERTIFICATE_EXTENSION_MALFORMED');
  });

  it('are read in every lawful form', () => {
    const relative = tlv(0xa1, sequence(oid('2.5.4.3'), text(0x0c, 'crl')));
    const {
      crlDistributionPoints,
      crlUrls,
      subjectAltNames,
      nameConstraints: constraints,
    } = parseCertificate(
      forge({
        ...plain,
        extensions: [
          altNames(
            everyName,
            dns('a'),
            directory(cn('b')),
            hex('a3020500'),
            hex('a5020500'),
            hex('88022a03'),
            address('00'.repeat(16)),
          ),
          nameConstraints(
            [dns(''), directory(cn('a')), address('00'.repeat(32))],
            [uri('.a'), address('ffffffffffffffff')],
          ),
          extension(
            '2.5.29.31',
            sequence(sequence(tlv(0xa0, relative), hex('81020640')), sequence(tlv(0xa2, directory(cn('c'))))),
          ),
          policies('2.5.29.32.0'),
        ],
      }),
    );
    expect(subjectAltNames?.map(({ form }) => form)).toEqual([
      'other',
      'dns',
      'directory',
      'x400',
      'ediParty',
      'registeredId',
      'ip',
    ]);
    expect(constraints?.permitted.length).toBe(3);
    expect(crlDistributionPoints?.[0]?.reasons).toEqual(new Set([1]));
    expect(crlDistributionPoints?.[1]?.crlIssuer?.[0]?.form).toBe('directory');
    expect(crlUrls).toEqual([]);
  });
});

describe('mutated certificates', () => {
  const rich = forge({
    ...plain,
    extensions: [
      ca(1),
      altNames(everyName, dns('a.example'), directory(cn('b')), address('c0000201')),
      nameConstraints([dns('example')], [address('c0000200ffffff00')]),
      policies('1.2.3', '2.5.29.32.0'),
      extension('2.5.29.15', hex('03020106'), true),
      extension('2.5.29.31', sequence(sequence(tlv(0xa0, tlv(0xa0, uri('http://a.example/')))))),
    ],
  });

  it('end in a certificate or a TrustError', () => {
    const edits = fc.array(fc.tuple(fc.nat(rich.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const cuts = fc.tuple(fc.nat(rich.length), fc.nat(rich.length));
    fc.assert(
      fc.property(edits, fc.option(cuts, { freq: 4 }), (changes, range) => {
        const der = Buffer.from(rich);
        for (const [offset, value] of changes) der[offset] = value;
        const [a, b] = range ?? [0, 0];
        codeOf(Buffer.concat([der.subarray(0, Math.min(a, b)), der.subarray(Math.max(a, b))]));
      }),
      { numRuns: 4_000 },
    );
  });

  it('of a single flipped bit are refused, or read as they are', () => {
    for (let offset = 0; offset < rich.length; offset += 1)
      for (const bit of [1, 0x80]) {
        const der = Buffer.from(rich);
        der[offset] = (der[offset] ?? 0) ^ bit;
        const code = codeOf(der);
        if (code === 'read') expect(Buffer.from(parseCertificate(der).der)).toEqual(der);
      }
  });
});
