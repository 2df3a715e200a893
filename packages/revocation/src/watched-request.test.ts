import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { WireHead } from './evidence-request.js';
import { createFetcher } from './fetcher.js';

/** Takes whole requests, answers each with the next of `answers`, and remembers every byte that came. */
async function rawServer(answers: readonly string[]) {
  const received: string[] = [];
  const left = [...answers];
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
      const [head = '', body] = text.split('\r\n\r\n');
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
      if (body === undefined || body.length < length) return;
      received.push(text);
      const answer = left.shift();
      if (answer === undefined) socket.destroy();
      else socket.end(answer, 'latin1');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, received, [Symbol.asyncDispose]: async () => void server.close() };
}

const headOf = (bytes: string): string => bytes.slice(0, bytes.indexOf('\r\n\r\n') + 4);

describe('heads that are told', () => {
  const redirect = 'HTTP/1.1 307 Temporary Redirect\r\nLocation: /there?x=1\r\nContent-Length: 0\r\n\r\n';
  const answer =
    'HTTP/1.1 200 Fine\r\nX-Odd:  kept as it is \r\nDate: yesterday\r\nContent-Length: 2\r\n\r\nok';

  it('are the bytes that went over the wire, of every hop', async () => {
    await using server = await rawServer([redirect, answer]);
    await using fetch = createFetcher();
    const heads: WireHead[] = [];
    const body = Buffer.from('question');
    const url = `${server.url}/ocsp`;
    await fetch({ kind: 'ocsp', method: 'POST', url, body, onHead: (head) => heads.push(head) });

    const [first = '', second = ''] = server.received;
    expect(heads).toEqual([
      { direction: 'sent', url, text: headOf(first) },
      { direction: 'received', url, text: headOf(redirect), status: 307 },
      { direction: 'sent', url: `${server.url}/there?x=1`, text: headOf(second) },
      {
        direction: 'received',
        url: `${server.url}/there?x=1`,
        // Space before a field's value is no part of it (RFC 9110 5.5).
        text: headOf(answer).replace('  kept', ' kept'),
        status: 200,
      },
    ]);
    expect(first).toMatch(/^POST \/ocsp HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
    expect(first).toMatch(/\r\n\r\nquestion$/);
  });

  it('are those of its own request, of many at once', async () => {
    await using fetch = createFetcher();
    const asked = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        await using server = await rawServer([answer]);
        const heads: WireHead[] = [];
        const url = `${server.url}/${index}`;
        await fetch({ kind: 'crl', method: 'GET', url, onHead: (head) => heads.push(head) });
        return { heads, sent: headOf(server.received[0] ?? '') };
      }),
    );
    for (const { heads, sent } of asked)
      expect(heads.map(({ direction, text }) => (direction === 'sent' ? text : direction))).toEqual([
        sent,
        'received',
      ]);
  });

  it('end with what was sent where no answer comes', async () => {
    await using server = await rawServer([]);
    await using fetch = createFetcher();
    const heads: WireHead[] = [];
    const asking = fetch({ kind: 'crl', method: 'GET', url: server.url, onHead: (head) => heads.push(head) });
    await expect(asking).rejects.toMatchObject({ code: 'CRL_UNREACHABLE' });
    expect(heads.map(({ direction }) => direction)).toEqual(['sent']);
  });

  it('are none where nobody is reached', async () => {
    await using fetch = createFetcher();
    const heads: WireHead[] = [];
    const url = 'http://127.0.0.1:1/';
    const asking = fetch({ kind: 'ocsp', method: 'GET', url, onHead: (head) => heads.push(head) });
    await expect(asking).rejects.toMatchObject({ code: 'OCSP_UNREACHABLE' });
    expect(heads).toEqual([]);
  });
});
