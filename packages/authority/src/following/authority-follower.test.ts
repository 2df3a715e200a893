import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  acceptCrl,
  acceptOcspResponse,
  type Certificate,
  createOcspRequest,
  parseCertificatesPem,
  parseCrl,
} from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuthorityAdmin } from '../authority-admin.js';
import {
  dayMs,
  issueChain,
  minuteMs,
  pluginRequest,
  refusal,
  type Scratch,
  scratch,
  type TestAuthority,
  testAuthority,
} from '../authority-fixtures.js';
import { AuthorityError } from '../error.js';
import { connectAdmin } from '../http/admin-client.js';
import { initAuthority } from '../init-authority.js';
import { openAuthority } from '../open-authority.js';
import { type Child, startChild } from '../process-fixtures.js';
import type { AuthorityFollower } from './authority-follower.js';
import { followAuthority } from './follow-authority.js';

interface Pair {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
}

function pairOf(chainPem: string): Pair {
  const [certificate, issuer] = parseCertificatesPem(Buffer.from(chainPem));
  if (certificate === undefined || issuer === undefined) return expect.fail('no chain');
  return { certificate, issuer };
}

describe('a process that follows', () => {
  let scene: TestAuthority;
  let follower: AuthorityFollower;
  let issuerId: string;
  let pair: Pair;
  const troubles: unknown[] = [];
  const follow = (dir = scene.dir) =>
    followAuthority({ dir, clock: scene.clock, onTrouble: (error) => troubles.push(error) });

  beforeEach(async () => {
    scene = await testAuthority();
    const { organization, plugin } = await issueChain(scene.authority);
    issuerId = organization.keyId;
    pair = pairOf(plugin.chainPem);
    troubles.length = 0;
    follower = await follow();
  });
  afterEach(async () => {
    await follower[Symbol.asyncDispose]();
    await scene[Symbol.asyncDispose]();
  });

  async function statusOf({ certificate, issuer }: Pair, nonce?: Uint8Array): Promise<string> {
    const request = createOcspRequest({ certificate, issuer, ...(nonce === undefined ? {} : { nonce }) });
    const answer = await follower.answerOcsp(request.der);
    if (answer.status !== 'successful') return answer.status;
    const { nonceExtensionValue } = request;
    const at = scene.clock();
    return acceptOcspResponse(answer.der, { certificate, issuer, at, nonceExtensionValue }).status;
  }
  const issue = async () =>
    pairOf((await scene.authority.issuePlugin(await pluginRequest(), { issuer: issuerId })).chainPem);
  const revoke = ({ certificate }: Pair) =>
    scene.authority.revoke({ certificate: certificate.fingerprint, reason: 'superseded' });

  it('says what the authority says, as soon as it does', async () => {
    expect(await statusOf(pair)).toBe('good');
    expect(await statusOf(pair, Buffer.alloc(16))).toBe('good');
    const second = await issue();
    expect(await statusOf(second)).toBe('good');
    const heard: number[] = [];
    const stop = follower.watchRevocations(() => heard.push(follower.revocations().latest));
    await revoke(pair);
    expect(await statusOf(pair)).toBe('revoked');
    expect(await statusOf(pair, Buffer.alloc(16))).toBe('revoked');
    expect(heard).toEqual([1]);
    expect(follower.revocations()).toEqual(scene.authority.revocations());
    stop();
    expect(await statusOf(second)).toBe('good');
    const crl = await follower.crl(issuerId);
    expect(crl).toEqual(await scene.authority.crl(issuerId));
    const at = scene.clock();
    expect(acceptCrl([parseCrl(crl.der)], { ...pair, at }).status).toBe('revoked');
    expect(follower.rootPem).toBe(scene.rootPem);
    follower.assertReady();
    expect(troubles).toEqual([]);
  });

  it('tells those who wait for news without being asked', async () => {
    let heard = 0;
    const stop = follower.watchRevocations(() => {
      heard += 1;
    });
    await revoke(pair);
    await expect.poll(() => heard).toBe(1);
    stop();
  });

  it('answers as revoked what was revoked while the answer was signed', async () => {
    const { der } = createOcspRequest({ ...pair, nonce: Buffer.alloc(8) });
    const racing = Array.from({ length: 8 }, async () => follower.answerOcsp(der));
    await revoke(pair);
    await Promise.all(racing);
    expect(await statusOf(pair, Buffer.alloc(8))).toBe('revoked');
  });

  it('has an issuer’s signer and list from its first certificate on', async () => {
    const organization = await scene.authority.createOrganization({ commonName: 'Later' });
    const { chainPem } = await scene.authority.issuePlugin(await pluginRequest(), {
      issuer: organization.keyId,
    });
    expect(await statusOf(pairOf(chainPem))).toBe('good');
    expect((await follower.crl(organization.keyId)).revoked).toBe(0);
  });

  it('takes up the signer that the authority puts in the place of the old', async () => {
    const signerOf = async () => {
      const { der } = createOcspRequest(pair);
      const { der: answer } = await follower.answerOcsp(der);
      // The signer's certificate stands at the end of the answer.
      return answer.subarray(-100).toString('hex');
    };
    const first = await signerOf();
    scene.clock.advance(4 * dayMs);
    expect(await signerOf()).not.toBe('');
    await scene.authority.prepare();
    await expect
      .poll(async () => {
        scene.clock.advance(31 * minuteMs);
        await scene.authority.prepare();
        return signerOf();
      })
      .not.toBe(first);
    expect(await statusOf(pair)).toBe('good');
  });

  it('goes on without the authority as long as signers and lists are valid, and says when they are not', async () => {
    await scene.authority[Symbol.asyncDispose]();
    expect(await statusOf(pair)).toBe('good');
    scene.clock.advance(dayMs - minuteMs);
    expect((await follower.crl('root')).revoked).toBe(0);
    scene.clock.advance(minuteMs);
    await refusal(follower.crl('root'), 'CRL_OUTDATED');
    expect(await statusOf(pair)).toBe('good');
    scene.clock.advance(6 * dayMs);
    expect(() => follower.answerOcsp(createOcspRequest(pair).der)).toThrow(AuthorityError);
    await refusal((async () => follower.assertReady())(), 'RESPONDER_NOT_AVAILABLE');
    const authority = await scene.reopen();
    await authority.prepare();
    expect(await statusOf(pair)).toBe('good');
    expect((await follower.crl('root')).number).toBe((await authority.crl('root')).number);
  });

  it('serves no list that lacks a revocation: the authority died in between', async () => {
    const path = join(scene.dir, 'crls', `${issuerId}.json`);
    const old = await readFile(path);
    await revoke(pair);
    await scene.authority[Symbol.asyncDispose]();
    await writeFile(path, old);
    expect(await statusOf(pair)).toBe('revoked');
    await refusal(follower.crl(issuerId), 'CRL_OUTDATED');
    const renewed = follower.crl(issuerId);
    await (await scene.reopen()).crl(issuerId);
    expect((await renewed).revoked).toBe(1);
  });

  it('needs none of the keys of the CAs', async () => {
    await using files = await scratch();
    const dir = join(files.dir, 'copy');
    await mkdir(dir);
    for (const name of ['authority.json', 'ledger', 'root.pem', 'responders', 'crls']) {
      await cp(join(scene.dir, name), join(dir, name), { recursive: true });
    }
    await using beside = await follow(dir);
    const { der } = createOcspRequest(pair);
    expect((await beside.answerOcsp(der)).status).toBe('successful');
    expect((await beside.crl(issuerId)).revoked).toBe(0);
  });

  it('follows a folder that was restored, and refuses to answer from half of one', async () => {
    await using files = await scratch();
    const backup = join(files.dir, 'backup');
    await scene.authority[Symbol.asyncDispose]();
    await cp(scene.dir, backup, { recursive: true });
    await scene.reopen();
    await revoke(pair);
    const later = await issue();
    expect([await statusOf(pair), await statusOf(later)]).toEqual(['revoked', 'good']);
    await scene.authority[Symbol.asyncDispose]();

    // Piece by piece, the ledger first: the lists know a revocation that it does not.
    const { der } = createOcspRequest(pair);
    await rm(join(scene.dir, 'ledger'));
    expect(() => follower.answerOcsp(der)).toThrow(/missing/);
    await cp(join(backup, 'ledger'), join(scene.dir, 'ledger'));
    expect(() => follower.answerOcsp(der)).toThrow(/old copy/);
    expect(() => follower.answerOcsp(der)).toThrow(/old copy/);
    await refusal(follow(), 'LEDGER_ROLLED_BACK');
    await cp(join(backup, 'crls'), join(scene.dir, 'crls'), { recursive: true });
    expect([await statusOf(pair), await statusOf(later)]).toEqual(['good', 'unknown']);
    const authority = await scene.reopen();
    await authority.revoke({ certificate: pair.certificate.fingerprint, reason: 'superseded' });
    expect(await statusOf(pair)).toBe('revoked');
  });

  it('answers for an organization with its own key as long as that delegated', async () => {
    const { createKeyAndCsr } = await import('../x509/create-key-and-csr.js');
    const { issuePluginWith, issueResponderWith } = await import('../issuing/issue-with-key.js');
    const made = await createKeyAndCsr({ subject: { CN: 'Own' }, keyType: 'ec-p256' });
    const issued = await scene.authority.issueOrganization(Buffer.from(made.csrPem));
    const [issuer] = parseCertificatesPem(Buffer.from(issued.pem));
    if (issuer === undefined) return expect.fail('no certificate');
    const own = { issuerKey: made.privateKey, issuerCertificate: issuer.der, at: scene.clock() };
    const plugin = await issuePluginWith({ ...own, csr: await pluginRequest() });
    const theirs = pairOf(plugin.chainPem);
    expect(await statusOf(theirs)).toBe('unauthorized');
    const { csrPem } = await scene.authority.requestDelegation(issued.keyId);
    const responder = await issueResponderWith({ ...own, csr: Buffer.from(csrPem) });
    await scene.authority.adoptDelegation(responder.der);
    expect(await statusOf(theirs)).toBe('unknown');
    await scene.authority.registerCertificate(plugin.der);
    expect(await statusOf(theirs)).toBe('good');
    await refusal(follower.crl(issued.keyId), 'CRL_NOT_AVAILABLE');
    await refusal(follower.crl('0'.repeat(40)), 'ISSUER_NOT_FOUND');
  });

  it('keeps a valid signer where the file of the next cannot be read', async () => {
    expect(await statusOf(pair)).toBe('good');
    const path = join(scene.dir, 'responders', `${issuerId}.pem`);
    await rename(path, `${path}.away`);
    await mkdir(path);
    scene.clock.advance(2000);
    expect(await statusOf(pair)).toBe('good');
    expect(troubles).toMatchObject([{ code: 'STORAGE_FAILED' }]);
  });
});

describe('the passphrase of the signers', () => {
  it('is enough to answer, and opens no key of a CA', async () => {
    await using files = await scratch();
    const clock = () => new Date('2026-11-22T00:00:00Z');
    const dir = join(files.dir, 'ca');
    const keys = { passphrase: 'for the CA', responderPassphrase: 'for signers' };
    const { passphrase } = keys;
    await initAuthority({ dir, name: 'R', baseUrl: 'http://ca.example', clock, passphrase });
    let chainPem: string;
    {
      await using authority = await openAuthority({ dir, clock, ...keys });
      ({ chainPem } = (await issueChain(authority)).plugin);
    }
    await refusal(followAuthority({ dir, clock, responderPassphrase: 'for signers' }), 'PASSPHRASE_WRONG');
    // The root's own signer was made before there was a passphrase for signers: it is made anew.
    await rm(join(dir, 'responders', 'root.pem'));
    {
      await using authority = await openAuthority({ dir, clock, ...keys });
      await authority.prepare();
    }
    await using follower = await followAuthority({ dir, clock, responderPassphrase: 'for signers' });
    const { der } = createOcspRequest(pairOf(chainPem));
    expect((await follower.answerOcsp(der)).status).toBe('successful');
    await refusal(followAuthority({ dir, clock }), 'PASSPHRASE_REQUIRED');
    await refusal(openAuthority({ dir, clock, passphrase: 'for signers' }), 'PASSPHRASE_WRONG');
  });
});

describe('three processes', () => {
  let files: Scratch;
  let dir: string;
  const clock = () => new Date();
  beforeEach(async () => {
    files = await scratch();
    dir = join(files.dir, 'ca');
    await initAuthority({ dir, name: 'Root', baseUrl: 'http://ca.example', clock });
  });
  afterEach(async () => {
    await files[Symbol.asyncDispose]();
  });

  async function statusAt(url: string | undefined, { certificate, issuer }: Pair): Promise<string> {
    const body = new Uint8Array(createOcspRequest({ certificate, issuer }).der);
    const headers = { 'content-type': 'application/ocsp-request' };
    const response = await fetch(`${url}/ocsp`, { method: 'POST', body, headers });
    const der = Buffer.from(await response.arrayBuffer());
    return acceptOcspResponse(der, { certificate, issuer, at: clock() }).status;
  }

  it('say revoked in every one of them when the command returns, whoever is killed or started', async () => {
    await using server = startChild('serve', dir);
    await server.wrote(1);
    await using one = startChild('follow', dir);
    await using two = startChild('follow', dir);
    await Promise.all([one.wrote(1), two.wrote(1)]);
    const everywhere = (of: readonly Child[], pair: Pair) =>
      Promise.all(of.map(({ lines }) => statusAt(lines[0], pair)));
    const make = async (admin: AuthorityAdmin, name: string) => {
      const organization = await admin.createOrganization({ commonName: name });
      const csr = await pluginRequest();
      return pairOf((await admin.issuePlugin(csr, { issuer: organization.keyId })).chainPem);
    };
    const all = [server, one, two];
    let last: Pair | undefined;
    {
      await using admin = await connectAdmin(dir);
      for (let round = 0; round < 3; round += 1) {
        const pair = await make(admin, `Acme ${round}`);
        // Prepared in every process.
        expect(await everywhere(all, pair)).toEqual(['good', 'good', 'good']);
        await admin.revoke({ certificate: pair.certificate.fingerprint, reason: 'superseded' });
        expect(await everywhere(all, pair)).toEqual(['revoked', 'revoked', 'revoked']);
        last = pair;
      }
    }
    if (last === undefined) return expect.fail('nothing was revoked');
    await server.kill();
    expect(await everywhere([one, two], last)).toEqual(['revoked', 'revoked']);
    await using again = startChild('serve', dir);
    await again.wrote(1);
    await using admin = await connectAdmin(dir);
    const pair = await make(admin, 'After the fall');
    expect(await everywhere([again, one, two], pair)).toEqual(['good', 'good', 'good']);
    await admin.revoke({ certificate: pair.certificate.fingerprint, reason: 'superseded' });
    expect(await everywhere([again, one, two], pair)).toEqual(['revoked', 'revoked', 'revoked']);
  });
});
