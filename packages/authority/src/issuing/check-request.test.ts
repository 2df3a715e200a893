import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseCertificatesPem } from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  dayMs,
  pluginRequest,
  refusal,
  requestFor,
  type TestAuthority,
  testAuthority,
} from '../authority-fixtures.js';
import { AuthorityError } from '../error.js';
import { fromPem } from '../pem.js';
import { createKeyAndCsr } from '../x509/create-key-and-csr.js';
import type { KeyType } from '../x509/key.js';

let scene: TestAuthority;
beforeEach(async () => {
  scene = await testAuthority();
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const ledger = () => readFile(join(scene.dir, 'ledger'));

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => {
      expect(error).toBeInstanceOf(AuthorityError);
      const { code, message, certificate } = error as AuthorityError;
      return { code, message, certificate };
    },
  );

describe('a check of a request', () => {
  it('tells what would be issued, however the request is packed, and issues nothing', async () => {
    const { csrPem } = await createKeyAndCsr({
      subject: { C: 'FR', O: 'Tide, Works "+" <x>; #1', CN: '#Tide\\Works' },
      keyType: 'ec-p384',
    });
    const pem = Buffer.from(csrPem);
    const der = fromPem(csrPem, ['CERTIFICATE REQUEST'])?.[0] ?? Buffer.alloc(0);
    const before = await ledger();
    const [first, ...others] = await Promise.all(
      [pem, der, gzipSync(pem), gzipSync(der)].map((csr) =>
        scene.authority.checkRequest(csr, { use: 'organization' }),
      ),
    );
    for (const other of others) expect(other).toEqual(first);
    expect(await ledger()).toEqual(before);
    expect(first).toMatchObject({
      use: 'organization',
      commonName: '#Tide\\Works',
      keyType: 'ec-p384',
      keyBits: 384,
      requestSha256: sha256(der),
      validityDays: 365,
    });
    const issued = await scene.authority.issueOrganization(pem);
    expect(issued.subject).toBe(`serialNumber=${issued.organization},${first?.subject}`);
    expect(issued.keyId).toBe(first?.keyId);
    const [certificate] = parseCertificatesPem(Buffer.from(issued.pem));
    expect(sha256(certificate?.publicKey.spki ?? der)).toBe(first?.publicKeySha256);
  });

  it.each<[KeyType, string, number]>([
    ['rsa-2048', 'rsa', 2048],
    ['rsa-3072', 'rsa', 3072],
    ['ec-p256', 'ec-p256', 256],
    ['ec-p521', 'ec-p521', 521],
    ['ed25519', 'ed25519', 256],
  ])('names a key of %s', async (made, keyType, keyBits) => {
    const csr = await requestFor('Acme', made);
    expect(await scene.authority.checkRequest(csr, { use: 'organization' })).toMatchObject({
      keyType,
      keyBits,
    });
  });

  it('says of a renewal what stays', async () => {
    const { privateKey, csrPem } = await createKeyAndCsr({ subject: { CN: 'Acme' }, keyType: 'ec-p256' });
    const { organization, subject } = await scene.authority.issueOrganization(Buffer.from(csrPem));
    const options = { use: 'organization', organization } as const;
    const same = await createKeyAndCsr({ subject: { CN: 'Acme', O: 'other' }, privateKey });
    expect(await scene.authority.checkRequest(Buffer.from(same.csrPem), options)).toMatchObject({ subject });
    const renamed = await createKeyAndCsr({ subject: { CN: 'Other' }, privateKey });
    const checking = scene.authority.checkRequest(Buffer.from(renamed.csrPem), options);
    await refusal(checking, 'ORGANIZATION_NAME_MISMATCH');
  });

  it('refuses with exactly the reason that issuing gives', async () => {
    const { authority } = scene;
    const hosted = await authority.createOrganization({ commonName: 'Hosted' });
    const revoked = await authority.createOrganization({ commonName: 'Revoked' });
    await authority.revoke({ certificate: revoked.serialNumber, reason: 'keyCompromise' });
    const own = await createKeyAndCsr({ subject: { CN: 'Own' }, keyType: 'rsa-2048' });
    const outside = await authority.issueOrganization(Buffer.from(own.csrPem));
    const taken = await requestFor('HOSTED');
    const broken = Buffer.from(await requestFor('Broken'));
    broken[broken.length - 60] = broken[broken.length - 60] === 0x41 ? 0x42 : 0x41;
    const requests: readonly Uint8Array[] = [
      Buffer.from('nothing'),
      Buffer.alloc(20_000, 0x30),
      gzipSync(Buffer.alloc(100_000)),
      broken,
      taken,
      Buffer.from(own.csrPem),
      await requestFor('EC'),
      await pluginRequest(),
      Buffer.from((await createKeyAndCsr({ subject: { CN: 'Other' }, privateKey: own.privateKey })).csrPem),
    ];
    let refused = 0;
    for (const csr of requests) {
      for (const organization of ['nobody', revoked.organization]) {
        const wish = { organization, validityDays: undefined };
        const checked = await codeOf(authority.checkRequest(csr, { use: 'organization', ...wish }));
        if (checked === undefined) continue;
        expect(checked).toEqual(await codeOf(authority.issueOrganization(csr, wish)));
        refused += 1;
      }
      for (const issuer of ['root', '0'.repeat(40), outside.keyId, revoked.keyId, hosted.keyId]) {
        const checked = await codeOf(authority.checkRequest(csr, { use: 'plugin', issuer }));
        if (checked === undefined) continue;
        expect(checked).toEqual(await codeOf(authority.issuePlugin(csr, { issuer })));
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(50);
    await refusal(authority.checkRequest(taken, { use: 'organization' }), 'ORGANIZATION_NAME_TAKEN');
    const plugin = await pluginRequest();
    expect(await authority.checkRequest(plugin, { use: 'plugin' })).toMatchObject({ keyType: 'rsa' });
    await refusal(authority.checkRequest(taken, { use: 'plugin' }), 'CSR_KEY_NOT_RSA');
    scene.clock.advance(366 * dayMs);
    const late = { use: 'plugin', issuer: hosted.keyId } as const;
    await refusal(authority.checkRequest(plugin, late), 'ISSUER_EXPIRED');
  });
});

describe('a wish with a name of its own', () => {
  const requestId = 'store.example:request-17';

  it('is granted once, whoever repeats it and however often, also after a restart', async () => {
    const csr = await requestFor('Acme');
    const wish = { requestId, validityDays: 30 };
    const [first, second] = await Promise.all([
      scene.authority.issueOrganization(csr, { ...wish, actor: 'Ada' }),
      scene.authority.issueOrganization(csr, { ...wish, actor: 'Bob' }),
    ]);
    expect(second).toEqual(first);
    const authority = await scene.reopen();
    scene.clock.advance(dayMs);
    expect(await authority.issueOrganization(csr, wish)).toEqual(first);
    expect((await authority.listCertificates({ kind: 'organization' })).certificates).toHaveLength(1);
    await authority.revoke({ certificate: first.fingerprint, reason: 'superseded' });
    expect(await authority.issueOrganization(csr, wish)).toMatchObject({
      fingerprint: first.fingerprint,
      revocation: { reason: 'superseded' },
    });
  });

  it('holds for every way of issuing, and for one wish only', async () => {
    const { authority } = scene;
    const made = await authority.createOrganization({ commonName: 'Acme', requestId: 'wish-hosted' });
    const again = await authority.createOrganization({ commonName: 'Acme', requestId: 'wish-hosted' });
    expect(again).toEqual(made);
    const organization = made.organization ?? '';
    const renewed = await authority.renewOrganization(organization, { requestId: 'wish-renewal' });
    expect(await authority.renewOrganization(organization, { requestId: 'wish-renewal' })).toEqual(renewed);
    const csr = await pluginRequest();
    const issue = (change: object = {}) =>
      authority.issuePlugin(csr, { issuer: made.keyId, requestId: 'wish-plugin', ...change });
    const plugin = await issue();
    expect(await issue()).toEqual(plugin);
    expect((await authority.issuePlugin(csr, { issuer: made.keyId })).fingerprint).not.toBe(
      plugin.fingerprint,
    );
    await refusal(issue({ validityDays: 7 }), 'REQUEST_ID_REUSED');
    await refusal(issue({ requestId: 'wish-hosted' }), 'REQUEST_ID_REUSED');
    await refusal(
      authority.issuePlugin(await pluginRequest('Other'), { issuer: made.keyId, requestId: 'wish-plugin' }),
      'REQUEST_ID_REUSED',
    );
    await refusal(
      authority.issueOrganization(await requestFor('B'), { requestId: 'wish-hosted' }),
      'REQUEST_ID_REUSED',
    );
    await refusal(
      authority.createOrganization({ commonName: 'Acme', requestId: 'wish-renewal' }),
      'REQUEST_ID_REUSED',
    );
  });

  it('that was refused keeps no name', async () => {
    const { authority } = scene;
    await refusal(authority.issueOrganization(Buffer.from('x'), { requestId }), 'CSR_MALFORMED');
    expect(await authority.issueOrganization(await requestFor('A'), { requestId })).toMatchObject({
      kind: 'organization',
    });
  });
});
