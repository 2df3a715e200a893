import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  directory,
  extension,
  hex,
  integer,
  name,
  oid,
  sequence,
  text,
  tlv,
  uri,
} from '../certificate/forge-fixtures.js';
import { TrustError } from '../error.js';
import { org } from '../path/path-fixtures.js';
import { caExtensions, OpensslCa } from '../verdict/openssl-fixtures.js';
import {
  type CrlWish,
  crlNumber,
  deltaFrom,
  entryIssuer,
  forgeCrl,
  fullName,
  issuingPoint,
  reason,
} from './crl-fixtures.js';
import { parseCrl } from './parse-crl.js';
import { findRevocation, reasonNameOf } from './revoked-entry.js';

const run = promisify(execFile);
const plain: CrlWish = { issuer: org, extensions: [crlNumber(1)] };
const entry = { serial: hex('05') };
const cut = hex('');

function codeOf(der: Uint8Array): string {
  try {
    parseCrl(der);
    return 'read';
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return error.code;
  }
}

describe('a CRL that openssl makes', () => {
  it('is read as openssl reads it', async () => {
    await using authority = await OpensslCa.create();
    const root = await authority.issue({ subject: '/CN=Root', keyType: 'P-256', extensions: caExtensions });
    const good = await authority.issue({ subject: '/CN=Good', issuer: root, keyType: 'P-256' });
    const bad = await authority.issue({ subject: '/CN=Bad', issuer: root, keyType: 'P-256' });
    const config = join(authority.folder, 'openssl.cnf');
    await writeFile(join(authority.folder, 'crlnumber'), '1F\n');
    await writeFile(
      config,
      `${await readFile(config, 'utf8')}[crl]\nissuingDistributionPoint = critical, @idp\n[idp]\nfullname = URI:http://a.example/crl\nonlyuser = TRUE\n`,
    );
    const ca = ['ca', '-config', config, '-cert', root.certificateFile, '-keyfile', root.keyFile];
    await run('openssl', [...ca, '-revoke', bad.certificateFile, '-crl_reason', 'keyCompromise']);
    const out = join(authority.folder, 'crl.der');
    const dates = ['-crl_lastupdate', '20260501000000Z', '-crl_nextupdate', '20260601000000Z'];
    await run('openssl', [...ca, '-gencrl', '-crlexts', 'crl', ...dates, '-out', `${out}.pem`]);
    await run('openssl', ['crl', '-in', `${out}.pem`, '-outform', 'DER', '-out', out]);

    const list = parseCrl(await readFile(out));
    expect(list).toMatchObject({ version: 2, entryCount: 1 });
    expect(list.issuer.text).toBe('CN=Root');
    expect(list.thisUpdate.toISOString()).toBe('2026-05-01T00:00:00.000Z');
    expect(list.nextUpdate?.toISOString()).toBe('2026-06-01T00:00:00.000Z');
    expect(list.issuingDistributionPoint).toMatchObject({ onlyContainsUserCerts: true, indirectCrl: false });
    const found = findRevocation(list, bad.certificate);
    expect(found && reasonNameOf(found)).toBe('keyCompromise');
    expect(findRevocation(list, good.certificate)).toBeUndefined();
  });
});

describe('a CRL', () => {
  it.each<[string, Buffer]>([
    ['nothing at all', Buffer.alloc(0)],
    ['bytes behind it', Buffer.concat([forgeCrl(plain), hex('00')])],
    ['version 1 encoded', forgeCrl({ ...plain, version: integer(0) })],
    ['version 3', forgeCrl({ ...plain, version: integer(2) })],
    ['extensions in version 1', forgeCrl({ ...plain, version: cut })],
    [
      'entry extensions in version 1',
      forgeCrl({ issuer: org, version: cut, entries: [{ ...entry, extensions: [reason(1)] }] }),
    ],
    ['an element too many', forgeCrl({ ...plain, extraTbs: hex('0500') })],
    ['two algorithms', forgeCrl({ ...plain, outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) })],
    ['a date that does not exist', forgeCrl({ ...plain, thisUpdate: '260230000000Z' })],
    ['an extension twice', forgeCrl({ ...plain, extensions: [crlNumber(1), crlNumber(1)] })],
    ['no extension in the list', forgeCrl({ ...plain, extensions: [] })],
    ['a negative number', forgeCrl({ ...plain, extensions: [crlNumber(0xff)] })],
    [
      'a number of 21 octets',
      forgeCrl({ ...plain, extensions: [extension('2.5.29.20', integer(...new Array<number>(21).fill(1)))] }),
    ],
    ['a scope without anything in it', forgeCrl({ ...plain, extensions: [issuingPoint({})] })],
    [
      'scopes that exclude each other',
      forgeCrl({ ...plain, extensions: [issuingPoint({ onlyUser: true, onlyCa: true })] }),
    ],
    ['a scope without a reason', forgeCrl({ ...plain, extensions: [issuingPoint({ reasons: '00' })] })],
    [
      'FALSE encoded in the scope',
      forgeCrl({ ...plain, extensions: [extension('2.5.29.28', sequence(hex('840100')))] }),
    ],
    ['a serial number that is not minimal', forgeCrl({ ...plain, entries: [{ serial: hex('0005') }] })],
    [
      'an entry extension twice',
      forgeCrl({ ...plain, entries: [{ ...entry, extensions: [reason(1), reason(1)] }] }),
    ],
    ['reason 7', forgeCrl({ ...plain, entries: [{ ...entry, extensions: [reason(7)] }] })],
    ['reason 11', forgeCrl({ ...plain, entries: [{ ...entry, extensions: [reason(11)] }] })],
    [
      'an entry issuer without directory name',
      forgeCrl({ ...plain, entries: [{ ...entry, extensions: [entryIssuer(uri('a'))] }] }),
    ],
    [
      'an entry issuer that is not critical',
      forgeCrl({
        ...plain,
        entries: [{ ...entry, extensions: [extension('2.5.29.29', sequence(directory(org.subject)))] }],
      }),
    ],
    [
      'an invalidity date in UTCTime',
      forgeCrl({
        ...plain,
        entries: [{ ...entry, extensions: [extension('2.5.29.24', text(0x17, '260101000000Z'))] }],
      }),
    ],
    [
      'a freshestCRL without points',
      forgeCrl({ ...plain, extensions: [extension('2.5.29.46', sequence())] }),
    ],
    [
      'an authority key identifier that is none',
      forgeCrl({ ...plain, extensions: [extension('2.5.29.35', hex('0500'))] }),
    ],
    ['more than it may be', Buffer.alloc((10 << 20) + 1)],
  ])('with %s is malformed', (_, der) => {
    expect(codeOf(der)).toBe('CRL_MALFORMED');
  });

  it('is read in every lawful form', () => {
    const relative = tlv(0xa1, sequence(oid('2.5.4.3'), text(0x0c, 'x')));
    const list = parseCrl(
      forgeCrl({
        issuer: org,
        entries: [{ serial: hex('ff'), extensions: [reason(0), extension('1.2.3', hex('00'), true)] }, entry],
        extensions: [
          crlNumber(9),
          deltaFrom(7),
          issuingPoint({ name: relative, reasons: '0560', indirect: true }),
        ],
      }),
    );
    expect(list).toMatchObject({
      crlNumber: 9n,
      baseCrlNumber: 7n,
      entryCount: 2,
      unknownCriticalEntryExtensions: ['1.2.3'],
    });
    expect(list.issuingDistributionPoint).toMatchObject({
      indirectCrl: true,
      onlySomeReasons: new Set([1, 2]),
    });
    expect(parseCrl(forgeCrl({ issuer: org, version: cut, nextUpdate: '' }))).toMatchObject({
      version: 1,
      nextUpdate: undefined,
    });
  });
});

describe('entries', () => {
  const issuerOf = (value: string): Buffer => directory(name(['2.5.4.3', value]));
  const certificate = (issuer: string, serial: string) => {
    const { issuer: named } = parseCrl(forgeCrl({ issuer: { ...org, subject: name(['2.5.4.3', issuer]) } }));
    return { issuer: named, serialNumber: hex(serial) };
  };

  it('belong to the issuer named last in an indirect CRL', () => {
    const list = parseCrl(
      forgeCrl({
        issuer: org,
        extensions: [issuingPoint({ name: fullName(issuerOf('x')), indirect: true })],
        entries: [
          { serial: hex('01') },
          { serial: hex('02'), extensions: [entryIssuer(issuerOf('A'), issuerOf('B'))] },
          { serial: hex('03') },
          { serial: hex('04'), extensions: [entryIssuer(issuerOf('C'))] },
        ],
      }),
    );
    const revoked = (issuer: string, serial: string): boolean =>
      findRevocation(list, certificate(issuer, serial)) !== undefined;
    expect([revoked('Org', '01'), revoked('A', '02'), revoked('b', '03'), revoked('C', '04')]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([revoked('Org', '02'), revoked('A', '01'), revoked('Org', '03'), revoked('A', '04')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('that revoke win over one that lifts a hold', () => {
    const twice = [
      { serial: hex('05'), extensions: [reason(8)] },
      { serial: hex('05'), extensions: [reason(1)] },
    ];
    for (const entries of [twice, twice.toReversed()])
      expect(
        findRevocation(parseCrl(forgeCrl({ issuer: org, entries })), certificate('Org', '05'))?.reason,
      ).toBe(1);
  });
});

describe('mutated CRLs', () => {
  const rich = forgeCrl({
    issuer: org,
    entries: [entry, { serial: hex('06'), extensions: [reason(1), entryIssuer(directory(org.subject))] }],
    extensions: [
      crlNumber(9),
      deltaFrom(7),
      issuingPoint({ name: fullName(uri('http://a.example/')), indirect: true }),
    ],
  });

  it('end in a CRL or a TrustError', () => {
    const edits = fc.array(fc.tuple(fc.nat(rich.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(edits, (changes) => {
        const der = Buffer.from(rich);
        for (const [offset, value] of changes) der[offset] = value;
        codeOf(der);
      }),
      { numRuns: 3_000 },
    );
  });
});
