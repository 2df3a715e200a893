import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { createNetwork, type Network, type NetworkOptions } from './network.js';
import {
  closedPort,
  createTestTimer,
  rejection,
  type ServedFile,
  sendFile,
  serve,
  serveRaw,
  type TestServer,
  temporaryFolder,
} from './test-server-fixtures.js';

const longMs = 25_000;
const bytes = randomBytes(700_000);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const reprDigest = `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;

function network(options: NetworkOptions = {}): Network {
  return createNetwork({ timer: createTestTimer(longMs), random: () => 0.5, ...options });
}

async function refused(promise: Promise<unknown>): Promise<ClientError> {
  const error = await rejection(promise);
  expect(error).toBeInstanceOf(ClientError);
  return error as ClientError;
}

describe('a whole download', () => {
  test('arrives under its name, private, with its digest and its progress', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) =>
      sendFile(request, response, { bytes, etag: '"a"', headers: { 'repr-digest': reprDigest } }),
    );
    await using net = network({ language: 'fr' });
    const target = join(folder.path, 'cache', 'Greeter.jpl');
    const seen: number[] = [];
    const got = await net.download(server.url, target, {
      expect: { sha256, size: bytes.length },
      onProgress: (progress) => seen.push(progress.received),
    });
    expect(got).toEqual({ path: target, bytes: bytes.length, sha256, resumedBytes: 0, asExpected: true });
    expect((await readFile(target)).equals(bytes)).toBe(true);
    expect((await stat(target)).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder.path, 'cache'))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder.path, 'cache'))).toEqual(['Greeter.jpl']);
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(bytes.length);
    expect(server.requests[0]?.headers).toMatchObject({
      'accept-language': 'fr',
      'accept-encoding': 'identity',
    });
  });

  test('is used again where the expected digest is already there, and removed where it is not', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) => sendFile(request, response, { bytes }));
    await using net = network();
    const target = join(folder.path, 'x.jpl');
    await net.download(server.url, target, { expect: { sha256 } });
    await net.download(server.url, target, { expect: { sha256 } });
    expect(server.requests).toHaveLength(1);
    await writeFile(target, 'an older release');
    const error = await refused(net.download(`${server.url}x`, target, { expect: { sha256, size: 1 } }));
    expect(error.code).toBe('LENGTH_MISMATCH');
    expect(existsSync(target)).toBe(false);
  });

  test('of an unexpected file is refused, or handed over for judging where asked', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) =>
      sendFile(request, response, { bytes, etag: '"a"' }),
    );
    await using net = network();
    const target = join(folder.path, 'x.jpl');
    const other = 'ab'.repeat(32);
    const error = await refused(net.download(server.url, target, { expect: { sha256: other } }));
    expect([error.code, error.network]).toEqual(['DIGEST_MISMATCH', 'NETWORK_ERROR']);
    expect(await readdir(folder.path)).toEqual([]);
    const kept = await net.download(server.url, target, { expect: { sha256: other }, unexpected: 'keep' });
    expect(kept).toMatchObject({ sha256, asExpected: false });
  });
});

describe('a download that breaks', () => {
  test('is resumed with Range and If-Range, hashed whole', async () => {
    await using folder = await temporaryFolder();
    let served = 0;
    await using server = await serve((request, response) => {
      served += 1;
      sendFile(request, response, { bytes, etag: '"a"', cutAfter: served < 3 ? 200_000 : undefined });
    });
    const timer = createTestTimer(longMs);
    const pauses: unknown[] = [];
    await using net = network({ timer, retry: { baseMs: 1000, maxMs: 9000 } });
    const got = await net.download(server.url, join(folder.path, 'x.jpl'), {
      expect: { sha256 },
      onPause: ({ error, attempt, delayMs }) => pauses.push([error.code, attempt, delayMs]),
    });
    expect(got.sha256).toBe(sha256);
    expect(pauses).toEqual([
      ['CONNECTION_LOST', 2, 500],
      ['CONNECTION_LOST', 3, 1000],
    ]);
    const [first, second, third] = server.requests.map(({ headers }) => [headers.range, headers['if-range']]);
    expect(first).toEqual([undefined, undefined]);
    expect(second).toEqual(['bytes=200000-', '"a"']);
    expect(third).toEqual(['bytes=400000-', '"a"']);
  });

  test('fails after its attempts without a file that looks whole, and goes on in another process', async () => {
    await using folder = await temporaryFolder();
    const file: ServedFile = { bytes, etag: '"a"', cutAfter: 150_000 };
    await using server = await serve((request, response) => sendFile(request, response, file));
    const target = join(folder.path, 'x.jpl');
    {
      await using net = network({ retry: { attempts: 2 } });
      const error = await refused(net.download(server.url, target));
      expect([error.code, error.network]).toEqual(['CONNECTION_LOST', 'NETWORK_ERROR']);
      expect(error.cause).toBeDefined();
    }
    expect((await readdir(folder.path)).sort()).toEqual(['x.jpl.part', 'x.jpl.part.json']);
    expect((await stat(`${target}.part`)).mode & 0o777).toBe(0o600);
    file.cutAfter = undefined;
    await using net = network();
    const got = await net.download(server.url, target);
    expect(got).toMatchObject({ sha256, resumedBytes: 300_000 });
    expect(server.requests.at(-1)?.headers.range).toBe('bytes=300000-');
  });

  test.each<[string, ServedFile]>([
    ['the server answers 200 to If-Range', { bytes: randomBytes(500_000), etag: '"b"' }],
    ['the server has become shorter than what was received', { bytes: randomBytes(1000), etag: '"b"' }],
  ])('starts from zero when the file changed: %s', async (_, changed) => {
    await using folder = await temporaryFolder();
    let file: ServedFile = { bytes, etag: '"a"', cutAfter: 300_000 };
    await using server = await serve((request, response) => {
      sendFile(request, response, file);
      file = changed;
    });
    await using net = network();
    const target = join(folder.path, 'x.jpl');
    const got = await net.download(server.url, target);
    expect(got).toMatchObject({ bytes: changed.bytes.length, resumedBytes: 0 });
    expect((await readFile(target)).equals(changed.bytes)).toBe(true);
  });

  test.each<[string, Record<string, string>]>([
    ['another entity tag', { etag: '"b"' }],
    ['another length', { 'content-range': 'bytes 300000-799999/800000' }],
    ['another offset', { 'content-range': 'bytes 0-399999/700000' }],
    ['no Content-Range', { 'content-range': 'nonsense' }],
  ])('starts from zero when a server that ignores If-Range sends a range with %s', async (_, headers) => {
    await using folder = await temporaryFolder();
    const other = randomBytes(700_000);
    await using server = await serve((request, response) => {
      if (request.headers.range === undefined) {
        const cutAfter = server.requests.length === 1 ? 300_000 : undefined;
        sendFile(request, response, { bytes: cutAfter === undefined ? other : bytes, etag: '"a"', cutAfter });
        return;
      }
      response.writeHead(206, { 'content-range': 'bytes 300000-699999/700000', etag: '"a"', ...headers });
      const claimed = /^bytes 300000-(\d+)/.exec(headers['content-range'] ?? '')?.[1];
      response.end(Buffer.alloc(Number(claimed ?? 699_999) - 299_999, 'x'));
    });
    await using net = network();
    const target = join(folder.path, 'x.jpl');
    const got = await net.download(server.url, target);
    expect(got.resumedBytes).toBe(0);
    expect((await readFile(target)).equals(other)).toBe(true);
  });

  test('never joins what came from another address', async () => {
    await using folder = await temporaryFolder();
    const target = join(folder.path, 'x.jpl');
    await using server = await serve((request, response) =>
      sendFile(request, response, { bytes, etag: '"a"' }),
    );
    await writeFile(`${target}.part`, 'another file');
    await writeFile(`${target}.part.json`, JSON.stringify({ url: `${server.url}other`, etag: '"a"' }));
    await using net = network();
    expect(await net.download(server.url, target)).toMatchObject({ sha256, resumedBytes: 0 });
    expect(server.requests[0]?.headers.range).toBeUndefined();
  });

  test('starts from zero when the joined file is not the expected one, and when the range is gone', async () => {
    await using folder = await temporaryFolder();
    const target = join(folder.path, 'x.jpl');
    await using server = await serve((request, response) => {
      if (request.headers.range === 'bytes=5-') response.writeHead(416).end();
      else sendFile(request, response, { bytes, etag: '"a"' });
    });
    await using net = network();
    for (const left of [randomBytes(1000), Buffer.from('five!'), randomBytes(bytes.length + 1)]) {
      await writeFile(`${target}.part`, left);
      await writeFile(
        `${target}.part.json`,
        JSON.stringify({ url: server.url, etag: '"a"', total: bytes.length }),
      );
      const got = await net.download(server.url, target, { expect: { sha256 } });
      expect(got).toMatchObject({ sha256, resumedBytes: 0 });
      await writeFile(target, 'make room');
    }
  });

  test('asks for the rest of a file that had only to be renamed once: not at all', async () => {
    await using folder = await temporaryFolder();
    const target = join(folder.path, 'x.jpl');
    await using server = await serve((request, response) =>
      sendFile(request, response, { bytes, etag: '"a"' }),
    );
    await writeFile(`${target}.part`, bytes);
    await writeFile(
      `${target}.part.json`,
      JSON.stringify({ url: server.url, etag: '"a"', total: bytes.length }),
    );
    await using net = network();
    const got = await net.download(server.url, target, { expect: { sha256 } });
    expect(got.resumedBytes).toBe(bytes.length);
    expect(server.requests).toEqual([]);
  });

  test.each([
    ['a weak entity tag', 'W/"a"'],
    ['no entity tag', undefined],
  ])('is not resumed on %s', async (_, etag) => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) =>
      sendFile(request, response, {
        bytes,
        etag,
        cutAfter: server.requests.length === 1 ? 300_000 : undefined,
      }),
    );
    await using net = network();
    await net.download(server.url, join(folder.path, 'x.jpl'), { expect: { sha256 } });
    expect(server.requests.map(({ headers }) => headers.range)).toEqual([undefined, undefined]);
  });

  test('takes several ranges, but not byte by byte', async () => {
    await using folder = await temporaryFolder();
    const body = Buffer.from('0123456789'.repeat(10));
    let step = 40;
    await using server = await serve((request, response) => {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const to = Math.min(body.length, from + step);
      response.writeHead(206, { 'content-range': `bytes ${from}-${to - 1}/${body.length}`, etag: '"a"' });
      response.end(body.subarray(from, to));
    });
    await using net = network();
    const state = JSON.stringify({ url: server.url, etag: '"a"', total: body.length });
    for (const name of ['x.jpl', 'y.jpl']) {
      await writeFile(join(folder.path, `${name}.part`), body.subarray(0, 10));
      await writeFile(join(folder.path, `${name}.part.json`), state);
    }
    await net.download(server.url, join(folder.path, 'x.jpl'));
    expect(await readFile(join(folder.path, 'x.jpl'), 'utf8')).toBe(body.toString());
    step = 1;
    const error = await refused(net.download(server.url, join(folder.path, 'y.jpl')));
    expect(error.code).toBe('RANGE_MALFORMED');
    expect(existsSync(join(folder.path, 'y.jpl'))).toBe(false);
  });
});

describe('a download whose server is out of reach', () => {
  const etag = '"a"';

  test('waits, says so, and goes on with the same bytes when the server is back', async () => {
    await using folder = await temporaryFolder();
    // The port is closed before the connection is cut.
    const first: TestServer = await serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length, etag });
      response.write(bytes.subarray(0, 300_000), () => void first[Symbol.asyncDispose]());
    });
    const port = Number(new URL(first.url).port);
    const servers: TestServer[] = [];
    await using net = network();
    const pauses: [string, boolean][] = [];
    const states: boolean[] = [];
    const got = await net.download(first.url, join(folder.path, 'x.jpl'), {
      onPause: async ({ error, isOffline }) => {
        pauses.push([error.code, isOffline]);
        const back: RequestListener = (request, response) => sendFile(request, response, { bytes, etag });
        if (isOffline) servers.push(await serve(back, undefined, undefined, port));
      },
      onProgress: () => states.push(net.connectivity.isOnline),
    });
    const [second] = servers;
    expect([got.sha256, got.bytes]).toEqual([sha256, bytes.length]);
    expect(pauses[0]).toEqual(['CONNECTION_LOST', false]);
    expect(pauses.slice(1)).toEqual([['CONNECTION_REFUSED', true]]);
    expect(second?.requests.map(({ headers }) => headers.range)).toEqual([
      undefined,
      expect.stringMatching(/^bytes=[1-9]\d+-$/),
    ]);
    // A server of this machine that is down does not take it offline.
    expect(states).not.toContain(false);
    await second?.[Symbol.asyncDispose]();
  });

  test('ends after its patience, and what came stays for the next time', async () => {
    await using folder = await temporaryFolder();
    const first = await serve((request, response) =>
      sendFile(request, response, { bytes, etag, cutAfter: 300_000 }),
    );
    const timer = createTestTimer(longMs);
    await using net = network({
      timer,
      offlineTimeoutMs: 60_000,
      requestTimeoutMs: 30_000,
      downloadTimeoutMs: 50_000,
    });
    const downloading = net.download(first.url, join(folder.path, 'x.jpl'), {
      onPause: async ({ isOffline }) => {
        await first[Symbol.asyncDispose]();
        if (isOffline) setImmediate(() => timer.expire(60_000));
      },
    });
    expect((await refused(downloading)).code).toBe('CONNECTION_REFUSED');
    expect((await readdir(folder.path)).sort()).toEqual(['x.jpl.part', 'x.jpl.part.json']);
  });

  test('ends when it is canceled meanwhile', async () => {
    await using folder = await temporaryFolder();
    await using net = network();
    const canceling = new AbortController();
    const error = await refused(
      net.download(`http://127.0.0.1:${await closedPort()}/`, join(folder.path, 'x.jpl'), {
        signal: canceling.signal,
        onPause: () => canceling.abort(),
      }),
    );
    expect(error.code).toBe('CANCELED');
    expect(await readdir(folder.path)).toEqual([]);
  });
});

describe('a server that lies', () => {
  const cases: [string, string | Buffer, string][] = [
    [
      'announces more than it sends',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort',
      'CONNECTION_LOST',
    ],
    [
      'announces less than it sends',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nlonger than that',
      'DIGEST_MISMATCH',
    ],
    [
      'cuts a chunked body',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123',
      'CONNECTION_LOST',
    ],
    ['sends what is not HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'ANSWER_MALFORMED'],
    ['sends nothing', '', 'CONNECTION_LOST'],
    [
      'sends two lengths',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
      'LENGTH_MISMATCH',
    ],
  ];
  test.each(cases)('%s', async (_, answer, code) => {
    await using folder = await temporaryFolder();
    await using server = await serveRaw(answer);
    await using net = network({ retry: { attempts: 1 } });
    const target = join(folder.path, 'x.jpl');
    const error = await refused(net.download(server.url, target, { expect: { sha256 } }));
    expect([error.code, error.network]).toEqual([code, 'NETWORK_ERROR']);
    expect(existsSync(target)).toBe(false);
  });

  test('ends the file with the connection: refused unless its digest tells that it is whole', async () => {
    await using folder = await temporaryFolder();
    const digest = createHash('sha256').update('hello').digest('base64');
    const head = 'HTTP/1.1 200 OK\r\nConnection: close\r\n';
    const target = join(folder.path, 'x.jpl');
    await using net = network();
    {
      await using server = await serveRaw(`${head}\r\nhello`);
      expect((await refused(net.download(server.url, target))).code).toBe('LENGTH_UNKNOWN');
    }
    await using server = await serveRaw(`${head}Repr-Digest: sha-256=:${digest}:\r\n\r\nhello`);
    await net.download(server.url, target);
    expect(await readFile(target, 'utf8')).toBe('hello');
  });

  test.each([
    [
      'Repr-Digest of another file',
      { 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` },
      'DIGEST_MISMATCH',
    ],
    ['malformed Repr-Digest', { 'repr-digest': 'sha-256=nonsense' }, 'ANSWER_MALFORMED'],
    ['content coding', { 'content-encoding': 'gzip' }, 'ANSWER_ENCODED'],
  ])('sends a %s', async (_, headers, code) => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) => sendFile(request, response, { bytes, headers }));
    await using net = network();
    expect((await refused(net.download(server.url, join(folder.path, 'x.jpl')))).code).toBe(code);
    expect(existsSync(join(folder.path, 'x.jpl'))).toBe(false);
  });

  test.each([true, false])('sends too much (announced: %s)', async (announced) => {
    await using folder = await temporaryFolder();
    await using server = await serve((_, response) => {
      if (announced) response.setHeader('content-length', 2000);
      response.write(Buffer.alloc(1000));
      response.end(Buffer.alloc(1000));
    });
    await using net = network();
    const error = await refused(net.download(server.url, join(folder.path, 'x.jpl'), { maxBytes: 1500 }));
    expect(error.code).toBe('ANSWER_TOO_LARGE');
  });
});

test('a download that stands still has told of all that came', async () => {
  await using folder = await temporaryFolder();
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-length': bytes.length, etag: '"a"' });
    response.write(bytes.subarray(0, 60_000));
  });
  await using net = createNetwork({ idleTimeoutMs: 2_000, retry: { attempts: 1 } });
  const seen: number[] = [];
  const target = join(folder.path, 'x.jpl');
  await refused(net.download(server.url, target, { onProgress: ({ received }) => seen.push(received) }));
  expect(seen.at(-1)).toBe(60_000);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

describe('an end from this side', () => {
  test('a stalled server is given up, and what came is kept', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length, etag: '"a"' });
      response.write(bytes.subarray(0, 1000));
    });
    await using net = network({ idleTimeoutMs: 60, retry: { attempts: 1 } });
    const target = join(folder.path, 'x.jpl');
    expect((await refused(net.download(server.url, target))).code).toBe('SERVER_STALLED');
    expect((await stat(`${target}.part`)).size).toBe(1000);
  });

  test('the total time ends a download that only drips', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write('x');
    });
    const timer = createTestTimer(longMs);
    await using net = network({ timer, downloadTimeoutMs: 90_000 });
    const error = await refused(
      net.download(server.url, join(folder.path, 'x.jpl'), { onProgress: () => timer.expire(90_000) }),
    );
    expect(error.code).toBe('TOTAL_TIMEOUT');
  });

  test('cancel removes what came, and the next download of the same file waits for that', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) =>
      sendFile(request, response, { bytes, etag: '"a"', cutAfter: 300_000 }),
    );
    await using net = network();
    const target = join(folder.path, 'x.jpl');
    const canceling = new AbortController();
    const first = refused(
      net.download(server.url, target, {
        signal: canceling.signal,
        onProgress: ({ received }) => received > 0 && canceling.abort(),
      }),
    );
    const second = net.download(server.url, target);
    const error = await first;
    expect([error.code, error.network]).toEqual(['CANCELED', 'CANCELED']);
    expect((await second).resumedBytes).toBe(0);
    expect(server.requests.filter(({ headers }) => headers.range === undefined)).toHaveLength(2);
    const canceled = AbortSignal.abort();
    expect((await refused(net.download(server.url, target, { signal: canceled }))).code).toBe('CANCELED');
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('closing the network keeps what came for the next time', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length, etag: '"a"' });
      response.write(bytes.subarray(0, 100_000));
    });
    const net = network();
    const target = join(folder.path, 'x.jpl');
    let closed: PromiseLike<void> | undefined;
    const error = await refused(
      net.download(server.url, target, {
        onProgress: ({ received }) => {
          if (received > 0) closed ??= net[Symbol.asyncDispose]();
        },
      }),
    );
    await closed;
    expect([error.code, error.network]).toEqual(['CLIENT_CLOSED', 'CANCELED']);
    expect((await readdir(folder.path)).sort()).toEqual(['x.jpl.part', 'x.jpl.part.json']);
  });

  test('canceling while waiting for the next attempt ends the wait', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((_, response) => response.writeHead(503).end());
    await using net = network({ timer: createTestTimer(1), retry: { baseMs: longMs, maxMs: longMs } });
    const canceling = new AbortController();
    const error = await refused(
      net.download(server.url, join(folder.path, 'x.jpl'), {
        signal: canceling.signal,
        onPause: () => canceling.abort(),
      }),
    );
    expect(error.code).toBe('CANCELED');
  });
});

describe('the cache', () => {
  test('another running program holds the download; a dead one does not', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) => sendFile(request, response, { bytes }));
    await using net = network();
    const target = join(folder.path, 'x.jpl');
    await writeFile(`${target}.lock`, `${process.ppid} 1`);
    expect((await refused(net.download(server.url, target))).code).toBe('DOWNLOAD_BUSY');
    await writeFile(`${target}.lock`, '4194304999 1');
    await net.download(server.url, target);
    await writeFile(`${target}.lock`, `${process.pid} 1`);
    await net.download(server.url, target);
    expect(await readdir(folder.path)).toEqual(['x.jpl']);
  });

  test.skipIf(process.platform === 'win32')('writes through no link, and to no shared folder', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) => sendFile(request, response, { bytes }));
    await using net = network();
    const victim = join(folder.path, 'victim');
    await writeFile(victim, 'precious');
    const target = join(folder.path, 'x.jpl');
    await symlink(victim, `${target}.part`);
    expect((await refused(net.download(server.url, target))).code).toBe('CACHE_NOT_WRITABLE');
    expect(await readFile(victim, 'utf8')).toBe('precious');
    await mkdir(join(folder.path, 'elsewhere'));
    await symlink(join(folder.path, 'elsewhere'), join(folder.path, 'link'));
    const error = await refused(net.download(server.url, join(folder.path, 'link', 'x.jpl')));
    expect([error.code, error.network]).toEqual(['CACHE_NOT_PRIVATE', undefined]);
    expect(server.requests).toEqual([]);
  });

  test('a state file that is not one is as none', async () => {
    await using folder = await temporaryFolder();
    await using server = await serve((request, response) =>
      sendFile(request, response, { bytes, etag: '"a"' }),
    );
    await using net = network();
    for (const [index, state] of ['{', '[]', '{"url":1}', ' '.repeat(20_000)].entries()) {
      const target = join(folder.path, `${index}.jpl`);
      await writeFile(`${target}.part`, 'junk');
      await writeFile(`${target}.part.json`, state);
      expect((await net.download(server.url, target)).sha256).toBe(sha256);
    }
  });
});
