import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { createDaemon } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  fixturePlatform,
  type Organization,
  type Signer,
  writePackage,
} from '../daemon-fixtures.js';
import { errorOutcome } from '../error-outcome.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let organization: Organization;
let signer: Signer;
let server: Server;
/** What makes a certificate name the responder. */
let naming: string[];
let answer: (request: Buffer) => Promise<Buffer | number>;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  organization = await authority.organization('Hello Ltd');
  server = createServer(async (request, response) => {
    // In the body of a POST, or in the path of a GET (RFC 6960 appendix A).
    const [, , encoded = ''] = request.url?.split('/') ?? [];
    const body = await buffer(request);
    const question = request.method === 'GET' ? Buffer.from(decodeURIComponent(encoded), 'base64') : body;
    const answered = await answer(question);
    if (typeof answered === 'number') response.writeHead(answered).end();
    else response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(answered);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  naming = [`authorityInfoAccess = OCSP;URI:http://127.0.0.1:${port}/ocsp`];
  signer = await organization(naming);
});
afterAll(async () => {
  server.close();
  await fixtures[Symbol.asyncDispose]();
});
beforeEach(() => {
  answer = (request) => organization.ocsp(request);
});

/** Asks over the network, as a user's daemon does. The responder is `openssl`, which knows no time but now. */
const start = (revocation: 'when-named' | 'required' = 'when-named'): Promise<Daemon> =>
  createDaemon({
    dataDir: fixtures.path('data'),
    anchors: [authority.anchor],
    revocation,
    clock: () => new Date(),
    platform: fixturePlatform,
  });

describe('an install asks the responder', () => {
  it('and keeps what it answered', async () => {
    await using daemon = await start();
    await daemon.install({ path: await writePackage(fixtures, signer) });
    expect((await daemon.details('Greeter')).revocation).toMatchObject([
      { subject: 'CN=Hello Ltd plugin', status: 'good', source: 'ocsp' },
      { subject: 'CN=Hello Ltd', status: 'not-offered', source: 'none' },
    ]);
  });

  it('and where the mode requires it, takes no certificate that names none', async () => {
    await using daemon = await start('required');
    const outcome = await daemon.install({ path: await writePackage(fixtures, signer) }).catch(errorOutcome);
    expect(outcome).toMatchObject({
      code: 'REVOCATION_NOT_OFFERED',
      resultCode: 400,
      certificate: 'CN=Hello Ltd',
    });
  });

  it('and refuses when it gets no answer that holds', async () => {
    await using daemon = await start();
    const path = await writePackage(fixtures, signer);
    for (const [bad, code] of [
      [async () => 503, 'OCSP_HTTP_STATUS'],
      [async () => Buffer.from('garbage'), 'OCSP_MALFORMED'],
    ] as const) {
      answer = bad;
      expect(await daemon.install({ path }).catch(errorOutcome)).toMatchObject({ code, resultCode: 400 });
    }
    expect(await daemon.list()).toEqual([]);
  });

  it('and refuses what it revoked, also as an update', async () => {
    await using daemon = await start();
    await daemon.install({ path: await writePackage(fixtures, signer) });
    await organization.revoke(signer);
    const path = await writePackage(fixtures, signer, { version: '2.0.0' });
    const outcome = await daemon.install({ path, force: true }).catch(errorOutcome);
    expect(outcome).toMatchObject({
      code: 'CERTIFICATE_REVOKED',
      resultCode: 400,
      certificate: 'CN=Hello Ltd plugin',
    });
    expect(await daemon.list()).toMatchObject([{ id: 'Greeter', version: '1.0.0', state: 'installed' }]);
  });
});

describe('what is installed', () => {
  it('is disabled by a revocation since, and healed when that is taken back', async () => {
    await using daemon = await start();
    const later = await organization(naming);
    await daemon.install({ path: await writePackage(fixtures, later) });
    await daemon.assertStillTrusted('Greeter');
    await organization.revoke(later);
    await expect(daemon.assertStillTrusted('Greeter')).rejects.toMatchObject({
      code: 'CERTIFICATE_REVOKED',
      certificate: 'CN=Hello Ltd plugin',
    });
    expect(await daemon.list()).toMatchObject([
      { state: 'disabled', disabled: { code: 'CERTIFICATE_REVOKED' } },
    ]);
    // Nobody is reached: what is known stays known.
    answer = async () => 503;
    expect(await daemon.check('Greeter')).toMatchObject({
      state: 'disabled',
      unanswered: { code: 'OCSP_HTTP_STATUS' },
    });
    answer = (request) => organization.ocsp(request);
    const index = join(fixtures.folder, 'index.txt');
    const lines = await readFile(index, 'utf8');
    await writeFile(index, lines.replace(/^R\t(\w+)\t\w+/gm, 'V\t$1\t'));
    expect(await daemon.check('Greeter')).toMatchObject({ state: 'installed' });
    await daemon.assertStillTrusted('Greeter');
  });

  it('is loaded by a kept answer while that lasts; who asks for a check asks afresh', async () => {
    let asked = 0;
    answer = (request) => {
      asked += 1;
      return organization.ocsp(request, ['-ndays', '1']);
    };
    await using daemon = await start();
    const later = await organization(naming);
    await daemon.install({ path: await writePackage(fixtures, later) });
    await organization.revoke(later);
    await daemon.assertStillTrusted('Greeter');
    expect(asked).toBe(1);
    expect(await daemon.check('Greeter')).toMatchObject({ disabled: { code: 'CERTIFICATE_REVOKED' } });
    expect(asked).toBe(2);
    await expect(daemon.assertStillTrusted('Greeter')).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
  });
});
