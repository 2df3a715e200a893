import { once } from 'node:events';
import { createServer, get as httpGet, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RevocationNotice, RevocationPage } from '@jami-plugin-store/contract';
import {
  acceptOcspResponse,
  type Certificate,
  createOcspRequest,
  parseCertificatesPem,
} from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  issueChain,
  pluginRequest,
  type TestAuthority,
  testAuthority,
  testClock,
} from '../authority-fixtures.js';
import type { PublicFace } from '../public-face.js';
import { createPublicServer, type PublicServer } from './public-server.js';
import { RevocationStream } from './revocation-stream.js';

let scene: TestAuthority;
let server: PublicServer;
let url: string;
let issuer: string;
const failures: unknown[] = [];

beforeEach(async () => {
  scene = await testAuthority({ clock: testClock(new Date().toISOString()) });
  const { organization } = await issueChain(scene.authority);
  issuer = organization.keyId;
  failures.length = 0;
  server = createPublicServer(scene.authority, {
    onFailure: (error) => failures.push(error),
    stream: { maxListeners: 3, heartbeatMs: 20 },
  });
  ({ url } = await server.listen({ port: 0 }));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  expect(failures).toEqual([]);
});

async function revokeSome(count: number) {
  const revoked = [];
  for (let index = 0; index < count; index += 1) {
    const plugin = await scene.authority.issuePlugin(await pluginRequest(), { issuer });
    await scene.authority.revoke({ certificate: plugin.fingerprint, reason: 'superseded' });
    revoked.push(plugin);
  }
  return revoked;
}

const page = async (query = ''): Promise<RevocationPage> =>
  (await fetch(`${url}/v1/revocations${query}`)).json() as Promise<RevocationPage>;

interface Told {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Record<string, unknown>;
}

/** A listener as the standard describes it: events end with an empty line, comments begin with a colon. */
async function listen(path = '/v1/revocations/events', headers: Record<string, string> = {}) {
  const request = httpGet(`${url}${path}`, { headers });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const events: Told[] = [];
  let comments = 0;
  let text = '';
  // Ended by either side, as connections are.
  response.on('error', () => undefined);
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const lines = part
        .split('\n')
        .map((line) => [line.split(':', 1)[0], line.split(': ').slice(1).join(': ')]);
      const { event, id, data } = Object.fromEntries(lines) as Record<string, string>;
      if (event === undefined) comments += 1;
      else events.push({ event, id, data: JSON.parse(data ?? '') });
    }
  });
  const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
  return {
    response,
    events,
    heard: (count: number) => expect.poll(() => events.length).toBe(count),
    beats: () => comments,
    closed,
    [Symbol.asyncDispose]: async () => {
      request.destroy();
    },
  };
}

describe('the list of revocations', () => {
  it('is public knowledge in order, a page at a time', async () => {
    expect(await page()).toEqual({ revocations: [], latest: 0 });
    const revoked = await revokeSome(3);
    const all = await page();
    expect(all.latest).toBe(3);
    expect(all.revocations).toEqual(
      revoked.map(({ serialNumber, fingerprint }, index) => ({
        sequence: index + 1,
        issuer,
        serialNumber,
        fingerprint,
        at: scene.clock().toISOString(),
        reason: 'superseded',
      })),
    );
    const first = await page('?limit=2');
    expect(first).toEqual({ revocations: all.revocations.slice(0, 2), latest: 3, next: 2 });
    expect(await page(`?after=${first.next}`)).toEqual({
      revocations: all.revocations.slice(2),
      latest: 3,
    });
    expect(await page('?after=3')).toEqual({ revocations: [], latest: 3 });
    await scene.reopen();
    expect(scene.authority.revocations()).toEqual(all);
  });

  it('begins anew for whoever knows more than there is: the folder is an older copy', async () => {
    await revokeSome(1);
    expect(await page('?after=7')).toMatchObject({ revocations: [{ sequence: 1 }], latest: 1 });
  });

  it.each(['?after=-1', '?after=x', '?limit=0', '?limit=1001', '?since=1'])('refuses %s', async (query) => {
    const answer = await fetch(`${url}/v1/revocations${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

describe('the stream of revocations', () => {
  it('tells what is revoked when OCSP says so already', async () => {
    const { plugin, organization } = await issueChain(scene.authority, 'Second');
    const [certificate, authority] = [plugin.pem, organization.pem].map(
      (pem) => parseCertificatesPem(Buffer.from(pem))[0] as Certificate,
    ) as [Certificate, Certificate];
    const { der } = createOcspRequest({ certificate, issuer: authority });
    const status = async () => {
      const answer = await scene.authority.answerOcsp(der);
      return acceptOcspResponse(answer.der, { certificate, issuer: authority, at: scene.clock() }).status;
    };
    expect(await status()).toBe('good');
    const statuses: Promise<string>[] = [];
    const stop = scene.authority.watchRevocations(() => statuses.push(status()));
    await using listener = await listen();
    expect(listener.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    await listener.heard(1);
    await scene.authority.revoke({ certificate: plugin.fingerprint, reason: 'superseded' });
    await listener.heard(2);
    expect(listener.events).toMatchObject([
      { event: 'ready', id: undefined, data: { latest: 0 } },
      { event: 'revocation', id: '1', data: { sequence: 1, fingerprint: plugin.fingerprint } },
    ]);
    stop();
    expect(await Promise.all(statuses)).toEqual(['revoked']);
    await scene.authority.revoke({ certificate: plugin.fingerprint, reason: 'superseded' });
    await revokeSome(1);
    await listener.heard(3);
  });

  it('goes on where a listener was cut off', async () => {
    await revokeSome(3);
    const sequences = async (path: string, headers?: Record<string, string>) => {
      await using listener = await listen(path, headers);
      await expect.poll(listener.beats).toBeGreaterThan(1);
      return listener.events.slice(1).map(({ data }) => data.sequence);
    };
    const path = '/v1/revocations/events';
    expect(await sequences(path)).toEqual([]);
    expect(await sequences(`${path}?after=0`)).toEqual([1, 2, 3]);
    expect(await sequences(`${path}?after=2`)).toEqual([3]);
    expect(await sequences(path, { 'last-event-id': '1' })).toEqual([2, 3]);
    expect(await sequences(`${path}?after=0`, { 'last-event-id': '2' })).toEqual([3]);
    expect(await sequences(`${path}?after=99`)).toEqual([1, 2, 3]);
    expect(await sequences(path, { 'last-event-id': 'x; DROP' })).toEqual([]);
  });

  it('has so many listeners and no more, and shows that it lives', async () => {
    await using first = await listen();
    await using _second = await listen();
    const third = await listen();
    const refused = await fetch(`${url}/v1/revocations/events`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_LISTENERS' });
    expect(failures.splice(0)).toHaveLength(1);
    await third[Symbol.asyncDispose]();
    const reopened = async () => {
      await using again = await listen();
      return again.response.statusCode;
    };
    await expect.poll(reopened).toBe(200);
    failures.length = 0;
    await expect.poll(first.beats).toBeGreaterThan(2);
  });

  it('ends with its server, not later', async () => {
    const listener = await listen();
    await server[Symbol.asyncDispose]();
    await listener.closed;
  });
});

it('a listener that does not read is sent no more than its connection takes', async () => {
  // More than the buffers of any system hold.
  const count = 100_000;
  const serialNumber = 'f'.repeat(120);
  const notices = Array.from(
    { length: count },
    (_, index) => ({ sequence: index + 1, serialNumber }) as RevocationNotice,
  );
  const face = {
    revocations: ({ after = 0, limit = 100 }) => ({
      revocations: notices.slice(after, after + limit),
      latest: count,
    }),
    watchRevocations: () => () => undefined,
  } as unknown as PublicFace;
  await using stream = new RevocationStream(face, (error) => failures.push(error), { heartbeatMs: 1 });
  let opened: ServerResponse | undefined;
  const web = createServer((_request, response) => {
    opened = response;
    stream.open(response, 0);
  }).listen(0, '127.0.0.1');
  await once(web, 'listening');
  const request = httpGet({ port: (web.address() as AddressInfo).port });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.pause();
  const full = async () => {
    const before = opened?.socket?.bytesWritten;
    await new Promise((resolve) => setImmediate(resolve));
    return opened?.writableNeedDrain === true && opened.socket?.bytesWritten === before;
  };
  await expect.poll(full).toBe(true);
  expect(opened?.writableLength).toBeLessThan(1_000_000);
  let received = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    received += text;
  });
  response.resume();
  await expect.poll(() => received.includes(`id: ${count}\n`), { timeout: 20_000 }).toBe(true);
  const ids = [...received.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  expect(ids).toEqual(notices.map(({ sequence }) => sequence));
  request.destroy();
  web.close();
});

it('is ready as long as the authority is open', async () => {
  const ready = async () => {
    const answer = await fetch(`${url}/health/ready`);
    return [answer.status, ((await answer.json()) as { code?: string }).code];
  };
  expect(await ready()).toEqual([200, undefined]);
  await scene.authority[Symbol.asyncDispose]();
  expect(await ready()).toEqual([503, 'AUTHORITY_CLOSED']);
  expect(failures.splice(0)).toHaveLength(1);
});
