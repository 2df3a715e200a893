import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCertificate, parseCertificatesPem, publisherOf, validatePath } from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  dayMs,
  issueChain,
  minuteMs,
  openssl,
  pluginRequest,
  refusal,
  requestFor,
  scratch,
  type TestAuthority,
  testAuthority,
} from './authority-fixtures.js';
import { initAuthority } from './init-authority.js';
import { openAuthority } from './open-authority.js';
import { fromPem, toPem } from './pem.js';
import { createKeyAndCsr } from './x509/create-key-and-csr.js';

let scene: TestAuthority;

beforeEach(async () => {
  scene = await testAuthority();
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

const certificateOf = (pem: string) =>
  parseCertificatesPem(Buffer.from(pem))[0] ?? expect.fail('no certificate');

describe('a new authority', () => {
  it('has a folder and files that nobody else can read', async () => {
    const modeOf = async (...path: string[]): Promise<number> =>
      (await stat(join(scene.dir, ...path))).mode & 0o777;
    expect(await modeOf('.')).toBe(0o700);
    expect(await modeOf('keys')).toBe(0o700);
    for (const file of [['keys', 'root.pem'], ['responders', 'root.pem'], ['ledger'], ['authority.json']]) {
      expect(await modeOf(...file), file.join('/')).toBe(0o600);
    }
    expect(await readdir(join(scene.dir, 'crls'))).toEqual(['root.json']);
  });

  it('has the root that the judge takes for an anchor of assigned names', () => {
    const root = scene.authority.rootCertificate;
    expect(root.basicConstraints).toEqual({ cA: true, pathLength: 1 });
    expect([...(root.keyUsage ?? [])].sort()).toEqual(['cRLSign', 'keyCertSign']);
    expect(root.subject.text).toBe('CN=Test Root');
    expect(scene.authority.rootPem).toBe(scene.rootPem);
  });

  it('is made once', async () => {
    const again = initAuthority({
      dir: scene.dir,
      name: 'B',
      baseUrl: 'http://b.example',
      clock: scene.clock,
    });
    await refusal(again, 'AUTHORITY_ALREADY_EXISTS');
  });

  it.each([
    ['ftp://ca.example'],
    ['http://user:pw@ca.example'],
    ['http://ca.example/?q=1'],
    ['ca.example'],
    ['http://ca.example/ü'],
  ])('is not made for the address %s', async (baseUrl) => {
    await using folder = await scratch();
    const made = initAuthority({ dir: join(folder.dir, 'ca'), name: 'A', baseUrl, clock: scene.clock });
    await refusal(made, 'ARGUMENT_INVALID');
    expect(await readdir(folder.dir)).toEqual([]);
  });

  it('is made anew where one was cut off, and nothing of that one is deleted', async () => {
    await scene.authority[Symbol.asyncDispose]();
    const { dir, clock } = scene;
    const key = await readFile(join(dir, 'keys', 'root.pem'), 'utf8');
    await rm(join(dir, 'authority.json'));
    await initAuthority({ dir, name: 'Again', baseUrl: 'http://ca.example', clock });
    expect((await scene.reopen()).rootCertificate.subject.text).toBe('CN=Again');
    const aside = (await readdir(dir)).find((name) => name.startsWith('unfinished-')) ?? expect.fail('lost');
    expect(await readFile(join(dir, aside, 'keys', 'root.pem'), 'utf8')).toBe(key);
  });

  it('is not made among other files', async () => {
    await using folder = await scratch();
    await folder.file('thesis.txt', 'mine');
    const made = initAuthority({
      dir: folder.dir,
      name: 'A',
      baseUrl: 'http://a.example',
      clock: scene.clock,
    });
    await refusal(made, 'ARGUMENT_INVALID');
  });

  it.each(['rsa-2048', 'ec-p384', 'ec-p521', 'ed25519'] as const)(
    'can have a root and an organization with %s keys',
    async (keyType) => {
      await using other = await testAuthority({ keyType });
      const organization = await other.authority.createOrganization({ commonName: 'Acme', keyType });
      const csr = await pluginRequest('P');
      const plugin = await other.authority.issuePlugin(csr, { issuer: organization.keyId });
      await using files = await scratch();
      const verified = await openssl([
        ...['verify', '-x509_strict', '-no_check_time'],
        ...['-CAfile', await files.file('root.pem', other.rootPem)],
        ...['-untrusted', await files.file('organization.pem', organization.pem)],
        await files.file('plugin.pem', plugin.pem),
      ]);
      expect(verified.stdout + verified.stderr).toContain('plugin.pem: OK');
    },
  );
});

describe('a passphrase', () => {
  it('is needed to open every key, and only the right one opens', async () => {
    await using locked = await testAuthority({ passphrase: 'open sesame' });
    await locked.authority[Symbol.asyncDispose]();
    const open = (passphrase?: string) => openAuthority({ dir: locked.dir, clock: locked.clock, passphrase });
    await refusal(open(), 'PASSPHRASE_REQUIRED');
    await refusal(open('open'), 'PASSPHRASE_WRONG');
    const authority = await locked.reopen();
    await issueChain(authority);
    await (await locked.reopen()).prepare();
  });
});

describe('an organization', () => {
  it('gets what it needs and nothing it asks for', async () => {
    await using files = await scratch();
    const [key, out] = [join(files.dir, 'key.pem'), join(files.dir, 'request.pem')];
    const wishes = [
      'basicConstraints=critical,CA:TRUE,pathlen:9',
      'keyUsage=critical,keyCertSign,digitalSignature',
      'nameConstraints=permitted;DNS:x.example',
      'authorityInfoAccess=OCSP;URI:http://evil.example',
    ].flatMap((wish) => ['-addext', wish]);
    const made = await openssl([
      ...[
        'req',
        '-new',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        '/CN=Acme',
      ],
      ...['-keyout', key, '-out', out, ...wishes],
    ]);
    expect(made.code).toBe(0);
    const issued = await scene.authority.issueOrganization(await readFile(out));
    const certificate = certificateOf(issued.pem);
    expect(certificate.basicConstraints).toEqual({ cA: true, pathLength: 0 });
    expect([...(certificate.keyUsage ?? [])].sort()).toEqual(['cRLSign', 'keyCertSign']);
    expect(certificate.ocspUrls).toEqual(['http://ca.example/ocsp']);
    expect(certificate.crlUrls).toEqual(['http://ca.example/crl/root']);
    expect([...certificate.extensions.keys()].sort()).toEqual([
      '1.3.6.1.5.5.7.1.1',
      '2.5.29.14',
      '2.5.29.15',
      '2.5.29.19',
      '2.5.29.31',
      '2.5.29.35',
    ]);
    expect(issued.subject).toMatch(/^serialNumber=[0-9A-F]{32},CN=Acme$/);
    expect(issued.chainPem).toBe(issued.pem);
  });

  it('has a year, in whole seconds, never more than its issuer', async () => {
    const { organization } = await issueChain(scene.authority);
    expect(organization.notBefore).toBe('2026-11-21T23:55:00.000Z');
    expect(organization.notAfter).toBe('2027-11-22T00:00:00.000Z');
    scene.clock.advance(365 * dayMs - 3 * minuteMs);
    const late = await scene.authority.issuePlugin(await pluginRequest('late'), {
      issuer: organization.keyId,
      validityDays: 30,
    });
    expect(late.notAfter).toBe(organization.notAfter);
    scene.clock.advance(3 * minuteMs);
    const expired = scene.authority.issuePlugin(await pluginRequest('later'), {
      issuer: organization.keyId,
    });
    await refusal(expired, 'ISSUER_EXPIRED');
  });

  it('never shares its name with another one in force, however it is written', async () => {
    const first = await scene.authority.issueOrganization(await requestFor('Acme Ltd'));
    for (const name of ['Acme Ltd', 'ACME  ltd', 'Ａｃｍｅ Ltd', 'test root']) {
      await refusal(scene.authority.issueOrganization(await requestFor(name)), 'ORGANIZATION_NAME_TAKEN');
    }
    await scene.authority.revoke({ certificate: first.fingerprint, reason: 'cessationOfOperation' });
    const second = await scene.authority.issueOrganization(await requestFor('Acme Ltd'));
    expect(second.organization).not.toBe(first.organization);
  });

  it('keeps its serial number and name when it is renewed or changes its key', async () => {
    const made = await createKeyAndCsr({ subject: { CN: 'Acme', O: 'Acme Ltd' }, keyType: 'ec-p256' });
    const first = await scene.authority.issueOrganization(Buffer.from(made.csrPem));
    const organization = first.organization ?? expect.fail('no serial number');
    const renewed = await scene.authority.issueOrganization(Buffer.from(made.csrPem), { organization });
    expect(renewed.subject).toBe(first.subject);
    expect(renewed.keyId).toBe(first.keyId);
    const replaced = await scene.authority.issueOrganization(await requestFor('acme'), { organization });
    expect(replaced.subject).toBe(first.subject);
    expect(replaced.keyId).not.toBe(first.keyId);
    await refusal(
      scene.authority.issueOrganization(await requestFor('Other'), { organization }),
      'ORGANIZATION_NAME_MISMATCH',
    );
    await refusal(
      scene.authority.issueOrganization(await requestFor('Acme'), { organization: 'FFFF' }),
      'ORGANIZATION_NOT_FOUND',
    );
  });

  it('is renewed by the authority that holds its key', async () => {
    const { organization } = await issueChain(scene.authority);
    scene.clock.advance(300 * dayMs);
    const renewed = await scene.authority.renewOrganization(organization.organization ?? '');
    expect(renewed.keyId).toBe(organization.keyId);
    expect(new Date(renewed.notAfter).getTime()).toBeGreaterThan(new Date(organization.notAfter).getTime());
    const outside = await scene.authority.issueOrganization(await requestFor('Outside'));
    await refusal(scene.authority.renewOrganization(outside.organization ?? ''), 'ISSUER_HAS_NO_KEY_HERE');
    await refusal(scene.authority.renewOrganization('FFFF'), 'ORGANIZATION_NOT_FOUND');
  });

  it('cannot take a key that has another role, owner or past', async () => {
    const made = await createKeyAndCsr({ subject: { CN: 'Acme' }, keyType: 'rsa-2048' });
    const csr = Buffer.from(made.csrPem);
    const { issuePlugin, issueOrganization } = {
      issuePlugin: (bytes: Buffer, issuer: string) => scene.authority.issuePlugin(bytes, { issuer }),
      issueOrganization: (bytes: Buffer) => scene.authority.issueOrganization(bytes),
    };
    const other = await scene.authority.createOrganization({ commonName: 'Other' });
    const acme = await issueOrganization(csr);
    await refusal(issuePlugin(csr, other.keyId), 'CSR_KEY_OF_AN_AUTHORITY');
    const { privateKey } = made;
    const renamed = await createKeyAndCsr({ subject: { CN: 'Acme 2' }, privateKey });
    await refusal(issueOrganization(Buffer.from(renamed.csrPem)), 'CSR_KEY_ALREADY_CERTIFIED');
    const plugin = await createKeyAndCsr({ subject: { CN: 'Plugin' }, keyType: 'rsa-2048' });
    const issued = await issuePlugin(Buffer.from(plugin.csrPem), other.keyId);
    await refusal(issueOrganization(Buffer.from(plugin.csrPem)), 'CSR_KEY_ALREADY_CERTIFIED');
    // The same key again is a renewal.
    await issuePlugin(Buffer.from(plugin.csrPem), other.keyId);
    await scene.authority.revoke({ certificate: issued.serialNumber, reason: 'keyCompromise' });
    await refusal(issuePlugin(Buffer.from(plugin.csrPem), other.keyId), 'CSR_KEY_COMPROMISED');
    await scene.authority.revoke({ certificate: acme.serialNumber, reason: 'cACompromise' });
    const { organization } = acme;
    await refusal(scene.authority.issueOrganization(csr, { organization }), 'CSR_KEY_COMPROMISED');
  });
});

describe('a plugin certificate', () => {
  it('is one that the judge and its profile accept', async () => {
    const { organization, plugin } = await issueChain(scene.authority);
    const certificate = certificateOf(plugin.pem);
    const anchor = { certificate: scene.authority.rootCertificate };
    const intermediates = [certificateOf(organization.pem)];
    const at = scene.clock();
    const validated = validatePath({ target: certificate, intermediates, anchors: [anchor], at });
    expect(validated.path.map(({ fingerprint }) => fingerprint)).toEqual([
      plugin.fingerprint,
      organization.fingerprint,
      anchor.certificate.fingerprint,
    ]);
    expect(publisherOf(validated)).toMatchObject({ name: 'Acme' });
    expect(certificate.extendedKeyUsage).toEqual(new Set(['1.3.6.1.5.5.7.3.3']));
    expect(certificate.keyUsage).toEqual(new Set(['digitalSignature']));
    expect(certificate.crlUrls).toEqual([`http://ca.example/crl/${organization.keyId}`]);
    expect(certificate.serialNumber.length).toBe(16);
    expect((certificate.serialNumber[0] ?? 0xff) & 0x80).toBe(0);
    expect(fromPem(plugin.chainPem, ['CERTIFICATE'])).toHaveLength(2);
  });

  it('is issued only by an organization that exists, has its key here and is not revoked', async () => {
    const csr = await pluginRequest('P');
    const issue = (issuer: string) => scene.authority.issuePlugin(csr, { issuer });
    await refusal(issue('root'), 'ARGUMENT_INVALID');
    await refusal(issue('0'.repeat(40)), 'ISSUER_NOT_FOUND');
    const outside = await scene.authority.issueOrganization(await requestFor('Outside'));
    await refusal(issue(outside.keyId), 'ISSUER_HAS_NO_KEY_HERE');
    const hosted = await scene.authority.createOrganization({ commonName: 'Hosted' });
    await scene.authority.revoke({ certificate: hosted.serialNumber, reason: 'superseded' });
    await refusal(issue(hosted.keyId), 'ISSUER_REVOKED');
  });
});

describe('the ledger', () => {
  it('brings everything back after a restart', async () => {
    const { organization, plugin } = await issueChain(scene.authority);
    await scene.authority.revoke({ certificate: plugin.serialNumber, reason: 'superseded', actor: 'Ada' });
    const before = await scene.authority.listCertificates();
    const status = await scene.authority.status();
    await scene.reopen();
    expect(await scene.authority.listCertificates()).toEqual(before);
    expect(await scene.authority.status()).toEqual(status);
    const found = await scene.authority.findCertificate(plugin.fingerprint);
    expect(found).toMatchObject({ pem: plugin.pem, revocation: { reason: 'superseded' } });
    expect(await scene.authority.listIssuers()).toHaveLength(2);
    await scene.authority.issuePlugin(await pluginRequest('Q'), { issuer: organization.keyId });
  });

  it('is listed in pages and by kind, issuer and state', async () => {
    const { organization, plugin } = await issueChain(scene.authority);
    await scene.authority.revoke({ certificate: plugin.serialNumber, reason: 'superseded' });
    const { authority } = scene;
    const first = await authority.listCertificates({ limit: 1 });
    expect(first).toMatchObject({ certificates: [{ kind: 'root' }], next: 1 });
    const rest = await authority.listCertificates({ after: first.next });
    expect(rest.certificates.map(({ kind }) => kind)).toEqual([
      'responder',
      'organization',
      'plugin',
      'responder',
    ]);
    expect(rest.next).toBeUndefined();
    const ofPlugins = await authority.listCertificates({ kind: 'plugin', issuer: organization.keyId });
    expect(ofPlugins.certificates).toHaveLength(1);
    expect((await authority.listCertificates({ state: 'revoked' })).certificates).toHaveLength(1);
    expect((await authority.listCertificates({ state: 'good' })).certificates).toHaveLength(4);
  });

  it('is closed once and stays closed', async () => {
    await scene.authority[Symbol.asyncDispose]();
    await scene.authority[Symbol.asyncDispose]();
    await refusal(scene.authority.createOrganization({ commonName: 'Late' }), 'AUTHORITY_CLOSED');
  });
});

it('writes PEM that reads as DER again', () => {
  const der = parseCertificate(scene.authority.rootCertificate.der).der;
  expect(fromPem(toPem('CERTIFICATE', der), ['CERTIFICATE'])?.[0]?.equals(der)).toBe(true);
});
