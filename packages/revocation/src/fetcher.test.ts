import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { TrustError } from '@jami-plugin-store/trust';
import { describe, expect, it } from 'vitest';
import type { EvidenceRequest } from './evidence-request.js';
import { createFetcher, type FetcherOptions } from './fetcher.js';
import { closedUrl, serve } from './test-server-fixtures.js';

const ask = (url: string, more: Partial<EvidenceRequest> = {}): EvidenceRequest => ({
  kind: 'ocsp',
  url,
  method: 'POST',
  body: Buffer.from('question'),
  ...more,
});

/** Fetches once with its own fetcher; gives the answer's text or the refusal. */
async function outcome(request: EvidenceRequest, options: FetcherOptions = {}): Promise<string | TrustError> {
  await using fetchEvidence = createFetcher(options);
  try {
    return (await fetchEvidence(request)).bytes.toString();
  } catch (error) {
    if (error instanceof TrustError) return error;
    throw error;
  }
}

async function codeOf(request: EvidenceRequest, options: FetcherOptions = {}): Promise<string> {
  const result = await outcome(request, options);
  return typeof result === 'string' ? `answered ${result}` : result.code;
}

describe('fetching', () => {
  it('posts the question and brings the answer, whatever media type it claims', async () => {
    const seen: unknown[] = [];
    await using server = await serve(async (request, response) => {
      const body: Buffer[] = await request.toArray();
      seen.push(
        request.method,
        request.headers['content-type'],
        request.headers.accept,
        Buffer.concat(body).toString(),
      );
      seen.push(request.headers.cookie, request.headers.authorization);
      response.setHeader('set-cookie', 'a=b').setHeader('content-type', 'text/html').end('answer');
    });
    await using fetchEvidence = createFetcher();
    for (let round = 0; round < 2; round += 1) {
      const answer = await fetchEvidence(ask(server.url));
      expect(answer.bytes.toString()).toBe('answer');
      expect(answer.url).toBe(server.url);
    }
    const once = [
      'POST',
      'application/ocsp-request',
      'application/ocsp-response',
      'question',
      undefined,
      undefined,
    ];
    expect(seen).toEqual([...once, ...once]);
  });

  it('gets a CRL', async () => {
    await using server = await serve((request, response) =>
      response.end(`${request.method} ${request.headers.accept}`),
    );
    const result = await outcome({ kind: 'crl', url: server.url, method: 'GET' });
    expect(result).toBe('GET application/pkix-crl');
  });

  it.each([
    ['file:///etc/passwd', 'OCSP_URL_REFUSED'],
    ['ftp://responder.example/', 'OCSP_URL_REFUSED'],
    ['ldap://responder.example/', 'OCSP_URL_REFUSED'],
    ['data:text/plain,good', 'OCSP_URL_REFUSED'],
    ['not a url', 'OCSP_URL_REFUSED'],
    ['', 'OCSP_URL_REFUSED'],
    [`http://responder.example/${'a'.repeat(2_048)}`, 'OCSP_URL_REFUSED'],
    ['http://user@responder.example/', 'OCSP_URL_REFUSED'],
    ['http://:secret@responder.example/', 'OCSP_URL_REFUSED'],
  ])('%.40s is not asked', async (url, code) => {
    expect(await codeOf(ask(url))).toBe(code);
    expect(await codeOf({ kind: 'crl', url, method: 'GET' })).toBe('CRL_URL_REFUSED');
  });

  it('does not repeat credentials in its refusal', async () => {
    const refusal = await outcome(ask('http://user:secret@responder.example/'));
    expect(JSON.stringify([refusal, String(refusal)])).not.toContain('secret');
  });

  it('a responder that is down: OCSP_UNREACHABLE; a distribution point: CRL_UNREACHABLE', async () => {
    const url = await closedUrl();
    const refusal = await outcome(ask(url));
    expect(refusal).toMatchObject({ code: 'OCSP_UNREACHABLE', url });
    expect((refusal as TrustError).message).toContain('ECONNREFUSED');
    expect((refusal as TrustError).cause).toBeInstanceOf(Error);
    expect(await codeOf({ kind: 'crl', url, method: 'GET' })).toBe('CRL_UNREACHABLE');
  });

  it('a connection dropped before or amid the answer: OCSP_UNREACHABLE', async () => {
    await using before = await serve((request) => request.socket.destroy());
    await using amid = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    expect(await codeOf(ask(before.url))).toBe('OCSP_UNREACHABLE');
    expect(await codeOf(ask(amid.url))).toBe('OCSP_UNREACHABLE');
  });

  it('a server that does not speak HTTP: OCSP_UNREACHABLE', async () => {
    const server = createTcpServer((socket) => socket.on('error', () => {}).end('SSH-2.0-OpenSSH_9.2\r\n'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await codeOf(ask(`http://127.0.0.1:${port}/`))).toBe('OCSP_UNREACHABLE');
    server.close();
  });

  it.each([204, 206, 304, 400, 404, 500, 503])('HTTP status %i: OCSP_HTTP_STATUS', async (status) => {
    await using server = await serve((_request, response) => response.writeHead(status).end());
    expect(await codeOf(ask(server.url))).toBe('OCSP_HTTP_STATUS');
    expect(await codeOf({ kind: 'crl', url: server.url, method: 'GET' })).toBe('CRL_HTTP_STATUS');
  });
});

describe('time', () => {
  it('a server that accepts and never answers', async () => {
    await using server = await serve(() => {});
    expect(await codeOf(ask(server.url), { timeMs: 50 })).toBe('OCSP_TIMEOUT');
    expect(await codeOf({ kind: 'crl', url: server.url, method: 'GET' }, { timeMs: 50 })).toBe('CRL_TIMEOUT');
  });

  it('a body that drips: every chunk is in time, the whole is not', async () => {
    await using server = await serve((_request, response) => {
      const drip = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(drip));
    });
    expect(await codeOf(ask(server.url), { timeMs: 100 })).toBe('OCSP_TIMEOUT');
  });

  it('redirects share one deadline', async () => {
    let hops = 0;
    await using server = await serve((_request, response) => {
      hops += 1;
      if (hops === 1) response.writeHead(307, { location: '/next' }).end();
    });
    expect(await codeOf(ask(server.url), { timeMs: 50 })).toBe('OCSP_TIMEOUT');
    expect(hops).toBe(2);
  });

  it('ends with the reason of the caller, before and during the request', async () => {
    const reason = new Error('cancelled by the user');
    const controller = new AbortController();
    await using server = await serve(() => controller.abort(reason));
    await using fetchEvidence = createFetcher();
    await expect(fetchEvidence(ask(server.url, { signal: controller.signal }))).rejects.toBe(reason);
    await expect(fetchEvidence(ask(server.url, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  });
});

describe('size', () => {
  it('a body longer than allowed, announced or not', async () => {
    await using announced = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '11' }).end('12345678901');
    });
    await using silent = await serve((_request, response) => {
      response.write('123456');
      response.end('78901');
    });
    for (const { url } of [announced, silent]) {
      expect(await codeOf(ask(url), { maxOcspBytes: 10 })).toBe('OCSP_TOO_LARGE');
      expect(await codeOf(ask(url), { maxOcspBytes: 11 })).toBe('answered 12345678901');
      expect(await codeOf({ kind: 'crl', url, method: 'GET' }, { maxCrlBytes: 10 })).toBe('CRL_TOO_LARGE');
    }
  });

  it('a body that is announced too long is not waited for', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1000000' }).flushHeaders();
    });
    expect(await codeOf(ask(server.url))).toBe('OCSP_TOO_LARGE');
  });

  it.each([
    [500, 'OCSP_HTTP_STATUS'],
    [303, 'OCSP_REDIRECT_REFUSED'],
  ])('an endless body behind status %i is left unread', async (status, code) => {
    let closed: Promise<unknown> = Promise.resolve();
    await using server = await serve((_request, response) => {
      closed = once(response, 'close');
      response.writeHead(status, { location: '/' });
      const chunk = Buffer.alloc(16 * 1024);
      const more = () => {
        while (!response.closed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    await using fetchEvidence = createFetcher();
    await expect(fetchEvidence(ask(server.url))).rejects.toMatchObject({ code });
    await closed;
  });

  it('an endless body is left at the limit', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    await using server = await serve((_request, response) => {
      closed = once(response, 'close');
      const chunk = Buffer.alloc(16 * 1024);
      const more = () => {
        while (!response.closed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    expect(await codeOf(ask(server.url))).toBe('OCSP_TOO_LARGE');
    await closed;
  });

  it('endless headers', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { filler: 'x'.repeat(100_000) }).end();
    });
    expect(await codeOf(ask(server.url))).toBe('OCSP_TOO_LARGE');
  });
});
