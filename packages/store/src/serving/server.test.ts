import { once } from 'node:events';
import { connect } from 'node:net';
import { problemMediaType } from '@jami-plugin-store/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { askRaw, linux, type RawAnswer, ServedStore } from './serving-fixtures.js';

const code = (answer: RawAnswer) => JSON.parse(answer.body.toString()).code;

/** Sends bytes as they are and returns all that comes back until the server hangs up. */
async function sendRaw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
  });
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return answer;
}

describe('the server', () => {
  let served: ServedStore;
  beforeAll(async () => {
    served = await ServedStore.open();
    await served.publish(Buffer.from('package'), { id: 'Foo' });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    '%s is 405 and says what is allowed',
    async (method) => {
      const answer = await askRaw(served.port, { path: `/details/Foo?arch=${linux}`, method });
      expect([answer.status, answer.headers.allow, code(answer)]).toEqual([
        405,
        'GET, HEAD',
        'METHOD_NOT_ALLOWED',
      ]);
    },
  );

  test('who pipelines requests without end is hung up on', async () => {
    const request = `GET /?arch=${linux} HTTP/1.1\r\nHost: x\r\n`;
    const last = `${request}Connection: close\r\n\r\n`;
    const answers = await sendRaw(served.port, `${request}\r\n`.repeat(31) + last);
    expect(answers.match(/HTTP\/1.1 200/g)).toHaveLength(32);
    const cutOff = await sendRaw(served.port, `${request}\r\n`.repeat(1_000) + last);
    // The first may have gone out ahead of the others.
    expect(cutOff.match(/HTTP\/1.1 200/g)?.length ?? 0).toBeLessThan(2);
  });

  test('a request of HTTP/1.1 names its host once', async () => {
    const ask = (version: string, fields: string) =>
      sendRaw(served.port, `GET /?arch=${linux} HTTP/${version}\r\n${fields}Connection: close\r\n\r\n`);
    for (const fields of ['', 'Host: a\r\nhost: b\r\n']) {
      const answer = await ask('1.1', fields);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('"code":"REQUEST_MALFORMED"');
    }
    expect(await ask('1.1', 'Host: a\r\n')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await ask('1.0', '')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('an expectation nobody knows is passed over', async () => {
    const { status } = await served.ask(`/?arch=${linux}`, { expect: 'the-unexpected' });
    expect(status).toBe(200);
  });

  test('a body is refused before it is read', async () => {
    const body = Buffer.alloc(1 << 20);
    const answer = await askRaw(served.port, {
      path: '/',
      method: 'POST',
      headers: { 'content-type': 'x/y' },
      body,
    }).catch((error: NodeJS.ErrnoException) => error.code);
    // The server may hang up while the client still sends.
    if (typeof answer === 'object') expect(answer.status).toBe(405);
    else expect(['EPIPE', 'ECONNRESET']).toContain(answer);
  });

  test('a refusal answers HEAD without a body', async () => {
    const answer = await served.ask('/nothing', {}, 'HEAD');
    expect([answer.status, answer.body.length, answer.headers['content-type']]).toEqual([
      404,
      0,
      problemMediaType,
    ]);
  });

  test('every answer has its own request id, whatever the request says', async () => {
    const [a, b] = await Promise.all([
      served.ask('/nothing', { 'x-request-id': 'mine' }),
      served.ask('/nothing', { 'request-id': 'mine' }),
    ]);
    expect(a.headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
    expect(a.headers['x-request-id']).not.toBe(b.headers['x-request-id']);
  });

  test('headers past 16 KiB are 431 with a problem', async () => {
    const answer = await sendRaw(
      served.port,
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toContain('HTTP/1.1 431 ');
    expect(answer).toContain('"code":"HEADERS_TOO_LARGE"');
  });

  test('what is not HTTP is 400 with a problem', async () => {
    const answer = await sendRaw(served.port, 'hello\r\n\r\n');
    expect(answer).toContain('HTTP/1.1 400 ');
    expect(answer).toContain('"code":"REQUEST_MALFORMED"');
  });

  test('paths that climb stay at the address they name', async () => {
    for (const path of [
      '/../../etc/passwd',
      '/download/../../etc/passwd',
      '//details/Foo',
      '/download/x/..%2f..%2fetc',
      '/icons/%2e%2e?arch=x',
    ]) {
      const answer = await served.ask(path);
      expect([400, 404]).toContain(answer.status);
      expect(answer.headers['content-type']).toBe(problemMediaType);
    }
  });

  test('whatever is asked, the answer is quick, below 500, and a problem where it is a refusal', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '',
        '.',
        '..',
        '%2F',
        '%00',
        '%',
        '%zz',
        'Foo',
        linux,
        '\\',
        '*',
        '__proto__',
        '~',
        ';',
        'ä',
      ),
      fc.string({ unit: 'grapheme', maxLength: 300 }).map((text) => encodeURIComponent(text)),
    );
    const path = fc
      .tuple(
        fc.constantFrom(
          '',
          'details',
          'versions',
          'icons',
          'backgrounds',
          'download',
          'blobs/sha256',
          'v1/plugins',
          'v1/store',
        ),
        fc.array(piece, { maxLength: 3 }),
        fc.option(piece),
      )
      .map(([head, rest, arch]) =>
        encodeURI(`/${[head, ...rest].join('/')}${arch === null ? '' : `?arch=${arch}`}`).replaceAll(
          '%25',
          '%',
        ),
      );
    const headerValue = fc.oneof(
      fc.constantFrom(
        'bytes=0-',
        'bytes=-0',
        '"',
        'W/"',
        '*',
        ',,,',
        ';q=',
        'fr;q=2',
        'bytes=9-1',
        ', '.repeat(2000),
      ),
      fc.string({ maxLength: 200 }).map((text) => text.replace(/[^\x20-\x7e]/g, '')),
    );
    const names = ['range', 'if-range', 'if-match', 'if-none-match', 'accept-language', 'accept-encoding'];
    const headers = fc.dictionary(fc.constantFrom(...names), headerValue, { maxKeys: 3 });
    await fc.assert(
      fc.asyncProperty(path, headers, async (asked, sent) => {
        const answer = await served.ask(asked, sent);
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400) {
          expect(answer.headers['content-type']).toBe(problemMediaType);
          expect(JSON.parse(answer.body.toString())).toMatchObject({ status: answer.status });
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('a peer that is slow on purpose', () => {
  test('sending a header byte by byte is told 408 and hung up on', async () => {
    await using served = await ServedStore.open({ headersMs: 150, requestMs: 200, checkMs: 50 });
    const answer = await sendRaw(served.port, 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: ');
    expect(answer).toContain('HTTP/1.1 408 ');
    expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
  });

  test('that stops reading a download is hung up on', async () => {
    await using served = await ServedStore.open({ idleMs: 100 });
    await served.publish(Buffer.alloc(24 * 1024 * 1024), { id: 'Large' });
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET /download/${linux}/Large HTTP/1.1\r\nhost: x\r\n\r\n`);
    await once(socket, 'readable');
    await vi.waitFor(() => expect(served.connections()).resolves.toBe(0), { timeout: 5_000 });
    socket.destroy();
  });

  test('connections past the bound are not taken', async () => {
    await using served = await ServedStore.open({ connections: 2 });
    const held = [connect(served.port, '127.0.0.1'), connect(served.port, '127.0.0.1')];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    await vi.waitFor(() => expect(served.connections()).resolves.toBe(2));
    expect(await sendRaw(served.port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n')).toBe('');
    for (const socket of held) socket.destroy();
  });
});
