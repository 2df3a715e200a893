import type { RequestListener } from 'node:http';
import type { Certificate } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnswerCache } from './answer-cache.js';
import { ask, outcome } from './checker-fixtures.js';
import { OpensslPki } from './openssl-pki-fixtures.js';
import { serve, type TestServer } from './test-server-fixtures.js';

let pki: OpensslPki;
let server: TestServer;
let listeners: Record<string, RequestListener>;
let asked: string[];

const giving =
  (bytes: Uint8Array): RequestListener =>
  (_request, response) =>
    response.end(bytes);

beforeAll(async () => {
  pki = new OpensslPki();
  server = await serve((request, response) => {
    asked.push(request.url ?? '');
    listeners[request.url ?? '']?.(request, response);
  });
  pki.addSection(
    'with-delta',
    'basicConstraints = critical,CA:FALSE',
    `freshestCRL = URI:${server.url}delta`,
  );
  pki.addSection('freshest', `2.5.29.46 = DER:${freshest(`${server.url}delta`)}`);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});
beforeEach(() => {
  asked = [];
  listeners = {};
});

/** FreshestCRL with one URI: SEQUENCE { SEQUENCE { [0] { [0] { [6] url } } } }. */
function freshest(url: string): string {
  const wrap = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.of(tag, content.length), content]);
  const point = wrap(0xa0, wrap(0xa0, wrap(0x86, Buffer.from(url))));
  return wrap(0x30, wrap(0x30, point)).toString('hex');
}

describe('delta CRLs', () => {
  const scene = () => {
    const name = `late-${process.hrtime.bigint()}`;
    pki.issue(name, 'with-delta');
    const complete = pki.crl(undefined, 1);
    pki.revoke(name);
    listeners = { '/complete': giving(complete), '/delta': giving(pki.crl('delta', 2)) };
    return pki.question(name, { crlUrls: [`${server.url}complete`] });
  };

  it('named by the certificate: what was revoked since the complete one is', async () => {
    const { findings, exchanges } = await ask([scene()]);
    expect(findings).toMatchObject([{ status: 'revoked', source: 'crl', url: `${server.url}delta` }]);
    expect(exchanges.map(({ status }) => status)).toEqual(['good', 'revoked']);
    expect(asked).toEqual(['/complete', '/delta']);
  });

  it('named by the complete CRL', async () => {
    pki.issue('plain', 'plugin');
    const complete = pki.crl('freshest', 1);
    pki.revoke('plain');
    listeners = { '/complete': giving(complete), '/delta': giving(pki.crl('delta', 2)) };
    expect(await outcome(pki.question('plain', { crlUrls: [`${server.url}complete`] }))).toBe(
      'revoked by crl',
    );
  });

  it('are not asked for what is revoked already', async () => {
    const question = scene();
    listeners['/complete'] = giving(pki.crl(undefined, 1));
    expect(await outcome(question)).toBe('revoked by crl');
    expect(asked).toEqual(['/complete']);
  });

  it.each<[string, () => RequestListener]>([
    ['is down', () => (request) => request.socket.destroy()],
    ['is garbage', () => giving(Buffer.from('garbage'))],
    ['is a complete one', () => giving(pki.crl(undefined, 3))],
    ['is another issuer\u2019s', () => giving(foreignDelta())],
    ['is older than the complete one', () => giving(pki.crl('delta', 1))],
  ])('that %s change nothing: the complete CRL holds', async (_what, listener) => {
    const question = scene();
    listeners['/delta'] = listener();
    expect(await outcome(question)).toBe('good by crl');
    expect(asked).toEqual(['/complete', '/delta']);
  });

  it('are kept and judged with the complete one', async () => {
    const question = scene();
    const cache = createAnswerCache(undefined);
    expect(await outcome(question, { mode: 'cached', cache })).toBe('revoked by crl');
    expect(await outcome(question, { mode: 'cached', cache })).toBe('revoked by crl');
    expect(asked).toEqual(['/complete', '/delta']);
  });

  function foreignDelta(): Buffer {
    using other = new OpensslPki();
    return other.crl('delta', 2);
  }
});

describe('an indirect CRL', () => {
  it('by a certificate above the issuer counts where the certificate names it, and that certificate is of the path', async () => {
    pki.addSection('by-root', 'crlDistributionPoints = root-point');
    pki.addSection('root-point', 'CRLissuer = dirName:root-name', `fullname = URI:${server.url}indirect`);
    pki.addSection('root-name', 'O = Fixture', 'CN = root');
    pki.addSection('organization', 'basicConstraints = critical,CA:TRUE', 'keyUsage = critical,keyCertSign');
    const organization = pki.issue('organization', 'organization');
    const certificate = pki.issueBy('organization', 'below', 'by-root');
    listeners = { '/indirect': giving(pki.crl('indirect')) };
    const asking = (above: readonly Certificate[]) =>
      outcome({ certificate, issuer: organization, above, ocspUrls: [], crlUrls: [`${server.url}indirect`] });
    expect(await asking([pki.issuer])).toBe('good by crl');
    expect(await asking([])).toBe('CRL_ISSUER_NOT_AUTHORIZED');
  });
});
