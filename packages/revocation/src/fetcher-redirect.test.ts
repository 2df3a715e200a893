import { TrustError } from '@jami-plugin-store/trust';
import { describe, expect, it } from 'vitest';
import type { EvidenceKind } from './evidence-request.js';
import { createFetcher, type FetcherOptions } from './fetcher.js';
import { serve } from './test-server-fixtures.js';

async function codeOf(
  url: string,
  options: FetcherOptions = {},
  method: 'GET' | 'POST' = 'POST',
  kind: EvidenceKind = 'ocsp',
): Promise<string> {
  await using fetchEvidence = createFetcher(options);
  const body = method === 'POST' ? Buffer.from('question') : undefined;
  try {
    return (await fetchEvidence({ kind, url, method, body })).bytes.toString();
  } catch (error) {
    if (error instanceof TrustError) return error.code;
    throw error;
  }
}

/** Answers /<n> with a redirect to /<n-1>, and /0 with what it was asked. */
const countdown = (status: number) =>
  serve(async (request, response) => {
    const left = Number(request.url?.slice(1));
    const asked = Buffer.concat(await request.toArray()).toString();
    if (left === 0) response.end(`${request.method} ${asked}`);
    else response.writeHead(status, { location: `/${left - 1}` }).end('moved');
  });

describe('redirects', () => {
  it.each([301, 302, 307, 308])('%i: followed twice with the question, not a third time', async (status) => {
    await using server = await countdown(status);
    expect(await codeOf(`${server.url}1`)).toBe('POST question');
    expect(await codeOf(`${server.url}2`)).toBe('POST question');
    expect(await codeOf(`${server.url}3`)).toBe('OCSP_REDIRECT_REFUSED');
    expect(await codeOf(`${server.url}1`, { maxRedirects: 0 })).toBe('OCSP_REDIRECT_REFUSED');
  });

  it('303 is followed for a GET, but never turns a question into one', async () => {
    await using server = await countdown(303);
    expect(await codeOf(`${server.url}1`, {}, 'GET')).toBe('GET ');
    expect(await codeOf(`${server.url}1`)).toBe('OCSP_REDIRECT_REFUSED');
  });

  it('a loop ends', async () => {
    let asked = 0;
    await using server = await serve((_request, response) => {
      asked += 1;
      response.writeHead(307, { location: '/' }).end();
    });
    expect(await codeOf(server.url)).toBe('OCSP_REDIRECT_REFUSED');
    expect(asked).toBe(3);
    expect(await codeOf(server.url, {}, 'GET', 'crl')).toBe('CRL_REDIRECT_REFUSED');
    expect(asked).toBe(6);
  });

  it.each(['file:///etc/passwd', 'gopher://x/', 'http://user:secret@127.0.0.1/', 'http://[', 'javascript:1'])(
    'to %s: refused',
    async (location) => {
      await using server = await serve((_request, response) => response.writeHead(302, { location }).end());
      expect(await codeOf(server.url)).toBe('OCSP_REDIRECT_REFUSED');
      expect(await codeOf(server.url, {}, 'GET', 'crl')).toBe('CRL_REDIRECT_REFUSED');
    },
  );

  it('without a target is no redirect', async () => {
    await using server = await serve((_request, response) => response.writeHead(302).end());
    expect(await codeOf(server.url)).toBe('OCSP_HTTP_STATUS');
  });
});

describe('private addresses', () => {
  const lookupOf =
    (...addresses: string[]): FetcherOptions['lookup'] =>
    (_hostname, options, callback) => {
      const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      if (options.all === true) callback(null, found);
      else callback(null, found[0]?.address ?? '', found[0]?.family ?? 4);
    };
  const denied = { denyPrivateAddresses: true, timeMs: 1_000 };

  it('are asked by default', async () => {
    await using server = await countdown(307);
    expect(await codeOf(`${server.url}0`)).toBe('POST question');
  });

  it.each([
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0x7f.1',
    '2130706433',
    '169.254.169.254',
    '10.0.0.1',
    '0',
  ])('http://%s/ written as it is: refused', async (host) => {
    expect(await codeOf(`http://${host}:9/`, denied)).toBe('OCSP_ADDRESS_REFUSED');
    expect(await codeOf(`http://${host}:9/`, denied, 'GET', 'crl')).toBe('CRL_ADDRESS_REFUSED');
  });

  it('a name that the system resolves to loopback: refused', async () => {
    expect(await codeOf('http://localhost:9/', denied)).toBe('OCSP_ADDRESS_REFUSED');
  });

  it.each([[['192.168.0.7']], [['8.8.8.8', '10.0.0.1']], [['2606:4700::1', '::ffff:10.0.0.1']]])(
    'a name that resolves to %j: refused',
    async (addresses) => {
      const options = { ...denied, lookup: lookupOf(...addresses) };
      expect(await codeOf('http://responder.example:9/', options)).toBe('OCSP_ADDRESS_REFUSED');
    },
  );

  it('https connections pass the same gate', async () => {
    expect(await codeOf('https://127.0.0.1:9/', denied)).toBe('OCSP_ADDRESS_REFUSED');
    const options = { ...denied, lookup: lookupOf('10.0.0.1') };
    expect(await codeOf('https://responder.example/', options)).toBe('OCSP_ADDRESS_REFUSED');
  });

  it('are refused behind a redirect, by number and by name', async () => {
    let inside = 0;
    await using hidden = await serve((_request, response) => {
      inside += 1;
      response.end('secret');
    }, '127.0.0.2');
    const port = new URL(hidden.url).port;
    for (const location of [hidden.url, `http://internal.example:${port}/`]) {
      await using open = await serve((_request, response) => response.writeHead(307, { location }).end());
      const options = { ...denied, allowedPrivateAddresses: ['127.0.0.1'], lookup: lookupOf('127.0.0.2') };
      expect(await codeOf(open.url, options)).toBe('OCSP_ADDRESS_REFUSED');
      expect(await codeOf(open.url, { lookup: lookupOf('127.0.0.2') })).toBe('secret');
    }
    expect(inside).toBe(2);
  });

  it('the address that was checked is the one connected to, though the name is rebound meanwhile', async () => {
    await using server = await countdown(307);
    const answers = ['127.0.0.1', '127.0.0.2'];
    const rebinding: FetcherOptions['lookup'] = (hostname, options, callback) =>
      lookupOf(answers.shift() ?? '127.0.0.2')?.(hostname, options, callback);
    const options = { ...denied, allowedPrivateAddresses: ['127.0.0.1'], lookup: rebinding };
    const port = new URL(server.url).port;
    expect(await codeOf(`http://rebind.example:${port}/0`, options)).toBe('POST question');
    expect(answers).toEqual(['127.0.0.2']);
  });
});
