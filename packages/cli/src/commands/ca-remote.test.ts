import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AuthorityError, connectRemoteAuthority, problemOf } from '@jami-plugin-store/authority';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jpl, namesIn, type Place, type Ran, serve, temporaryFolder } from '../cli-fixtures.js';

const run = promisify(execFile);

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let place: Place;
let server: Awaited<ReturnType<typeof serve>>;
let adminUrl: string;
const at = (name: string): string => join(folder.path, name);
const ca = (command: string, ...args: string[]) => jpl(place, 'ca', ...command.split(' '), ...args);
const afar = (command: string, ...args: string[]) =>
  ca(command, '--authority', adminUrl, '--credential', 'ada.pem', ...args);
const codeOf = (ran: Ran) => [ran.code, ran.json().code];

beforeAll(async () => {
  folder = await temporaryFolder();
  // TLS judges by the time of day.
  place = { cwd: folder.path, at: new Date() };
  const init = ['--data-dir', 'ca', '--name', 'The Root', '--base-url', 'http://127.0.0.1:9'];
  expect(await ca('init', ...init)).toMatchObject({ code: 0 });
  const args = ['--data-dir', 'ca', '--port', '0', '--admin-port', '0'];
  server = await serve(place, 'ca', 'serve', ...args);
  adminUrl = server.adminUrl ?? '';
  await ca('credential issue', 'ada', '--data-dir', 'ca', '--role', 'reviewer', '-o', 'ada.pem');
  await ca('credential issue', 'shop', '--data-dir', 'ca', '--role', 'store', '-o', 'shop.pem');
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  for (const [name, key] of [
    ['own', ec],
    ['plugin', ['-newkey', 'rsa:2048']],
  ] as const) {
    const options = [
      '-new',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
    ];
    await run('openssl', ['req', ...options, ...key], { cwd: folder.path });
  }
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

describe('jpl ca credential', () => {
  it('writes a file that only its owner reads, and lists who has one', async () => {
    expect((await stat(at('ada.pem'))).mode & 0o777).toBe(0o600);
    const listed = await ca('credential list', '--data-dir', 'ca', '--json');
    expect(listed.json<object[]>()).toMatchObject([
      { name: 'ada', role: 'reviewer', state: 'good' },
      { name: 'shop', role: 'store', state: 'good' },
    ]);
    const shown = await ca('credential list', '--data-dir', 'ca');
    expect(shown.out).toMatch(/^reviewer {2}ada {2}until \d{4}-\d\d-\d\d {2}[0-9a-f]{64}$/m);
  });

  it('is for the operator of the folder, not for those who have one', async () => {
    const issue = ['--authority', adminUrl, '--credential', 'ada.pem', '--role', 'reviewer'];
    expect((await ca('credential issue', 'eve', ...issue)).code).toBe(2);
    expect((await ca('credential list')).code).toBe(2);
    const twice = ['--data-dir', 'ca', '--role', 'store', '-o', 'twice.pem', '--json'];
    expect(codeOf(await ca('credential issue', 'ada', ...twice))).toEqual([1, 'CREDENTIAL_NAME_TAKEN']);
    expect(await namesIn(folder.path)).not.toContain('twice.pem');
    const nobody = await ca('credential revoke', 'nobody', '--data-dir', 'ca', '--json');
    expect(codeOf(nobody)).toEqual([1, 'CREDENTIAL_NOT_FOUND']);
    const king = await ca('credential issue', 'eve', '--data-dir', 'ca', '--role', 'king', '--json');
    expect(codeOf(king)).toEqual([2, 'USAGE']);
  });

  it('certifies a key that never leaves its holder', async () => {
    const made = await jpl(
      place,
      'csr',
      '--cn',
      'bob',
      '--key-type',
      'ec-p256',
      '--key-out',
      'bob.key',
      '-o',
      'bob.csr',
    );
    expect(made.code).toBe(0);
    const issue = ['--data-dir', 'ca', '--role', 'reviewer', '--csr', 'bob.csr', '-o', 'bob.pem'];
    const issued = await ca('credential issue', 'bob', ...issue);
    expect(issued.out).toContain('its holder adds the private key');
    const list = () => ca('list', '--authority', adminUrl, '--credential', 'bob.pem', '--json');
    expect(codeOf(await list())).toEqual([2, 'CREDENTIAL_FILE_INVALID']);
    await writeFile(
      at('bob.pem'),
      (await readFile(at('bob.pem'), 'utf8')) + (await readFile(at('bob.key'), 'utf8')),
    );
    expect((await list()).code).toBe(0);
    const revoked = await ca('credential revoke', 'bob', '--data-dir', 'ca', '--json');
    expect(revoked.json()).toMatchObject({ name: 'bob', state: 'revoked' });
    expect(codeOf(await list())).toEqual([1, 'CREDENTIAL_REVOKED']);
  });
});

describe('jpl ca from afar', () => {
  it('checks, issues once and again, lists and revokes', async () => {
    const checked = await afar('check', '--csr', 'own.csr', '--kind', 'organization');
    expect(checked.out).toMatch(
      /^own\.csr: a certificate for CN=own would be issued\n {2}key: ec-p256, 256 bits/,
    );
    const issue = ['--csr', 'own.csr', '--kind', 'organization', '--request-id', 'request-0001', '--json'];
    const first = await afar('issue', ...issue, '-o', 'own.pem');
    expect(first.code).toBe(0);
    expect((await afar('issue', ...issue)).json()).toEqual(first.json());
    expect(codeOf(await afar('issue', ...issue, '--days', '3'))).toEqual([1, 'REQUEST_ID_REUSED']);
    const hosted = await afar('issue', '--hosted', 'Papillon', '--json');
    const { fingerprint } = hosted.json<{ fingerprint: string }>();
    const listed = await afar('list', '--json');
    expect(listed.json<{ fingerprint: string }[]>().map((record) => record.fingerprint)).toContain(
      fingerprint,
    );
    expect(await afar('revoke', fingerprint)).toMatchObject({ code: 0 });
    const ledger = await readFile(at('ca/ledger'), 'utf8');
    expect(ledger.match(/"actor":"ada"/g)).toHaveLength(3);
  });

  it.each([
    [['list'], 2, 'OPTION_MISSING'],
    [['list', '--authority', 'URL'], 2, 'OPTION_MISSING'],
    [['list', '--credential', 'ada.pem'], 2, 'OPTION_MISSING'],
    [['list', '--data-dir', 'ca', '--authority', 'URL', '--credential', 'ada.pem'], 2, 'USAGE'],
    [['list', '--data-dir', 'ca', '--credential', 'ada.pem'], 2, 'USAGE'],
    [['list', '--authority', 'http://127.0.0.1:1', '--credential', 'ada.pem'], 1, 'ARGUMENT_INVALID'],
    [['list', '--authority', 'https://127.0.0.1:1', '--credential', 'ada.pem'], 1, 'ADMIN_UNREACHABLE'],
    [['list', '--authority', 'URL', '--credential', 'missing.pem'], 2, 'FILE_NOT_FOUND'],
    [['list', '--authority', 'URL', '--credential', 'own.csr'], 2, 'CREDENTIAL_FILE_INVALID'],
    [
      ['issue', '--authority', 'URL', '--credential', 'shop.pem', '--hosted', 'X'],
      1,
      'CREDENTIAL_ROLE_FORBIDS',
    ],
    [['revoke', 'ff', '--authority', 'URL', '--credential', 'shop.pem'], 1, 'CREDENTIAL_ROLE_FORBIDS'],
    [['issue', '--store', 'https://s.example', '--csr', 'own.csr'], 2, 'OPTION_MISSING'],
    [['issue', '--store', 'https://s.example', '--data-dir', 'ca', '--csr', 'own.csr'], 2, 'USAGE'],
    [['issue', '--data-dir', 'ca', '--hosted', 'X', '--request-id', 'short'], 2, 'USAGE'],
    [['delegate', '--issuer-key', 'own.key', '--issuer-cert', 'own.pem'], 2, 'OPTION_MISSING'],
    [['delegate', '--issuer-key', 'own.key', '--data-dir', 'ca'], 2, 'USAGE'],
    [
      ['delegate', '--issuer-key', 'own.csr', '--issuer-cert', 'own.pem', '--data-dir', 'ca'],
      2,
      'KEY_NOT_READABLE',
    ],
    [
      ['delegate', '--issuer-key', 'plugin.key', '--issuer-cert', 'own.pem', '--data-dir', 'ca'],
      1,
      'ISSUER_KEY_MISMATCH',
    ],
    [
      ['delegate', '--issuer-key', 'own.key', '--issuer-cert', 'own.csr', '--data-dir', 'ca'],
      1,
      'ISSUER_CERTIFICATE_INVALID',
    ],
    [['register', 'own.csr', '--data-dir', 'ca'], 1, 'CERTIFICATE_NOT_ISSUED_BY'],
    [['register', 'own.pem', '--store', 'https://s.example'], 2, 'TOKEN_NEEDED'],
    [['check', '--csr', 'own.csr', '--data-dir', 'ca'], 1, 'CSR_KEY_NOT_RSA'],
    [['serve', '--data-dir', 'nowhere', '--port', '0', '--admin-port', 'x'], 2, 'USAGE'],
  ])('%j: exit %i, %s', async (line, exitCode, code) => {
    const before = await readFile(at('ca/ledger'));
    const args = line.map((word) => (word === 'URL' ? adminUrl : word));
    expect(codeOf(await jpl(place, 'ca', ...args, '--json'))).toEqual([exitCode, code]);
    expect(await readFile(at('ca/ledger'))).toEqual(before);
  });
});

describe('an organization with its own key', () => {
  let relay: Server;
  let storeUrl: string;
  const token = `jpl_${'0'.repeat(16)}_${'a'.repeat(64)}`;

  /** What a store does on the way: it knows the token, and asks under its own credential. */
  beforeAll(async () => {
    await using admin = connectRemoteAuthority({ url: adminUrl, credential: await readFile(at('shop.pem')) });
    relay = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = JSON.parse(Buffer.concat(chunks).toString());
      const answer = (status: number, value: object) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      };
      if (request.headers.authorization !== `Bearer ${token}`) {
        const about = {
          type: 'urn:jpl:error:TOKEN_UNKNOWN',
          title: 'Token unknown',
          detail: 'Nobody knows it.',
        };
        return answer(401, { ...about, status: 401, code: 'TOKEN_UNKNOWN' });
      }
      try {
        const certificate = Buffer.from(body.certificate ?? '', 'base64');
        if (request.url === '/shop/v1/delegation-requests')
          answer(200, await admin.requestDelegation(body.issuer));
        else if (request.url === '/shop/v1/delegations')
          answer(200, await admin.adoptDelegation(certificate));
        else answer(200, await admin.registerCertificate(certificate));
      } catch (error) {
        if (!(error instanceof AuthorityError)) throw error;
        const problem = problemOf(error);
        answer(problem.status, problem);
      }
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    storeUrl = `http://127.0.0.1:${(relay.address() as AddressInfo).port}/shop/`;
    await writeFile(at('token'), `${token}\n`);
  });
  afterAll(() => relay.close());

  const key = ['--issuer-key', 'own.key', '--issuer-cert', 'own.pem'];
  const statusOf = async (chain: string) => {
    const chained = await readFile(at(chain), 'utf8');
    const [own = '', issuer = ''] = chained.split(/(?<=-----END CERTIFICATE-----\n)/);
    await writeFile(at('one.pem'), own);
    await writeFile(at('issuer.pem'), issuer);
    const root = await readFile(at('ca/root.pem'), 'utf8');
    await writeFile(at('anchors.pem'), issuer + root);
    const asked = ['-issuer', 'issuer.pem', '-cert', 'one.pem', '-CAfile', 'anchors.pem'];
    const { stdout } = await run('openssl', ['ocsp', '-url', `${server.url}/ocsp`, ...asked], {
      cwd: folder.path,
    });
    return /one\.pem: (\w+)/.exec(stdout)?.[1];
  };

  it('delegates and makes its certificates known through a store', async () => {
    const through = ['--store', storeUrl, '--token-file', 'token'];
    const delegated = await ca('delegate', ...key, ...through);
    expect(delegated).toMatchObject({ code: 0, err: '' });
    expect(delegated.out).toMatch(/^CN=OCSP responder of own: answers for [0-9a-f]{40} until /);

    const issue = ['--csr', 'plugin.csr', ...key];
    expect((await ca('issue', ...issue, '-o', 'unknown.pem')).code).toBe(0);
    expect(await statusOf('unknown.pem')).toBe('unknown');
    const known = await ca('register', 'unknown.pem', ...through);
    expect(known.out).toMatch(/^CN=plugin: known under the serial number [0-9a-f]+\n$/);
    expect(await statusOf('unknown.pem')).toBe('good');

    const atOnce = await ca('issue', ...issue, ...through, '-o', 'known.pem', '--json');
    expect(atOnce.json()).toMatchObject({ subject: 'CN=plugin', fingerprint: expect.any(String) });
    expect(await statusOf('known.pem')).toBe('good');
    const { fingerprint } = atOnce.json<{ fingerprint: string }>();
    await afar('revoke', fingerprint, '--reason', 'keyCompromise');
    expect(await statusOf('known.pem')).toBe('revoked');
  });

  it('does the same with the authority itself', async () => {
    const direct = ['--authority', adminUrl, '--credential', 'shop.pem'];
    expect((await ca('delegate', ...key, ...direct, '--days', '30')).code).toBe(0);
    expect((await ca('delegate', ...key, '--data-dir', 'ca', '--json')).json()).toMatchObject({
      kind: 'responder',
      signedHere: false,
    });
    const reviewer = ['--authority', adminUrl, '--credential', 'ada.pem', '--json'];
    expect(codeOf(await ca('delegate', ...key, ...reviewer))).toEqual([1, 'CREDENTIAL_ROLE_FORBIDS']);
    const registered = await ca('register', 'known.pem', ...direct);
    expect(registered.out).toMatch(/^CN=plugin: known, and revoked at .*, keyCompromise\n$/);
  });

  it('is told what the store or the authority behind it refuses', async () => {
    const through = ['--store', storeUrl, '--json'];
    const wrong = { ...place, env: { JPL_TOKEN: `${token.slice(0, -1)}b` } };
    const refused = await jpl(wrong, 'ca', 'delegate', ...key, ...through);
    expect(codeOf(refused)).toEqual([1, 'TOKEN_UNKNOWN']);
    const right = { ...place, env: { JPL_TOKEN: token } };
    const foreign = await jpl(right, 'ca', 'register', 'ca/root.pem', ...through);
    expect(foreign.code).toBe(0);
    const plain = ['--store', 'http://store.example/', '--json'];
    expect(codeOf(await jpl(right, 'ca', 'delegate', ...key, ...plain))).toEqual([1, 'ARGUMENT_INVALID']);
    const malformed = { ...place, env: { JPL_TOKEN: 'a b' } };
    expect(codeOf(await jpl(malformed, 'ca', 'delegate', ...key, ...through))).toEqual([2, 'TOKEN_NEEDED']);
  });
});
