import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type DaemonEvent, InstallTrace, type TraceMessage } from '@jami-plugin-store/contract';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDaemon, type Daemon } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  fixturePlatform,
  type Organization,
  type Signer,
  writePackage,
} from '../daemon-fixtures.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let organization: Organization;
let signer: Signer;
let server: Server;
let base: string;
/** What the responder answers: bytes of a status, or a status alone. */
let answer: (request: Buffer) => Promise<Buffer | number>;
/** Bytes of the requests' heads, as the server's own parser has them. */
let heads: string[];

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  organization = await authority.organization('Hello Ltd');
  server = createServer(async (request, response) => {
    const { method, url, rawHeaders } = request;
    const fields = rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${rawHeaders[i + 1]}`] : []));
    heads.push([`${method} ${url} HTTP/1.1`, ...fields].join('\n'));
    if (url === '/crl') return void response.end(await organization.crl());
    if (url === '/moved') return void response.writeHead(307, { location: '/ocsp' }).end();
    const answered = await answer(await buffer(request));
    if (typeof answered === 'number') response.writeHead(answered).end();
    else response.writeHead(200, { 'content-type': 'application/ocsp-response' }).end(answered);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  signer = await organization(naming('/ocsp', '/crl'));
});
afterAll(async () => {
  server.close();
  await fixtures[Symbol.asyncDispose]();
});
beforeEach(() => {
  heads = [];
  answer = (request) => organization.ocsp(request);
});

const naming = (ocsp: string, crl?: string): string[] => [
  `authorityInfoAccess = OCSP;URI:${base}${ocsp}`,
  ...(crl === undefined ? [] : [`crlDistributionPoints = URI:${base}${crl}`]),
];

/** The responder is `openssl`, which knows no time but now. */
const start = (): Promise<Daemon> =>
  createDaemon({
    dataDir: fixtures.path('data'),
    anchors: [authority.anchor],
    revocation: 'when-named',
    clock: () => new Date(),
    platform: fixturePlatform,
  });

/** Installs as the job `j`, whatever comes of it. */
async function traced(daemon: Daemon, path: string, wish: object = {}): Promise<InstallTrace> {
  await daemon.install({ path, job: 'j', ...wish }).catch(() => undefined);
  const trace = daemon.trace('j');
  expect(Check(InstallTrace, trace)).toBe(true);
  return trace;
}

const steps = ({ messages }: InstallTrace): string[] =>
  messages.map(({ kind, outcome, code }) =>
    [kind, outcome, code].filter((part) => part !== undefined).join(' '),
  );
const ofKind = ({ messages }: InstallTrace, kind: TraceMessage['kind']): TraceMessage => {
  const found = messages.find((message) => message.kind === kind);
  if (found === undefined) throw new Error(`no message ${kind}`);
  return found;
};
const factsOf = (message: TraceMessage): Record<string, string> =>
  Object.fromEntries(message.facts.map(({ name, value }) => [name, value]));

describe('the trace of an install', () => {
  it('tells every step, with what was asked and answered', async () => {
    await using daemon = await start();
    const path = await writePackage(fixtures, signer);
    const trace = await traced(daemon, path, { asSent: 'POST /v1/plugins HTTP/1.1' });
    expect(trace).toMatchObject({ job: 'j', plugin: 'Greeter', version: '1.0.0', code: null });
    expect(steps(trace).sort()).toEqual(
      [
        'install-request sent',
        'archive-read ok',
        'path-found ok',
        'ocsp-request sent',
        'ocsp-answer ok',
        'signatures-verified ok',
        'verdict ok',
        'switched ok',
        'install-answer ok',
      ].sort(),
    );
    expect(trace.messages.map(({ atMs }) => atMs)).toEqual(
      trace.messages.map(({ atMs }) => atMs).sort((a, b) => a - b),
    );
    expect(ofKind(trace, 'install-request')).toMatchObject({
      from: 'client',
      to: 'daemon',
      raw: 'POST /v1/plugins HTTP/1.1',
      facts: [{ name: 'path', value: path }],
    });
    expect(ofKind(trace, 'signatures-verified')).toMatchObject({ done: 7, of: 7 });
    expect(ofKind(trace, 'path-found').facts.filter(({ name }) => name === 'subject')).toEqual([
      { name: 'subject', value: 'CN=Hello Ltd plugin' },
      { name: 'subject', value: 'CN=Hello Ltd' },
      { name: 'subject', value: 'CN=Fixture Root' },
    ]);
    expect(factsOf(ofKind(trace, 'switched'))).toMatchObject({ to: '1.0.0' });

    const [head] = heads;
    const asked = ofKind(trace, 'ocsp-request');
    expect(asked).toMatchObject({ from: 'daemon', to: 'responder' });
    expect(asked.raw?.split('\n\n')[0]).toBe(head);
    const nonce = /nonce \(1\.3\.6\.1\.5\.5\.7\.48\.1\.2\): (\w+)/;
    const sent = nonce.exec(asked.raw ?? '')?.[1];
    expect(sent).toMatch(/^0420\w{64}$/);

    const answered = ofKind(trace, 'ocsp-answer');
    expect(answered).toMatchObject({ from: 'responder', to: 'daemon', outcome: 'ok' });
    expect(answered.raw).toMatch(/^HTTP\/1\.1 200 OK\ncontent-type: application\/ocsp-response\n/);
    expect(nonce.exec(answered.raw ?? '')?.[1]).toBe(sent);
    expect(factsOf(answered)).toMatchObject({
      url: `${base}/ocsp`,
      certificate: 'CN=Hello Ltd plugin',
      status: '200',
      certStatus: 'good',
      nonce: 'repeated',
      signer: 'CN=Hello Ltd',
      thisUpdate: expect.stringMatching(/^\d{4}-/),
    });
  });

  it('tells of a responder that is away and the list that answers instead', async () => {
    await using daemon = await start();
    answer = async () => 503;
    const trace = await traced(daemon, await writePackage(fixtures, signer));
    expect(steps(trace)).toEqual(
      expect.arrayContaining(['ocsp-failed failed OCSP_HTTP_STATUS', 'crl-request sent', 'crl-answer ok']),
    );
    expect(ofKind(trace, 'ocsp-failed')).toMatchObject({
      from: 'responder',
      raw: expect.stringContaining('503'),
    });
    const list = ofKind(trace, 'crl-answer');
    expect(list).toMatchObject({ from: 'authority', to: 'daemon' });
    expect(factsOf(list)).toMatchObject({ certStatus: 'good', signer: 'CN=Hello Ltd' });
    expect(list.raw).toContain('CertificateList\n  version: v1\n  issuer: CN=Hello Ltd\n');
    expect(ofKind(trace, 'crl-request').raw).toBe(`${heads.at(-1)}\n\n`);
  });

  it('tells each hop of a redirect', async () => {
    await using daemon = await start();
    const moved = await organization(naming('/moved'));
    const trace = await traced(daemon, await writePackage(fixtures, moved));
    const exchange = steps(trace).filter((step) => step.startsWith('ocsp'));
    expect(exchange).toEqual(['ocsp-request sent', 'ocsp-answer ok', 'ocsp-request sent', 'ocsp-answer ok']);
    expect(factsOf(ofKind(trace, 'ocsp-answer'))).toMatchObject({ status: '307', location: '/ocsp' });
  });

  it('shows bytes that are no answer as they are', async () => {
    await using daemon = await start();
    answer = async () => Buffer.from('<html>\u0007\u202e');
    const only = await organization(naming('/ocsp'));
    const trace = await traced(daemon, await writePackage(fixtures, only));
    expect(trace).toMatchObject({ code: 'OCSP_MALFORMED', plugin: null });
    expect(ofKind(trace, 'ocsp-failed').raw).toContain('00000000  3c 68 74 6d 6c 3e 07 e2 80 ae ');
  });

  it('says that nobody was reached, where nothing was sent', async () => {
    await using daemon = await start();
    const lost = await organization(['authorityInfoAccess = OCSP;URI:http://127.0.0.1:1/']);
    const trace = await traced(daemon, await writePackage(fixtures, lost));
    expect(steps(trace).filter((step) => step.startsWith('ocsp'))).toEqual([
      'ocsp-failed failed OCSP_UNREACHABLE',
    ]);
    expect(ofKind(trace, 'ocsp-failed')).toMatchObject({ from: 'daemon', to: 'responder' });
    expect(ofKind(trace, 'ocsp-failed').raw).toBeUndefined();
  });
});

describe('the trace of a refused install', () => {
  const endsWith = (trace: InstallTrace, ...last: string[]) =>
    expect(steps(trace).slice(-last.length)).toEqual(last);

  it('says what was revoked', async () => {
    await using daemon = await start();
    const revoked = await organization(naming('/ocsp'));
    await organization.revoke(revoked);
    const trace = await traced(daemon, await writePackage(fixtures, revoked));
    expect(factsOf(ofKind(trace, 'ocsp-answer'))).toMatchObject({
      certStatus: 'revoked',
      revocationTime: expect.stringMatching(/^\d{4}-/),
    });
    endsWith(trace, 'verdict refused CERTIFICATE_REVOKED', 'install-answer refused CERTIFICATE_REVOKED');
    expect(trace).toMatchObject({ code: 'CERTIFICATE_REVOKED', endedAt: expect.any(String) });
  });

  it('says which file was changed', async () => {
    await using daemon = await start();
    const afterSigning = { 'data/version.txt': '6.6.6' };
    const trace = await traced(daemon, await writePackage(fixtures, signer, { afterSigning }));
    expect(steps(trace)).toContain('signatures-verified refused SIGNATURE_INVALID');
    expect(factsOf(ofKind(trace, 'signatures-verified'))).toMatchObject({ entry: 'data/version.txt' });
    endsWith(trace, 'verdict refused SIGNATURE_INVALID', 'install-answer refused SIGNATURE_INVALID');
  });

  it('ends where its archive, its certificates or its file did', async () => {
    await using daemon = await start();
    const garbage = fixtures.path('garbage.jpl');
    await writeFile(garbage, 'no archive');
    expect(steps(await traced(daemon, garbage))).toEqual([
      'install-request sent',
      'archive-read refused NOT_A_ZIP',
      'verdict refused NOT_A_ZIP',
      'install-answer refused NOT_A_ZIP',
    ]);
    expect(steps(await traced(daemon, fixtures.path('missing.jpl')))).toContain(
      'archive-read refused FILE_NOT_FOUND',
    );
    expect(steps(await traced(daemon, 'relative.jpl'))).toEqual([
      'install-request sent',
      'verdict refused PATH_NOT_ABSOLUTE',
      'install-answer refused PATH_NOT_ABSOLUTE',
    ]);
    const stranger = await (await fixtures.authority()).organization('Strangers');
    expect(steps(await traced(daemon, await writePackage(fixtures, await stranger())))).toContain(
      'path-found refused CERTIFICATE_SIGNATURE_INVALID',
    );
  });

  it('knows the plugin where only its version was refused', async () => {
    await using daemon = await start();
    const path = await writePackage(fixtures, signer);
    await daemon.install({ path });
    const trace = await traced(daemon, path);
    expect(trace).toMatchObject({ plugin: 'Greeter', version: '1.0.0', code: 'SAME_VERSION' });
    endsWith(trace, 'verdict refused SAME_VERSION', 'install-answer refused SAME_VERSION');
  });
});

describe('traces', () => {
  it('go out message by message, and are kept for the last installs', async () => {
    await using daemon = await start();
    const told: Extract<DaemonEvent, { type: 'trace' }>[] = [];
    daemon.events.subscribe((event) => {
      if (event.type === 'trace') told.push(event);
    });
    const trace = await traced(daemon, await writePackage(fixtures, signer));
    expect(told.map(({ message }) => message).sort((a, b) => a.atMs - b.atMs)).toEqual(trace.messages);
    expect(told[0]?.trace).toEqual({ job: 'j', plugin: null, version: null, startedAt: trace.startedAt });
    const { messages: _messages, ...head } = trace;
    expect(told.at(-1)?.trace).toEqual(head);

    for (let number = 1; number <= 33; number += 1)
      await daemon.install({ path: 'nowhere', job: `job-${number}` }).catch(() => undefined);
    expect(daemon.traces().map(({ job }) => job)).toEqual(
      Array.from({ length: 32 }, (_, index) => `job-${33 - index}`),
    );
    expect(() => daemon.trace('j')).toThrow(expect.objectContaining({ code: 'TRACE_NOT_FOUND' }));
  });
});
