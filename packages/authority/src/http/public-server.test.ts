import { once } from 'node:events';
import { connect } from 'node:net';
import {
  acceptOcspResponse,
  type Certificate,
  createOcspRequest,
  parseCertificatesPem,
} from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isInstalled,
  issueChain,
  minuteMs,
  openssl,
  scratch,
  type TestAuthority,
  testAuthority,
  testClock,
} from '../authority-fixtures.js';
import { toPem } from '../pem.js';
import { createPublicServer, type PublicServer } from './public-server.js';

let scene: TestAuthority;
let server: PublicServer;
let url: string;
let organization: Certificate;
let plugin: Certificate;
const failures: unknown[] = [];

const certificateOf = (pem: string): Certificate =>
  parseCertificatesPem(Buffer.from(pem))[0] ?? expect.fail('no certificate');

beforeEach(async () => {
  // The tools judge by the time of day, whatever it is.
  scene = await testAuthority({ clock: testClock(new Date().toISOString().replace(/\.\d+Z$/, '.000Z')) });
  const chain = await issueChain(scene.authority);
  organization = certificateOf(chain.organization.pem);
  plugin = certificateOf(chain.plugin.pem);
  failures.length = 0;
  server = createPublicServer(scene.authority, { onFailure: (error) => failures.push(error) });
  ({ url } = await server.listen({ port: 0 }));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  expect(failures).toEqual([]);
});

const request = (nonce?: Uint8Array): Uint8Array =>
  createOcspRequest({ certificate: plugin, issuer: organization, ...(nonce === undefined ? {} : { nonce }) })
    .der;
const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const get = (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers });
const post = (body: Uint8Array<ArrayBuffer> | string, type = 'application/ocsp-request') =>
  fetch(`${url}/ocsp`, { method: 'POST', body, headers: { 'content-type': type } });
const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());
const revoke = () => scene.authority.revoke({ certificate: plugin.fingerprint, reason: 'superseded' });

const accept = (der: Uint8Array) =>
  acceptOcspResponse(der, { certificate: plugin, issuer: organization, at: scene.clock() });

describe('OCSP over HTTP', () => {
  it('answers GET however the request is escaped, and POST, with the same answer', async () => {
    const der = request();
    const answers = [
      await get(`/ocsp/${encodeURIComponent(base64(der))}`),
      await get(`/ocsp/${base64(der)}`),
      await get(`/ocsp/${base64(der).replaceAll('=', '')}`),
      await get(`/ocsp/${Buffer.from(der).toString('base64url')}`),
      await post(new Uint8Array(der)),
    ];
    const bodies = await Promise.all(answers.map(bytesOf));
    for (const [index, answer] of answers.entries()) {
      expect(answer.status, String(index)).toBe(200);
      expect(answer.headers.get('content-type')).toBe('application/ocsp-response');
      expect(bodies[index]).toEqual(bodies[0]);
    }
    expect(accept(bodies[0] ?? Buffer.alloc(0)).status).toBe('good');
  });

  it('lets caches keep a GET answer only as long as it is fresh', async () => {
    const path = `/ocsp/${encodeURIComponent(base64(request()))}`;
    const first = await get(path);
    expect(first.headers.get('cache-control')).toBe('max-age=3600, public, no-transform, must-revalidate');
    expect(new Date(first.headers.get('expires') ?? '').getTime()).toBeGreaterThan(scene.clock().getTime());
    expect(first.headers.get('last-modified')).toBe(scene.clock().toUTCString());
    const etag = first.headers.get('etag') ?? '';
    scene.clock.advance(10 * minuteMs);
    const second = await get(path, { 'if-none-match': `"x", W/${etag}` });
    expect(second.status).toBe(304);
    expect((await bytesOf(second)).length).toBe(0);
    expect(second.headers.get('cache-control')).toContain('max-age=3000,');
    await revoke();
    const third = await get(path, { 'if-none-match': etag });
    expect(third.status).toBe(200);
    expect(accept(await bytesOf(third)).status).toBe('revoked');
  });

  it('lets nobody keep an answer with a nonce or without signature', async () => {
    const nonced = await get(`/ocsp/${encodeURIComponent(base64(request(Buffer.alloc(16, 3))))}`);
    const malformed = await get('/ocsp/AAAA');
    for (const answer of [nonced, malformed, await post(new Uint8Array(request()))]) {
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('etag')).toBeNull();
    }
  });

  it('answers GET of anything else with a refusal and stays', async () => {
    const paths = [
      '',
      '!!!!',
      'AAA',
      '%',
      '%ZZ',
      'A'.repeat(6000),
      '..%2f..',
      'MAA',
      `${'a'.repeat(4000)}?x=1`,
    ];
    for (const path of paths) {
      const answer = await get(`/ocsp/${path}`);
      const body = await bytesOf(answer);
      const isMalformed = answer.status === 200 && body.equals(Buffer.from('30030a0101', 'hex'));
      expect(isMalformed || (answer.status >= 400 && answer.status < 500), path).toBe(true);
    }
    expect(accept(await bytesOf(await post(new Uint8Array(request())))).status).toBe('good');
  });

  it('takes requests of its own media type and size only', async () => {
    const wrong = await post('hello', 'text/plain');
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      code: 'REQUEST_INVALID',
      type: 'urn:jpl:error:REQUEST_INVALID',
    });
    const large = await post(new Uint8Array(4097));
    expect(large.status).toBe(413);
    expect(large.headers.get('content-type')).toContain('application/problem+json');
    expect(await large.json()).toMatchObject({ code: 'REQUEST_TOO_LARGE' });
    expect(await bytesOf(await post(new Uint8Array(4096)))).toEqual(Buffer.from('30030a0101', 'hex'));
    expect((await fetch(`${url}/ocsp`, { method: 'DELETE' })).status).toBe(404);
  });

  it('lets go of a client that never finishes its request', async () => {
    await using impatient = createPublicServer(scene.authority, { requestTimeoutMs: 300 });
    const { hostname, port } = new URL((await impatient.listen({ port: 0 })).url);
    for (const part of [
      'POST /ocsp HTTP/1.1\r\nhost: x\r\n',
      'POST /ocsp HTTP/1.1\r\nhost: x\r\ncontent-type: application/ocsp-request\r\ncontent-length: 90\r\n\r\n1',
    ]) {
      const socket = connect(Number(port), hostname);
      socket.write(part);
      socket.resume();
      await once(socket, 'close');
    }
  });
});

describe('openssl ocsp', () => {
  const ask = async (...more: string[]) => {
    await using files = await scratch();
    const chain = toPem('CERTIFICATE', organization.der) + scene.rootPem;
    return await openssl([
      ...[
        'ocsp',
        '-url',
        `${url}/ocsp`,
        '-CAfile',
        await files.file('chain.pem', chain),
        '-timeout',
        '10',
        ...more,
      ],
      ...['-issuer', await files.file('issuer.pem', toPem('CERTIFICATE', organization.der))],
      ...['-cert', await files.file('plugin.pem', toPem('CERTIFICATE', plugin.der))],
    ]);
  };

  it('verifies good and revoked, with and without nonce, with both hashes', async () => {
    for (const options of [[], ['-no_nonce'], ['-sha256']]) {
      const { stdout, stderr } = await ask(...options);
      expect(stdout + stderr).toMatch(/plugin\.pem: good/);
      expect(stderr).toContain('Response verify OK');
      expect(stderr).not.toContain('no nonce');
    }
    await revoke();
    const { stdout } = await ask();
    expect(stdout).toContain('plugin.pem: revoked');
    expect(stdout).toContain('Reason: superseded');
  });
});

describe('GnuTLS ocsptool', () => {
  it('verifies the answer', async ({ skip }) => {
    if (!(await isInstalled('ocsptool'))) skip('ocsptool is not installed');
    await using files = await scratch();
    const issuer = await files.file('issuer.pem', toPem('CERTIFICATE', organization.der));
    const certificate = await files.file('plugin.pem', toPem('CERTIFICATE', plugin.der));
    const args = [
      `--ask=${url}/ocsp`,
      '--load-cert',
      certificate,
      '--load-issuer',
      issuer,
      '--load-trust',
      issuer,
    ];
    const { stdout, stderr } = await openssl(args, 'ocsptool');
    expect(stdout + stderr).toMatch(/Verifying OCSP Response: Success/);
  });
});

describe('what else is public', () => {
  it('are the CRLs, to be looked for anew every few minutes', async () => {
    for (const id of ['root', Buffer.from(organization.subjectKeyIdentifier ?? []).toString('hex')]) {
      const first = await get(`/crl/${id}`);
      expect(first.status).toBe(200);
      expect(first.headers.get('content-type')).toBe('application/pkix-crl');
      expect(first.headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
      expect(await bytesOf(first)).toEqual((await scene.authority.crl(id)).der);
      const again = await get(`/crl/${id}`, { 'if-none-match': first.headers.get('etag') ?? '' });
      expect(again.status).toBe(304);
    }
    const missing = await get('/crl/nobody');
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ code: 'ISSUER_NOT_FOUND', status: 404 });
  });

  it('are the root and a sign of life, and nothing that changes anything', async () => {
    expect(await (await get('/root.pem')).text()).toBe(scene.rootPem);
    expect(await (await get('/health/live')).json()).toEqual({ status: 'ok' });
    for (const path of [
      '/',
      '/v1/status',
      '/v1/certificates',
      '/authority.json',
      '/crl/../ledger',
      '/root.pem/x',
    ]) {
      const answer = await get(path);
      expect(answer.status, path).toBe(404);
      expect(await answer.json()).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
    }
    expect((await fetch(`${url}/v1/revocations`, { method: 'POST', body: '{}' })).status).toBe(404);
  });
});
