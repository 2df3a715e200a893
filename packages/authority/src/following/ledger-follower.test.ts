import { appendFile, copyFile, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueChain, pluginRequest, type TestAuthority, testAuthority } from '../authority-fixtures.js';
import { AuthorityError } from '../error.js';
import { LedgerFollower } from './ledger-follower.js';

let scene: TestAuthority;
let ledger: string;
let issuer: string;
let follower: LedgerFollower;

beforeEach(async () => {
  scene = await testAuthority();
  ledger = join(scene.dir, 'ledger');
  issuer = (await issueChain(scene.authority)).organization.keyId;
  follower = new LedgerFollower(ledger);
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
});

const issue = async () => scene.authority.issuePlugin(await pluginRequest(), { issuer });
const revoke = (certificate: string) => scene.authority.revoke({ certificate, reason: 'superseded' });
const knows = (fingerprint: string) => follower.refresh().byFingerprint(fingerprint) !== undefined;

function codeOfRefresh(): string | undefined {
  try {
    follower.refresh();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(AuthorityError);
    return (error as AuthorityError).code;
  }
}

describe('a ledger that another writes', () => {
  it('is read on as it grows', async () => {
    const first = follower.refresh();
    expect(first.entries).toHaveLength(scene.authority.revocations().latest + 5);
    expect(follower.refresh()).toBe(first);
    const plugin = await issue();
    expect(knows(plugin.fingerprint)).toBe(true);
    await revoke(plugin.fingerprint);
    expect(follower.refresh().byFingerprint(plugin.fingerprint)?.revocation?.reason).toBe('superseded');
    await scene.authority.issueCredential({ name: 'ada', role: 'store' });
    expect(follower.refresh().credentials.inForce('ada', scene.clock())).toBeDefined();
    expect(follower.refresh()).toBe(first);
  });

  it('counts with its whole lines only, wherever it is cut off', async () => {
    const before = follower.refresh().entries.length;
    const { fingerprint } = await issue();
    const whole = await readFile(ledger);
    await scene.authority[Symbol.asyncDispose]();
    const start = whole.lastIndexOf('\n', whole.length - 2) + 1;
    await truncate(ledger, start);
    follower = new LedgerFollower(ledger);
    for (let end = start; end < whole.length; end += 211) {
      await truncate(ledger, start);
      await appendFile(ledger, whole.subarray(start, end));
      expect(follower.refresh().entries).toHaveLength(before);
    }
    await truncate(ledger, start);
    await appendFile(ledger, whole.subarray(start));
    expect(knows(fingerprint)).toBe(true);
    // What the disk has not got of an unfinished append reads as zeros.
    await appendFile(ledger, Buffer.concat([Buffer.alloc(100), Buffer.from('\n')]));
    expect(knows(fingerprint)).toBe(true);
  });

  it('is read anew where what was read was taken back', async () => {
    const old = await readFile(ledger);
    const { fingerprint } = await issue();
    const first = follower.refresh();
    const whole = await readFile(ledger);
    await writeFile(ledger, old);
    expect(knows(fingerprint)).toBe(false);
    expect(follower.refresh()).not.toBe(first);
    // The same, and something longer in its place before anybody looks.
    await writeFile(ledger, whole);
    expect(knows(fingerprint)).toBe(true);
    await using other = await testAuthority();
    await issueChain(other.authority, 'Another');
    await issueChain(other.authority, 'And another, so that it is longer');
    await issueChain(other.authority, 'Third');
    await copyFile(join(other.dir, 'ledger'), ledger);
    expect(follower.refresh().root.certificate.fingerprint).toBe(other.authority.rootCertificate.fingerprint);
    expect(knows(fingerprint)).toBe(false);
  });

  it('is read anew where another file of the same length takes its place', async () => {
    const first = follower.refresh();
    const copy = `${ledger}.copy`;
    await copyFile(ledger, copy);
    await rename(copy, ledger);
    expect(follower.refresh()).not.toBe(first);
    const second = follower.refresh();
    await utimes(ledger, new Date(0), new Date(0));
    expect(follower.refresh()).not.toBe(second);
  });

  it('is refused while it is missing or damaged, and read again when it is not', async () => {
    follower.refresh();
    await rename(ledger, `${ledger}.away`);
    expect([codeOfRefresh(), codeOfRefresh()]).toEqual(['AUTHORITY_DAMAGED', 'AUTHORITY_DAMAGED']);
    await rename(`${ledger}.away`, ledger);
    expect(codeOfRefresh()).toBeUndefined();
    const whole = await readFile(ledger);
    const changed = Buffer.from(whole);
    changed[200] = (changed[200] ?? 0) ^ 1;
    await writeFile(ledger, changed);
    expect([codeOfRefresh(), codeOfRefresh()]).toEqual(['LEDGER_DAMAGED', 'LEDGER_DAMAGED']);
    // Growing does not heal it.
    await appendFile(ledger, 'x\n');
    expect(codeOfRefresh()).toBe('LEDGER_DAMAGED');
    await writeFile(ledger, '');
    expect(codeOfRefresh()).toBe('LEDGER_DAMAGED');
    await rm(ledger);
    await writeFile(ledger, whole);
    expect(codeOfRefresh()).toBeUndefined();
    await appendFile(ledger, `${'0'.repeat(64)} {}\n`);
    expect(codeOfRefresh()).toBe('LEDGER_DAMAGED');
    await truncate(ledger, whole.length);
    expect(codeOfRefresh()).toBeUndefined();
  });
});
