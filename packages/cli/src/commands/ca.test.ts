import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jpl, namesIn, type Place, serve, temporaryFolder, terminalControls } from '../cli-fixtures.js';

const run = promisify(execFile);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let place: Place;
const at = (name: string): string => join(folder.path, name);
const ca = (command: string, ...args: string[]) => jpl(place, 'ca', command, '--data-dir', 'ca', ...args);
const certificate = async (name: string) => new X509Certificate(await readFile(at(name)));

beforeAll(async () => {
  folder = await temporaryFolder();
  place = { cwd: folder.path };
});
afterAll(() => folder[Symbol.asyncDispose]());

async function request(name: string, subject: string, ...key: string[]): Promise<void> {
  const options = [
    '-new',
    '-nodes',
    '-utf8',
    '-subj',
    subject,
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
  ];
  await run('openssl', ['req', ...options, '-newkey', ...key], { cwd: folder.path });
}

describe('jpl ca', () => {
  const ec = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  let issuer: string;

  it('init makes an authority once', async () => {
    const args = ['--name', 'The Root', '--organization', 'Ocean', '--country', 'FR'];
    const ran = await ca('init', ...args, '--base-url', 'http://127.0.0.1:9', '--json');
    const root = await certificate('ca/root.pem');
    expect([ran.code, ran.json()]).toEqual([
      0,
      {
        dir: at('ca'),
        rootSha256: root.fingerprint256.replaceAll(':', '').toLowerCase(),
        rootPem: await readFile(at('ca/root.pem'), 'utf8'),
      },
    ]);
    expect([root.ca, root.subject.split('\n').sort()]).toEqual([true, ['C=FR', 'CN=The Root', 'O=Ocean']]);
    const again = await ca('init', ...args, '--base-url', 'http://127.0.0.1:9', '--json');
    expect([again.code, again.json().code]).toEqual([1, 'AUTHORITY_ALREADY_EXISTS']);
    expect((await certificate('ca/root.pem')).fingerprint256).toBe(root.fingerprint256);
  });

  it.each([
    [['--name', 'R', '--base-url', 'not a url'], 'ARGUMENT_INVALID'],
    [['--name', 'R', '--base-url', 'file:///etc'], 'ARGUMENT_INVALID'],
    [['--name', '', '--base-url', 'http://127.0.0.1:9'], 'CSR_SUBJECT_INVALID'],
    [['--name', 'R\u202e', '--base-url', 'http://127.0.0.1:9'], 'CSR_SUBJECT_INVALID'],
    [['--name', 'R', '--base-url', 'http://127.0.0.1:9', '--country', 'France'], 'CSR_SUBJECT_INVALID'],
  ])('init refuses %j: %s, and makes nothing', async (args, code) => {
    const ran = await jpl(place, 'ca', 'init', '--data-dir', 'other', ...args, '--json');
    expect([ran.code, ran.json().code]).toEqual([1, code]);
    expect(await namesIn(folder.path)).not.toContain('other');
  });

  it('issues for an organization from a request of openssl', async () => {
    await request('org', '/CN=Tide Works/O=Tide', ...ec);
    const ran = await ca('issue', '--csr', 'org.csr', '--kind', 'organization', '-o', 'org.pem', '--json');
    expect([ran.code, ran.json()]).toEqual([
      0,
      expect.objectContaining({
        kind: 'organization',
        subject: expect.stringContaining('CN=Tide Works'),
        issuerId: expect.stringMatching(/^[0-9a-f]+$/),
        organization: expect.stringMatching(/^[0-9A-F]{32}$/),
        chainPem: await readFile(at('org.pem'), 'utf8'),
      }),
    ]);
    const [root, made] = [await certificate('ca/root.pem'), await certificate('org.pem')];
    expect(made.verify(root.publicKey)).toBe(true);
  });

  it('never overwrites a file, and issues nothing then', async () => {
    await writeFile(at('precious.pem'), 'precious');
    const before = await readFile(at('ca/ledger'));
    const ran = await ca('issue', '--hosted', 'Late', '-o', 'precious.pem', '--json');
    expect([ran.code, ran.json().code]).toEqual([2, 'FILE_EXISTS']);
    expect(await readFile(at('precious.pem'), 'utf8')).toBe('precious');
    expect(await readFile(at('ca/ledger'))).toEqual(before);
  });

  it('leaves no empty file where it issued nothing', async () => {
    const ran = await ca('issue', '--csr', 'missing.csr', '--issuer', 'x', '-o', 'nothing.pem', '--json');
    expect([ran.code, ran.json().code]).toEqual([2, 'FILE_NOT_FOUND']);
    expect(await namesIn(folder.path)).not.toContain('nothing.pem');
  });

  it('issues for an organization whose key it holds, renews it, and tells a person what to type next', async () => {
    const ran = await ca('issue', '--hosted', 'Papillon', '-o', 'hosted.pem');
    expect(ran.code).toBe(0);
    const said =
      /^hosted\.pem: certificate of .*CN=Papillon\n.*\n {2}organization: ([0-9A-F]+)\n {2}issuer id: ([0-9a-f]+)\n$/;
    const [, organization = '', issuerId = ''] = said.exec(ran.out) ?? [];
    issuer = issuerId;
    const renewed = await ca('issue', '--kind', 'organization', '--renew', organization, '--json');
    expect([renewed.code, renewed.json().organization]).toEqual([0, organization]);
  });

  it('issues for a plugin, revokes it once, and lists it', async () => {
    await request('plugin', '/CN=Demo', 'rsa:2048');
    const args = ['--csr', 'plugin.csr', '--issuer', issuer, '--days', '30'];
    const issued = await ca('issue', ...args, '-o', 'plugin.pem', '--json');
    expect(issued.code).toBe(0);
    const { serialNumber, fingerprint } = issued.json<Record<string, string>>();
    const made = await certificate('plugin.pem');
    expect([made.serialNumber.toLowerCase(), made.ca]).toEqual([serialNumber, false]);
    expect(Date.parse(made.validTo)).toBeLessThan(Date.parse('2026-07-02T00:00:00Z'));

    const revoke = (which = '', ...more: string[]) =>
      jpl(place, 'ca', 'revoke', which, '--data-dir', 'ca', ...more);
    const revoked = await revoke(fingerprint, '--reason', 'keyCompromise');
    expect(revoked).toMatchObject({
      code: 0,
      out: 'CN=Demo: revoked at 2026-06-01T00:00:00.000Z, keyCompromise\n',
    });
    const again = await revoke(serialNumber, '--json');
    expect([again.code, again.json()]).toEqual([
      0,
      expect.objectContaining({
        already: true,
        certificate: expect.objectContaining({
          revocation: expect.objectContaining({ reason: 'keyCompromise' }),
        }),
      }),
    ]);
    const listed = await ca('list', '--json');
    expect(
      listed.json<{ subject: string; revocation?: object }[]>().find(({ subject }) => subject === 'CN=Demo'),
    ).toMatchObject({ serialNumber, revocation: { reason: 'keyCompromise' } });
    const shown = await ca('list');
    expect(shown.out).toMatch(/^plugin +[0-9a-f]+ {2}CN=Demo {2}revoked 2026-06-01T00:00:00.000Z$/m);
  });

  it.each([
    [['issue', '--csr', 'org.csr'], 2, 'OPTION_MISSING'],
    [['issue', '--issuer', 'x'], 2, 'OPTION_MISSING'],
    [['issue', '--csr', 'org.csr', '--issuer', 'nobody'], 1, 'ISSUER_NOT_FOUND'],
    [['issue', '--csr', 'plugin.key', '--issuer', 'ISSUER'], 1, 'CSR_MALFORMED'],
    [['issue', '--csr', '.', '--issuer', 'ISSUER'], 2, 'NOT_A_FILE'],
    [['issue', '--csr', 'evil.csr', '--issuer', 'ISSUER'], 1, 'CSR_SUBJECT_INVALID'],
    [['issue', '--csr', 'org.csr', '--issuer-key', 'org.key'], 2, 'OPTION_MISSING'],
    [['revoke', 'ffff'], 1, 'CERTIFICATE_NOT_FOUND'],
    [['revoke', 'not hex'], 1, expect.any(String)],
    [['revoke', 'ffff', '--reason', 'boredom'], 1, expect.any(String)],
  ])('%j: exit %i, %s', async (line, exitCode, code) => {
    await request('evil', '/CN=Evil\u202eplugin', 'rsa:2048');
    const [command = '', ...args] = line.map((word) => (word === 'ISSUER' ? issuer : word));
    const before = await readFile(at('ca/ledger'));
    const ran = await ca(command, ...args, '--json');
    expect([ran.code, ran.json().code]).toEqual([exitCode, code]);
    const shown = await ca(command, ...args);
    expect([shown.code, shown.out]).toEqual([exitCode, '']);
    expect(shown.err).not.toMatch(terminalControls);
    expect(await readFile(at('ca/ledger'))).toEqual(before);
  });

  it.each(['issue', 'list', 'serve', 'respond', 'revoke'])(
    '%s needs an authority, and makes none',
    async (command) => {
      const args =
        {
          issue: ['--hosted', 'X'],
          serve: ['--port', '0'],
          respond: ['--port', '0'],
          revoke: ['ff'],
          list: [],
        }[command] ?? [];
      await mkdir(at('bare'), { recursive: true });
      for (const dir of ['nowhere', 'bare']) {
        const ran = await jpl(place, 'ca', command, '--data-dir', dir, ...args);
        expect([ran.code, ran.out]).toEqual([2, '']);
        expect(ran.err).toContain('code: AUTHORITY_NOT_FOUND');
      }
      expect((await namesIn(folder.path)).filter((name) => /^(nowhere|bare\/)/.test(name))).toEqual([]);
    },
  );

  it('asks the server that has the folder open', async () => {
    await using server = await serve(place, 'ca', 'serve', '--data-dir', 'ca', '--port', '0');
    const ran = await ca('issue', '--hosted', 'Served', '--json');
    expect([ran.code, ran.json().subject]).toEqual([0, expect.stringContaining('CN=Served')]);
    const root = await fetch(new URL('/root.pem', server.url));
    expect(await root.text()).toBe(await readFile(at('ca/root.pem'), 'utf8'));
    const second = await ca('serve', '--port', '0');
    expect([second.code, second.out]).toEqual([1, '']);
    expect(second.err).toContain('code: AUTHORITY_BUSY');
    const { port } = new URL(server.url);
    const store = await jpl(place, 'store', 'serve', '--data-dir', 'store', '--port', port);
    expect(store.code).toBe(2);
    expect(store.err).toContain('code: ADDRESS_NOT_AVAILABLE');
  });

  it('answers in further processes, beside the server and without it', async () => {
    const respond = ['ca', 'respond', '--data-dir', 'ca', '--port', '0'];
    await using beside = await serve(place, ...respond);
    const revoked = await ca('issue', '--hosted', 'Revoked beside', '--json');
    const { fingerprint } = revoked.json<{ fingerprint: string }>();
    await jpl(place, 'ca', 'revoke', fingerprint, '--data-dir', 'ca');
    const list = await (await fetch(new URL('/v1/revocations', beside.url))).json();
    expect(list).toMatchObject({
      revocations: expect.arrayContaining([expect.objectContaining({ fingerprint })]),
    });
    expect(await (await fetch(new URL('/health/ready', beside.url))).json()).toEqual({ status: 'ok' });
    expect(await (await fetch(new URL('/root.pem', beside.url))).text()).toBe(
      await readFile(at('ca/root.pem'), 'utf8'),
    );
    const { port } = new URL(beside.url);
    const second = await jpl(place, 'ca', 'respond', '--data-dir', 'ca', '--port', port);
    expect([second.code, second.out]).toEqual([2, '']);
    expect(second.err).toContain('code: ADDRESS_NOT_AVAILABLE');
    const closed = { ...place, env: { JPL_RESPONDER_PASSPHRASE: 'not needed' } };
    await (await serve(closed, ...respond))[Symbol.asyncDispose]();
  });

  it('ends without a trace of the server', async () => {
    const server = await serve(place, 'ca', 'serve', '--data-dir', 'ca', '--port', '0');
    await server[Symbol.asyncDispose]();
    expect(await server.ended).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\{"ready":true,"url":"[^"]+"\}\n$/),
    });
    expect(await namesIn(at('ca'))).not.toContain('admin.sock');
  });
});
