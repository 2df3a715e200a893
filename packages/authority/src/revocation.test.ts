import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acceptCrl, type Certificate, parseCertificatesPem, parseCrl } from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  dayMs,
  issueChain,
  minuteMs,
  openssl,
  pluginRequest,
  refusal,
  scratch,
  type TestAuthority,
  testAuthority,
} from './authority-fixtures.js';
import { openAuthority } from './open-authority.js';
import { toPem } from './pem.js';
import { reasonCodes } from './x509/revocation-reason.js';

let scene: TestAuthority;

beforeEach(async () => {
  scene = await testAuthority();
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

const certificateOf = (pem: string): Certificate =>
  parseCertificatesPem(Buffer.from(pem))[0] ?? expect.fail('no certificate');

describe('revoking', () => {
  it('is done by serial number or fingerprint, however a tool prints it', async () => {
    const { organization } = await issueChain(scene.authority);
    const issue = async () =>
      scene.authority.issuePlugin(await pluginRequest(), { issuer: organization.keyId });
    const [one, two, three] = [await issue(), await issue(), await issue()];
    const spaced = one.serialNumber.toUpperCase().replace(/(..)(?=.)/g, '$1:');
    for (const certificate of [spaced, `0x${two.serialNumber}`, three.fingerprint]) {
      const outcome = await scene.authority.revoke({ certificate, reason: 'superseded' });
      expect(outcome).toMatchObject({
        already: false,
        certificate: { revocation: { reason: 'superseded' } },
      });
    }
    expect((await scene.authority.status()).revoked).toBe(3);
  });

  it('twice gives the first date and reason again', async () => {
    const { plugin } = await issueChain(scene.authority);
    const revoke = (reason: string) => scene.authority.revoke({ certificate: plugin.serialNumber, reason });
    const first = await revoke('affiliationChanged');
    scene.clock.advance(dayMs);
    const second = await revoke('keyCompromise');
    expect(second.already).toBe(true);
    expect(second.certificate).toEqual(first.certificate);
    const both = await Promise.all([revoke('superseded'), revoke('superseded')]);
    expect(both.every(({ already }) => already)).toBe(true);
  });

  it('needs a certificate and a reason that there are', async () => {
    const { plugin } = await issueChain(scene.authority);
    const revoke = (certificate: string, reason: string) => scene.authority.revoke({ certificate, reason });
    await refusal(revoke('abcdef', 'superseded'), 'CERTIFICATE_NOT_FOUND');
    await refusal(revoke('f'.repeat(64), 'superseded'), 'CERTIFICATE_NOT_FOUND');
    await refusal(revoke('not hex', 'superseded'), 'ARGUMENT_INVALID');
    for (const reason of ['certificateHold', 'removeFromCRL', 'aACompromise', '', 'toString']) {
      await refusal(revoke(plugin.serialNumber, reason), 'REVOCATION_REASON_NOT_ALLOWED');
    }
    expect((await scene.authority.status()).revoked).toBe(0);
  });
});

describe('the CRL', () => {
  it('carries every reason, as openssl and the judge read it', async () => {
    const { organization } = await issueChain(scene.authority);
    const issuer = certificateOf(organization.pem);
    const issued: { reason: string; certificate: Certificate; serialNumber: string }[] = [];
    for (const reason of Object.keys(reasonCodes)) {
      const { pem, serialNumber } = await scene.authority.issuePlugin(await pluginRequest(), {
        issuer: organization.keyId,
      });
      issued.push({ reason, certificate: certificateOf(pem), serialNumber });
    }
    for (const { serialNumber, reason } of issued) {
      await scene.authority.revoke({ certificate: serialNumber, reason });
    }
    const { der, revoked } = await scene.authority.crl(organization.keyId);
    expect(revoked).toBe(issued.length);
    for (const { reason, certificate } of issued) {
      const finding = acceptCrl([parseCrl(der)], { certificate, issuer, at: scene.clock() });
      expect(finding).toMatchObject({ status: 'revoked', source: 'crl', revokedAt: scene.clock() });
      expect(finding.reason ?? 'unspecified').toBe(reason);
    }
    await using files = await scratch();
    const crl = await files.file('list.pem', toPem('X509 CRL', der));
    const shown = await openssl([
      ...['crl', '-noout', '-text', '-in', crl],
      ...['-CAfile', await files.file('issuer.pem', organization.pem), '-verify'],
    ]);
    expect(shown.stderr).toContain('verify OK');
    expect(shown.stdout).toContain('Privilege Withdrawn');
    const verified = await openssl([
      ...['verify', '-no_check_time', '-crl_check_all', '-x509_strict'],
      ...[
        '-CAfile',
        await files.file('root.pem', scene.rootPem),
        '-untrusted',
        join(files.dir, 'issuer.pem'),
      ],
      ...[
        '-CRLfile',
        await files.file(
          'all.pem',
          toPem('X509 CRL', (await scene.authority.crl('root')).der) + (await readFile(crl, 'utf8')),
        ),
      ],
      await files.file('revoked.pem', toPem('CERTIFICATE', issued[0]?.certificate.der ?? Buffer.alloc(0))),
    ]);
    expect(verified.stderr).toContain('certificate revoked');
  });

  it('is issued again at once, with a larger number each time', async () => {
    const { organization, plugin } = await issueChain(scene.authority);
    const before = await scene.authority.crl(organization.keyId);
    expect(before.revoked).toBe(0);
    const { crlNumber } = await scene.authority.revoke({
      certificate: plugin.serialNumber,
      reason: 'superseded',
    });
    const after = await scene.authority.crl(organization.keyId);
    expect(after.number).toBe(crlNumber);
    expect(after.number).toBeGreaterThan(before.number);
    expect(after.revoked).toBe(1);
    const root = await scene.authority.crl('root');
    await scene.authority.revoke({ certificate: organization.serialNumber, reason: 'superseded' });
    expect((await scene.authority.crl('root')).number).toBeGreaterThan(root.number);
  });

  it('is renewed before its time is over, not sooner, and its number goes on after a restart', async () => {
    const first = await scene.authority.crl('root');
    expect(first.nextUpdate.getTime() - first.thisUpdate.getTime()).toBe(dayMs);
    scene.clock.advance(dayMs / 2 - minuteMs);
    expect(await scene.authority.crl('root')).toBe(first);
    const authority = await scene.reopen();
    expect((await authority.crl('root')).number).toBe(first.number);
    scene.clock.advance(minuteMs);
    const [one, two] = await Promise.all([authority.crl('root'), authority.crl('root')]);
    expect(one).toBe(two);
    expect(one?.number).toBeGreaterThan(first.number);
    scene.clock.advance(-dayMs);
    expect((await authority.crl('root')).number).toBe(one?.number);
  });

  it('goes on when a new one cannot be kept, but never without a revocation', async () => {
    const { organization, plugin } = await issueChain(scene.authority);
    const first = await scene.authority.crl(organization.keyId);
    const path = join(scene.dir, 'crls');
    await rename(path, `${path}.away`);
    await writeFile(path, 'no folder');
    scene.clock.advance(dayMs / 2);
    expect(await scene.authority.crl(organization.keyId)).toBe(first);
    expect((await scene.authority.status()).troubles).toMatchObject([{ code: 'STORAGE_FAILED' }]);
    const revoke = () => scene.authority.revoke({ certificate: plugin.fingerprint, reason: 'superseded' });
    await refusal(revoke(), 'STORAGE_FAILED');
    await refusal(scene.authority.crl(organization.keyId), 'STORAGE_FAILED');
    await rm(path);
    await rename(`${path}.away`, path);
    expect(await revoke()).toMatchObject({ already: true });
    expect((await scene.authority.crl(organization.keyId)).revoked).toBe(1);
  });

  it('exists for the root and for organizations with a key or a list here only', async () => {
    await refusal(scene.authority.crl('nobody'), 'ISSUER_NOT_FOUND');
  });
});

describe('after a crash', () => {
  it('between ledger and CRL the revocation is in the next CRL', async () => {
    const { organization, plugin } = await issueChain(scene.authority);
    const path = join(scene.dir, 'crls', `${organization.keyId}.json`);
    await scene.authority.crl(organization.keyId);
    const old = await readFile(path);
    await scene.authority.revoke({ certificate: plugin.serialNumber, reason: 'superseded' });
    await scene.authority[Symbol.asyncDispose]();
    await writeFile(path, old);
    const authority = await scene.reopen();
    expect((await authority.crl(organization.keyId)).revoked).toBe(1);
  });

  it('with an old copy of the ledger nothing is opened', async () => {
    const { plugin } = await issueChain(scene.authority);
    const ledger = join(scene.dir, 'ledger');
    const old = await readFile(ledger);
    await scene.authority.revoke({ certificate: plugin.serialNumber, reason: 'superseded' });
    await scene.authority[Symbol.asyncDispose]();
    await writeFile(ledger, old);
    const { dir, clock } = scene;
    await refusal(openAuthority({ dir, clock }), 'LEDGER_ROLLED_BACK');
  });

  it('without ledger, key or settings nothing is opened and nothing is made up', async () => {
    await scene.authority[Symbol.asyncDispose]();
    const { dir, clock } = scene;
    const without = async (name: string) => {
      const path = join(dir, name);
      const content = await readFile(path);
      await rm(path);
      const error = await openAuthority({ dir, clock }).catch((reason: unknown) => reason);
      await writeFile(path, content);
      return error;
    };
    expect(await without('authority.json')).toMatchObject({ code: 'AUTHORITY_NOT_FOUND' });
    expect(await without('ledger')).toMatchObject({ code: 'AUTHORITY_DAMAGED' });
    expect(await without('keys/root.pem')).toMatchObject({ code: 'AUTHORITY_DAMAGED' });
    for (const [name, content, code] of [
      ['authority.json', '{}', 'AUTHORITY_DAMAGED'],
      ['authority.json', '', 'AUTHORITY_DAMAGED'],
      ['ledger', '', 'LEDGER_DAMAGED'],
      ['keys/root.pem', 'nothing', 'AUTHORITY_DAMAGED'],
      ['responders/root.pem', 'nothing', 'AUTHORITY_DAMAGED'],
      ['crls/root.json', '{"number":1}', 'AUTHORITY_DAMAGED'],
    ] as const) {
      const path = join(dir, name);
      const before = await readFile(path);
      await writeFile(path, content);
      await refusal(openAuthority({ dir, clock }), code);
      await writeFile(path, before);
    }
    await (await openAuthority({ dir, clock }))[Symbol.asyncDispose]();
  });
});
