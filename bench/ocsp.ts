import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createKeyAndCsr, initAuthority, openAuthority } from '@jami-plugin-store/authority';
import { type Certificate, createOcspRequest, parseCertificatesPem } from '@jami-plugin-store/trust';
import { generator, type LoadRequest, load } from './load.js';
import { startOpensslResponder } from './openssl-responder.js';
import { type BenchReport, leastRatioRow, leastRow, median, plainRow, type Row } from './report.js';
import { launcher, type ServerProcess, startServer } from './server-process.js';

const rounds = 5;
const seconds = 3;
const connections = 64;
const nonces = 500;
/** One process answers one after the other: more connections only wait, and each is closed after its answer. */
const opensslConnections = 4;

interface Contender {
  readonly name: string;
  readonly server: ServerProcess;
  readonly requests: readonly LoadRequest[];
  readonly connections?: number | undefined;
  readonly closesConnections?: boolean | undefined;
}

interface Measured {
  readonly perSecond: number[];
  /** Answers for each second of the server's processor time. */
  readonly perCore: number[];
  readonly p99Ms: number[];
}

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
    const answers = join(folder, 'answer.json');
    await writeFile(answers, JSON.stringify(await answerTo(`${ours.url}${get.path}`)));
    await using bare = await startServer(fileURLToPath(new URL('./bare-server.js', import.meta.url)), [
      answers,
    ]);
    await using openssl = await startOpensslResponder(folder);
    const contenders: Contender[] = [
      { name: 'bare, GET', server: bare, requests: [get] },
      { name: 'prepared, GET', server: ours, requests: [get] },
      { name: 'bare, POST', server: bare, requests: [post(prepared)] },
      { name: 'prepared, POST', server: ours, requests: [post(prepared)] },
      { name: 'with nonce', server: ours, requests: nonced },
    ];
    if (openssl !== undefined) {
      const { server, request } = openssl;
      const closing = { connections: opensslConnections, closesConnections: true };
      contenders.push({ name: 'openssl, with nonce', server, requests: [post(request)], ...closing });
    }
    process.stderr.write(
      `load: ${await generator()}, ${connections} connections, ${rounds} x ${seconds} s each\n`,
    );
    return { bench: 'ocsp', rows: rowsOf(await measure(contenders)) };
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

/** What the bare server repeats: the headers that we send, and the bytes. */
async function answerTo(url: string): Promise<{ headers: string[]; body: string }> {
  const response = await fetch(url);
  const headers = [...response.headers].filter(
    ([name]) => !['date', 'connection', 'keep-alive'].includes(name),
  );
  return { headers: headers.flat(), body: Buffer.from(await response.arrayBuffer()).toString('base64') };
}

/** All take turns, round by round, so that a noisy neighbour disturbs all of them. The first round warms up. */
async function measure(contenders: readonly Contender[]): Promise<ReadonlyMap<string, Measured>> {
  const measured = new Map<string, Measured>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, server, requests, closesConnections, ...own } of contenders) {
      const before = await server.cpuSeconds();
      const order = { url: server.url, seconds, connections: own.connections ?? connections, requests };
      const { perSecond, p99Ms, failures } = await load({ ...order, closesConnections });
      if (failures > 0) throw new Error(`${name}: ${failures} answers failed`);
      const after = await server.cpuSeconds();
      if (round === 0) continue;
      const all = measured.get(name) ?? { perSecond: [], perCore: [], p99Ms: [] };
      measured.set(name, all);
      all.perSecond.push(perSecond);
      all.p99Ms.push(p99Ms);
      if (before !== undefined && after !== undefined)
        all.perCore.push((perSecond * seconds) / (after - before));
    }
    if (round > 0) process.stderr.write(`round ${round} of ${rounds}\n`);
  }
  return measured;
}

function rowsOf(measured: ReadonlyMap<string, Measured>): Row[] {
  const of = (name: string, figure: keyof Measured): number | undefined => {
    const values = measured.get(name)?.[figure] ?? [];
    return values.length === 0 ? undefined : median(values);
  };
  const rows: Row[] = [];
  const compare = (name: string, against: string, target: number | null): void => {
    for (const [figure, unit] of [
      ['perSecond', 'answers/s'],
      ['perCore', 'answers/s of a core'],
    ] as const) {
      const [value, reference] = [of(name, figure), of(against, figure)];
      if (value === undefined || reference === undefined) continue;
      rows.push(plainRow(against, reference, unit));
      rows.push(leastRatioRow(name, value, unit, { name: against, value: reference }, target));
    }
  };
  compare('prepared, GET', 'bare, GET', 0.8);
  compare('prepared, POST', 'bare, POST', 0.8);
  const perCore = of('with nonce', 'perCore') ?? of('with nonce', 'perSecond');
  if (perCore !== undefined) rows.push(leastRow('with nonce, a core', perCore, 'answers/s', 3000));
  compare('with nonce', 'openssl, with nonce', null);
  for (const name of ['prepared, GET', 'prepared, POST', 'with nonce']) {
    const p99 = of(name, 'p99Ms');
    if (p99 !== undefined) rows.push(plainRow(`${name}: p99 at the top rate`, p99, 'ms'));
  }
  return rows;
}
