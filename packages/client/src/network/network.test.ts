import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClientError, type NetworkErrorCode } from '../error.js';
import { createNetwork, type Network, type NetworkOptions } from './network.js';
import {
  closedPort,
  createTestTimer,
  rejection,
  serve,
  serveRaw,
  temporaryFolder,
} from './test-server-fixtures.js';

const longMs = 25_000;

function network(options: NetworkOptions = {}): Network {
  return createNetwork({ timer: createTestTimer(longMs), random: () => 0.5, ...options });
}

async function refused(promise: Promise<unknown>): Promise<ClientError> {
  const error = await rejection(promise);
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
}

describe('getJson', () => {
  test('asks in the language of the client or of the request', async () => {
    await using server = await serve((_, response) => response.end('{"a":[1,"é"]}'));
    await using net = network({ language: 'de' });
    expect(await net.getJson(server.url)).toEqual({ a: [1, 'é'] });
    await net.getJson(server.url, { language: 'fr-CA, fr;q=0.8' });
    expect(server.requests.map(({ headers }) => headers['accept-language'])).toEqual([
      'de',
      'fr-CA, fr;q=0.8',
    ]);
    expect(server.requests[0]?.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
  });

  test.each([
    ['not JSON', '<html>'],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['nothing', ''],
  ])('refuses %s', async (_, body) => {
    await using server = await serve((_request, response) => response.end(body));
    await using net = network();
    expect((await refused(net.getJson(server.url))).code).toBe('ANSWER_MALFORMED');
  });

  test.each([true, false])('bounds the bytes (announced: %s)', async (announced) => {
    await using server = await serve((_, response) => {
      if (announced) response.setHeader('content-length', 1000);
      response.write('"'.padEnd(500));
      response.end('"'.padStart(500));
    });
    await using net = network();
    expect((await refused(net.getJson(server.url, { maxBytes: 999 }))).code).toBe('ANSWER_TOO_LARGE');
    expect(await net.getJson(server.url, { maxBytes: 1000 })).toHaveLength(998);
  });

  test.each<[number, NetworkErrorCode, string, number]>([
    [404, 'NOT_FOUND', 'CONTENT_NOT_FOUND', 1],
    [410, 'NOT_FOUND', 'CONTENT_NOT_FOUND', 1],
    [401, 'ACCESS_DENIED', 'ACCESS_DENIED', 1],
    [403, 'ACCESS_DENIED', 'ACCESS_DENIED', 1],
    [400, 'HTTP_STATUS', 'NETWORK_ERROR', 1],
    [204, 'HTTP_STATUS', 'NETWORK_ERROR', 1],
    [500, 'HTTP_STATUS', 'NETWORK_ERROR', 3],
    [503, 'HTTP_STATUS', 'NETWORK_ERROR', 3],
  ])('status %i is %s, asked %i times', async (status, code, kind, times) => {
    await using server = await serve((_, response) => response.writeHead(status).end());
    await using net = network({ retry: { attempts: 3 } });
    const error = await refused(net.getJson(server.url));
    expect([error.code, error.network, error.status]).toEqual([code, kind, status]);
    expect(server.requests).toHaveLength(times);
  });

  test('waits with jitter, longer each time, and as long as Retry-After asks within its bound', async () => {
    const answers = [{}, {}, { 'retry-after': '7' }, { 'retry-after': '999999' }];
    await using server = await serve((_, response) =>
      response.writeHead(503, answers[server.requests.length - 1]).end(),
    );
    const timer = createTestTimer(longMs);
    await using net = network({
      timer,
      requestTimeoutMs: 100_000,
      retry: { attempts: 5, baseMs: 1000, maxMs: 9000 },
    });
    await refused(net.getJson(server.url));
    expect(timer.asked.filter((ms) => ms < 100_000)).toEqual([500, 1000, 7000, 9000]);
  });

  test('heals after a break', async () => {
    await using server = await serve((request, response) => {
      if (server.requests.length === 1) request.socket.destroy();
      else response.end('1');
    });
    await using net = network();
    expect(await net.getJson(server.url)).toBe(1);
  });

  test('ends at its total time, by its signal, and with the network', async () => {
    await using server = await serve(() => timer.expire(30_000));
    const timer = createTestTimer(10_000);
    await using net = network({ timer });
    expect((await refused(net.getJson(server.url))).code).toBe('TOTAL_TIMEOUT');
    const canceled = await refused(net.getJson(server.url, { signal: AbortSignal.abort() }));
    expect([canceled.code, canceled.network]).toEqual(['CANCELED', 'CANCELED']);
    const closing = network();
    await using silent = await serve(() => void closing[Symbol.asyncDispose]());
    expect((await refused(closing.getJson(silent.url))).code).toBe('CLIENT_CLOSED');
    expect((await refused(closing.getJson(silent.url))).code).toBe('CLIENT_CLOSED');
  });

  test('a server that says nothing is given up', async () => {
    await using server = await serve(() => undefined);
    await using net = network({ idleTimeoutMs: 50, retry: { attempts: 1 } });
    expect((await refused(net.getJson(server.url))).code).toBe('SERVER_STALLED');
  });

  test('headers without end are refused', async () => {
    await using server = await serveRaw(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`);
    await using net = network();
    expect((await refused(net.getJson(server.url))).code).toBe('ANSWER_TOO_LARGE');
  });

  test('nothing listens', async () => {
    const port = await closedPort();
    await using net = network({ retry: { attempts: 2 } });
    const error = await refused(net.getJson(`http://127.0.0.1:${port}/`));
    expect([error.code, error.network]).toEqual(['CONNECTION_REFUSED', 'DISCONNECTED']);
    expect(error.message).toContain(`127.0.0.1:${port}`);
  });
});

describe('redirects', () => {
  test('are followed within a bound', async () => {
    await using server = await serve((request, response) => {
      const hop = Number(request.url?.slice(1));
      if (hop === 0) response.end('"there"');
      else response.writeHead(302, { location: `/${hop - 1}` }).end('body nobody reads');
    });
    await using net = network();
    expect(await net.getJson(`${server.url}5`)).toBe('there');
    expect((await refused(net.getJson(`${server.url}6`))).code).toBe('TOO_MANY_REDIRECTS');
  });

  test.each([
    ['an unencrypted address elsewhere', 'http://store.example/x'],
    ['another scheme', 'file:///etc/passwd'],
    ['credentials', 'https://me:secret@store.example/'],
    ['nowhere', ''],
    ['nonsense', 'http://['],
  ])('to %s are refused', async (_, location) => {
    await using server = await serve((_request, response) =>
      response.writeHead(302, location === '' ? {} : { location }).end(),
    );
    await using net = network();
    const error = await refused(net.getJson(server.url));
    expect(error.code).toBe('REDIRECT_REFUSED');
    expect(error.message).not.toContain('secret');
  });
});

describe('TLS', () => {
  let tls: { key: string; cert: string };
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;

  beforeAll(async () => {
    folder = await temporaryFolder();
    const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    const names = ['-subj', '/CN=store', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...request, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' });
    tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  test('a certificate nobody vouches for is refused; one that is configured is not', async () => {
    await using server = await serve((_, response) => response.end('1'), tls);
    await using strict = network();
    const error = await refused(strict.getJson(server.url));
    expect([error.code, error.network]).toEqual(['TLS_CERTIFICATE_REJECTED', 'SSL_ERROR']);
    expect(server.requests).toEqual([]);
    await using configured = network({ ca: [tls.cert] });
    expect(await configured.getJson(server.url)).toBe(1);
  });

  test('a certificate of another host is refused', async () => {
    await using server = await serve((_, response) => response.end('1'), tls);
    await using net = network({ ca: [tls.cert] });
    const error = await refused(net.getJson(server.url.replace('127.0.0.1', 'localhost')));
    expect(error.code).toBe('TLS_CERTIFICATE_REJECTED');
  });

  test('https never becomes http', async () => {
    await using plain = await serve((_, response) => response.end('1'));
    await using server = await serve(
      (_, response) => response.writeHead(301, { location: plain.url }).end(),
      tls,
    );
    await using net = network({ ca: [tls.cert] });
    expect((await refused(net.getJson(server.url))).code).toBe('REDIRECT_REFUSED');
    expect(plain.requests).toEqual([]);
  });

  test('a server that speaks no TLS', async () => {
    await using plain = await serve((_, response) => response.end('1'));
    await using net = network({ retry: { attempts: 1 } });
    const error = await refused(net.getJson(plain.url.replace('http:', 'https:')));
    expect([error.code, error.network]).toEqual(['TLS_FAILED', 'SSL_ERROR']);
  });

  test('goes through the proxy that is set, which sees no more than the host; loopback does not', async () => {
    await using server = await serve((_, response) => response.end('"through"'), tls);
    const asked: string[] = [];
    await using proxy = await serve(
      () => undefined,
      undefined,
      (request, socket) => {
        asked.push(request.url ?? '');
        const through = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          through.pipe(socket).pipe(through);
        });
        through.on('error', () => socket.destroy());
        socket.on('error', () => through.destroy());
      },
    );
    await using net = network({ ca: [tls.cert], proxy: { https: proxy.url }, retry: { attempts: 1 } });
    expect(await net.getJson(server.url)).toBe('through');
    expect(asked).toEqual([]);
    // The certificate is not the one of that host: the handshake through the tunnel refuses it.
    const error = await refused(net.getJson('https://store.example/'));
    expect(asked).toEqual(['store.example:443']);
    expect(error.code).toBe('TLS_CERTIFICATE_REJECTED');
  });
});
