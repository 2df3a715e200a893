import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOcspRequest } from '@jami-plugin-store/trust';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAnswerCache } from './answer-cache.js';
import { ask, ocspRequestOf } from './checker-fixtures.js';
import { type OcspCommand, OpensslPki } from './openssl-pki-fixtures.js';
import { closedUrl, serve } from './test-server-fixtures.js';

let pki: OpensslPki;
let folder = '';
beforeAll(() => {
  pki = new OpensslPki();
});
afterAll(() => pki[Symbol.dispose]());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'revocation-cached-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const problems: unknown[] = [];
const cache = () => createAnswerCache(folder, { onProblem: (error) => problems.push(error) });

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly nonce: boolean;
}

/** The openssl responder, writing down what it was asked. */
function recording(
  seen: Seen[],
  command: OcspCommand = {},
  refuse: (method?: string) => boolean = () => false,
): RequestListener {
  return async (request, response) => {
    const { method, url } = request;
    if (refuse(method)) {
      seen.push({ method, url, nonce: false });
      response.writeHead(405).end();
      return;
    }
    const body = await ocspRequestOf(request);
    // id-pkix-ocsp-nonce
    seen.push({ method, url, nonce: body.includes(Buffer.from('2b0601050507300102', 'hex')) });
    response.end(await pki.ocsp(body, command));
  };
}

/** Status or code, and how each answer was come by. */
async function told(question: Parameters<typeof ask>[0][number], options: Parameters<typeof ask>[1] = {}) {
  const { findings, error, exchanges } = await ask([question], {
    mode: 'cached',
    cache: cache(),
    ...options,
  });
  const methods = exchanges.map((exchange) => `${exchange.kind} ${exchange.method}`);
  return [error?.code ?? findings[0]?.status, ...methods];
}

describe('mode cached', () => {
  it.each(['good', 'revoked'])(
    'asks once about a %s certificate, by GET and without nonce, and then no more',
    async (name) => {
      const seen: Seen[] = [];
      await using responder = await serve(recording(seen));
      const question = pki.question(name, { ocspUrls: [responder.url] });
      expect(await told(question)).toEqual([name, 'ocsp GET']);
      expect(await told(question)).toEqual([name, 'ocsp CACHE']);
      expect(await told({ ...question, ocspUrls: [await closedUrl()] })).toEqual([name, 'ocsp CACHE']);
      expect(seen).toMatchObject([{ method: 'GET', nonce: false }]);
      expect(problems).toEqual([]);
    },
  );

  it('a kept answer ends at its nextUpdate, to the second', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const question = pki.question('good', { ocspUrls: [responder.url] });
    const { findings } = await ask([question], { mode: 'cached', cache: cache() });
    const nextUpdate = findings[0]?.nextUpdate ?? new Date(0);
    const after = (ms: number) => ({ at: new Date(nextUpdate.getTime() + ms) });
    expect(await told(question, after(0))).toEqual(['good', 'ocsp CACHE']);
    // Where a second passed since the first answer, this one may be kept: it ends a second later.
    expect(await told(question, after(1_000))).toEqual(['good', 'ocsp GET']);
    await told(question);
    expect(await told(question, after(600_000))).toEqual(['OCSP_STALE', 'ocsp CACHE', 'ocsp GET']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('a kept answer is not used before its time either', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const question = pki.question('good', { ocspUrls: [responder.url] });
    await told(question);
    const at = new Date(Date.now() - 86_400_000);
    expect(await told(question, { at })).toEqual(['OCSP_NOT_YET_VALID', 'ocsp CACHE', 'ocsp GET']);
  });

  it('keeps neither "unknown" nor an answer that names no end', async () => {
    pki.issue('stranger', 'plugin');
    const seen: Seen[] = [];
    await using forgetful = await serve(recording(seen, { with: ['-nmin', '60', '-index', '/dev/null'] }));
    await using endless = await serve(recording(seen, { with: [] }));
    const unknown = pki.question('stranger', { ocspUrls: [forgetful.url] });
    const open = pki.question('good', { ocspUrls: [endless.url] });
    for (let round = 0; round < 2; round += 1) {
      expect(await told(unknown)).toEqual(['unknown', 'ocsp GET']);
      expect(await told(open)).toEqual(['good', 'ocsp GET']);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('falls back to a kept CRL, without asking for it again', async () => {
    const list = pki.crl();
    let asked = 0;
    await using point = await serve((_request, response) => {
      asked += 1;
      response.end(list);
    });
    const question = pki.question('revoked', { ocspUrls: [await closedUrl()], crlUrls: [point.url] });
    expect(await told(question)).toEqual(['revoked', 'ocsp GET', 'crl GET']);
    expect(await told(question)).toEqual(['revoked', 'ocsp GET', 'crl CACHE']);
    const sibling = { ...pki.question('good', { crlUrls: [point.url] }) };
    expect(await told(sibling)).toEqual(['good', 'crl CACHE']);
    expect(asked).toBe(1);
    const at = new Date(Date.now() + 2 * 86_400_000);
    expect(await told(sibling, { at })).toEqual(['CRL_STALE', 'crl CACHE', 'crl GET']);
  });

  it('works without a cache', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const question = pki.question('good', { ocspUrls: [responder.url] });
    expect(await told(question, { cache: undefined })).toEqual(['good', 'ocsp GET']);
  });
});

describe('how it is asked (RFC 5019 5)', () => {
  it('by POST, when the responder takes no GET', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen, {}, (method) => method === 'GET'));
    const question = pki.question('good', { ocspUrls: [responder.url] });
    expect(await told(question)).toEqual(['good', 'ocsp GET', 'ocsp POST']);
  });

  it('by POST, when the URL would grow beyond 255 octets or has a query', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const long = pki.question('good', { ocspUrls: [`${responder.url}${'a'.repeat(150)}`] });
    const query = pki.question('revoked', { ocspUrls: [`${responder.url}?a=b`] });
    expect(await told(long)).toEqual(['good', 'ocsp POST']);
    expect(await told(query)).toEqual(['revoked', 'ocsp POST']);
  });

  it('with SHA-256, when that is wished', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const question = pki.question('good', { ocspUrls: [responder.url] });
    expect(await told(question, { hash: 'sha256' })).toEqual(['good', 'ocsp GET']);
  });
});

describe('mode fresh', () => {
  it('asks with a new nonce each time, by POST, whatever is kept', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const question = pki.question('good', { ocspUrls: [responder.url] });
    await told(question);
    const lengths: number[] = [];
    const randomBytes = (length: number) => {
      lengths.push(length);
      return Buffer.alloc(length, lengths.length);
    };
    for (let round = 0; round < 2; round += 1) {
      expect(await told(question, { mode: 'fresh', randomBytes })).toEqual(['good', 'ocsp POST']);
    }
    expect(lengths).toEqual([32, 32]);
    expect(seen.map(({ method, nonce }) => `${method} ${nonce}`)).toEqual([
      'GET false',
      'POST true',
      'POST true',
    ]);
    expect(await told({ ...question, ocspUrls: [await closedUrl()] }, { mode: 'fresh' })).toEqual([
      'OCSP_UNREACHABLE',
      'ocsp POST',
    ]);
  });

  it('its answers serve mode cached afterwards, though they carry a nonce', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const question = pki.question('good', { ocspUrls: [responder.url] });
    await told(question, { mode: 'fresh' });
    expect(await told(question)).toEqual(['good', 'ocsp CACHE']);
  });

  it('asks for the CRL again, too', async () => {
    const list = pki.crl();
    let asked = 0;
    await using point = await serve((_request, response) => {
      asked += 1;
      response.end(list);
    });
    const question = pki.question('good', { crlUrls: [point.url] });
    for (let round = 0; round < 2; round += 1) {
      expect(await told(question, { mode: 'fresh' })).toEqual(['good', 'crl GET']);
    }
    expect(asked).toBe(2);
  });

  it('an answer without nonce counts while it is at most one hour old', async () => {
    const { certificate, issuer } = pki.question('good', {});
    const { der } = createOcspRequest({ certificate, issuer });
    const madeInAdvance = await pki.ocsp(der, { with: ['-ndays', '1'] });
    await using kept = await serve((_request, response) => response.end(madeInAdvance));
    const question = pki.question('good', { ocspUrls: [kept.url] });
    expect(await told(question, { mode: 'fresh' })).toEqual(['good', 'ocsp POST']);
    const at = new Date(Date.now() + 2 * 3_600_000);
    expect(await told(question, { mode: 'fresh', at })).toEqual(['OCSP_NOT_FRESH', 'ocsp POST']);
    expect(await told(question, { at })).toEqual(['good', 'ocsp CACHE']);
  });
});

describe('a cache that somebody has meddled with', () => {
  const onlyFile = async () => join(folder, (await readdir(folder))[0] ?? 'missing');

  it('garbage, and a good answer about another certificate, are thrown away and asked anew', async () => {
    const seen: Seen[] = [];
    await using responder = await serve(recording(seen));
    const good = pki.question('good', { ocspUrls: [responder.url] });
    const revoked = pki.question('revoked', { ocspUrls: [responder.url] });
    await told(good);
    const goodAnswer = await readFile(await onlyFile());
    await rm(await onlyFile());
    await told(revoked);
    for (const hostile of [Buffer.from('garbage'), goodAnswer]) {
      await writeFile(await onlyFile(), hostile);
      expect(await told(revoked)).toEqual(['revoked', 'ocsp CACHE', 'ocsp GET']);
      expect(await told(revoked)).toEqual(['revoked', 'ocsp CACHE']);
    }
  });
});
