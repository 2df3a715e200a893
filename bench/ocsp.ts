import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKeyAndCsr, initAuthority, openAuthority } from '@jami-plugin-store/authority';
import { type Certificate, createOcspRequest, parseCertificatesPem } from '@jami-plugin-store/trust';
import { type Contender, Contest } from './contest.js';
import type { LoadRequest } from './load.js';
import { startOpensslResponder } from './openssl-responder.js';
import { type BenchReport, leastRow, plainRow, type Row } from './report.js';
import { launcher, startBareServer, startServer } from './server-process.js';

const nonces = 500;
/** One process answers one after the other: more connections only wait, and each is closed after its answer. */
const opensslConnections = 4;

/** OCSP over HTTP: prepared answers against a bare server with the same bytes, signed ones against openssl's responder. */
export async function benchOcsp(): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'jpl-bench-'));
  try {
    const dir = join(folder, 'authority');
    const asked = await makeAuthority(dir);
    await using ours = await startServer(launcher, ['ca', 'serve', '--data-dir', dir, '--port', '0']);
    const prepared = createOcspRequest(asked).der;
    const get: LoadRequest = {
      method: 'GET',
      path: `/ocsp/${encodeURIComponent(Buffer.from(prepared).toString('base64'))}`,
    };
    const post = (body: Uint8Array): LoadRequest => ({
      method: 'POST',
      path: '/ocsp',
      headers: { 'content-type': 'application/ocsp-request' },
      body,
    });
    const nonced = Array.from({ length: nonces }, () =>
      post(createOcspRequest({ ...asked, nonce: randomBytes(16) }).der),
    );
    await using bare = await startBareServer(join(folder, 'answer.json'), `${ours.url}${get.path}`);
    await using openssl = await startOpensslResponder(folder);
    const contenders: Contender[] = [
      { name: 'bare, GET', servers: [bare], requests: [get] },
      { name: 'prepared, GET', servers: [ours], requests: [get] },
      { name: 'bare, POST', servers: [bare], requests: [post(prepared)] },
      { name: 'prepared, POST', servers: [ours], requests: [post(prepared)] },
      { name: 'with nonce', servers: [ours], requests: nonced },
    ];
    if (openssl !== undefined) {
      const { server, request } = openssl;
      const closing = { connections: opensslConnections, closesConnections: true };
      contenders.push({
        name: 'openssl, with nonce',
        servers: [server],
        requests: [post(request)],
        ...closing,
      });
    }
    return { bench: 'ocsp', rows: rowsOf(await Contest.run(contenders)) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A real authority with one plugin certificate to ask about. */
async function makeAuthority(dir: string): Promise<{ certificate: Certificate; issuer: Certificate }> {
  const clock = () => new Date();
  await initAuthority({ dir, name: 'Benchmark root', baseUrl: 'http://127.0.0.1:9', clock });
  await using authority = await openAuthority({ dir, clock });
  const { keyId } = await authority.createOrganization({ commonName: 'Benchmark organization' });
  const { csrPem } = await createKeyAndCsr({ subject: { CN: 'Bench' }, keyType: 'rsa-2048' });
  const { chainPem } = await authority.issuePlugin(Buffer.from(csrPem), { issuer: keyId });
  const [certificate, issuer] = parseCertificatesPem(Buffer.from(chainPem));
  if (certificate === undefined || issuer === undefined) throw new Error('no chain was issued');
  return { certificate, issuer };
}

function rowsOf(contest: Contest): Row[] {
  const rows = [
    ...contest.rows('prepared, GET', 'bare, GET', 0.8),
    ...contest.rows('prepared, POST', 'bare, POST', 0.8),
    ...contest.rows('with nonce', 'openssl, with nonce', null),
  ];
  const perCore = contest.figure('with nonce', 'perCore') ?? contest.figure('with nonce', 'perSecond');
  if (perCore !== undefined) rows.push(leastRow('with nonce, a core', perCore, 'answers/s', 3000));
  for (const name of ['prepared, GET', 'prepared, POST', 'with nonce']) {
    const p99 = contest.figure(name, 'p99Ms');
    if (p99 !== undefined) rows.push(plainRow(`${name}: p99 at the top rate`, p99, 'ms'));
  }
  return rows;
}
