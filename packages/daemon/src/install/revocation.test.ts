import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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
let answer: (request: Buffer) => Promise<Buffer | number>;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  organization = await authority.organization('Hello Ltd');
  server = createServer(async (request, response) => {
    const answered = await answer(await buffer(request));
    if (typeof answered === 'number') response.writeHead(answered).end();
    else response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(answered);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  signer = await organization([`authorityInfoAccess = OCSP;URI:http://127.0.0.1:${port}/ocsp`]);
});
afterAll(async () => {
  server.close();
  await fixtures[Symbol.asyncDispose]();
});
beforeEach(() => {
  answer = organization.ocsp;
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
