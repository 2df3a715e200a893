import type { RequestListener } from 'node:http';
import type { RevocationQuestion } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnswerCache } from './answer-cache.js';
import { ask, opensslResponder, outcome } from './checker-fixtures.js';
import { OpensslPki } from './openssl-pki-fixtures.js';
import { serve, type TestServer } from './test-server-fixtures.js';

let pki: OpensslPki;
let responder: TestServer;
let second: TestServer;
let crlServer: TestServer;
/** What the distribution point of the responders says, and how often it was asked. */
let sayCrl: RequestListener;
let crlAsked = 0;

const plainly = ['keyUsage = critical,digitalSignature', 'extendedKeyUsage = critical,OCSPSigning'];

beforeAll(async () => {
  pki = new OpensslPki();
  crlServer = await serve((request, response) => {
    crlAsked += 1;
    sayCrl(request, response);
  });
  const { url } = crlServer;
  pki.addSection('plain', ...plainly, `crlDistributionPoints = URI:${url}1,URI:${url}2`);
  pki.addSection('silent', ...plainly);
  for (const name of ['plain', 'sacked']) pki.issue(name, 'plain');
  pki.issue('silent', 'silent');
  pki.revoke('sacked');
  responder = await serve(opensslResponder(pki, { signer: 'plain' }));
  second = await serve(opensslResponder(pki, { signer: 'sacked' }));
});
afterAll(async () => {
  for (const server of [responder, second, crlServer]) await server[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});
beforeEach(() => {
  crlAsked = 0;
  const list = pki.crl();
  sayCrl = (_request, response) => response.end(list);
});

const question = (name: string, ...ocspUrls: string[]): RevocationQuestion =>
  pki.question(name, { ocspUrls });

describe('a responder without no-check', () => {
  it('counts when its own CRL says that it is good', async () => {
    const { findings, exchanges } = await ask([
      question('revoked', responder.url),
      question('good', responder.url),
    ]);
    expect(findings).toMatchObject([
      { status: 'revoked', source: 'ocsp' },
      { status: 'good', source: 'ocsp', url: responder.url },
    ]);
    expect(exchanges.filter(({ kind }) => kind === 'crl')).toMatchObject([
      { certificate: 'CN=plain,O=Fixture', url: `${crlServer.url}1`, status: 'good' },
      { certificate: 'CN=plain,O=Fixture', url: `${crlServer.url}1`, status: 'good' },
    ]);
  });

  it('does not when it is on that CRL; the certificate\u2019s own CRL is asked then', async () => {
    expect(await outcome(question('good', second.url))).toBe('OCSP_RESPONDER_REVOKED');
    expect(crlAsked).toBe(1);
    const asked = { ...question('revoked', second.url), crlUrls: [crlServer.url] };
    expect(await outcome(asked)).toBe('revoked by crl');
  });

  it('gives way to the next responder', async () => {
    const { findings, exchanges } = await ask([question('good', second.url, responder.url)]);
    expect(findings).toMatchObject([{ status: 'good', url: responder.url }]);
    expect(exchanges.map(({ kind, status, error }) => [kind, error?.code ?? status])).toEqual([
      ['crl', 'revoked'],
      ['ocsp', 'OCSP_RESPONDER_REVOKED'],
      ['crl', 'good'],
      ['ocsp', 'good'],
    ]);
  });

  it.each<[string, RequestListener]>([
    ['is down', (request) => request.socket.destroy()],
    ['is lost', (_request, response) => response.writeHead(404).end()],
    ['gives garbage', (_request, response) => response.end('garbage')],
    ['gives an OCSP answer', (_request, response) => response.end(Buffer.from('30030a0103', 'hex'))],
  ])('is set aside when its distribution point %s, and the second one is not asked', async (_what, say) => {
    sayCrl = say;
    expect(await outcome(question('good', responder.url))).toBe('OCSP_RESPONDER_STATUS_UNKNOWN');
    expect(crlAsked).toBe(1);
  });

  it('is set aside when it names no CRL', async () => {
    await using mute = await serve(opensslResponder(pki, { signer: 'silent' }));
    expect(await outcome(question('good', mute.url))).toBe('OCSP_RESPONDER_STATUS_UNKNOWN');
    expect(crlAsked).toBe(0);
  });

  it('is not asked about when its answer is worth nothing', async () => {
    const spoilt = { signer: 'plain', with: ['-nmin', '60', '-badsig'] };
    await using forger = await serve(opensslResponder(pki, spoilt));
    expect(await outcome(question('good', forger.url))).toBe('OCSP_SIGNATURE_INVALID');
    expect(crlAsked).toBe(0);
  });

  it('is kept with its CRL: nobody is asked twice', async () => {
    const cache = createAnswerCache(undefined);
    const cached = { mode: 'cached', cache } as const;
    expect(await outcome(question('good', responder.url), cached)).toBe('good by ocsp');
    const { findings, exchanges } = await ask([question('good', responder.url)], cached);
    expect(findings).toMatchObject([{ status: 'good', source: 'ocsp' }]);
    expect(exchanges.map(({ method }) => method)).toEqual(['CACHE', 'CACHE']);
    expect(crlAsked).toBe(1);
    // Always asked anew for an install.
    await ask([question('good', responder.url)], { mode: 'fresh', cache });
    expect(crlAsked).toBe(2);
  });
});
