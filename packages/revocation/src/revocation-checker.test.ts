import { isFinding } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, opensslResponder, outcome } from './checker-fixtures.js';
import { createFetcher } from './fetcher.js';
import { OpensslPki } from './openssl-pki-fixtures.js';
import { createRevocationChecker } from './revocation-checker.js';
import { closedUrl, serve, type TestServer } from './test-server-fixtures.js';

let pki: OpensslPki;
let honest: TestServer;
let crl: TestServer;
let down: string;
let foreignCrl: Buffer;
let crlAsked = 0;

beforeAll(async () => {
  pki = new OpensslPki();
  honest = await serve(opensslResponder(pki));
  const list = pki.crl();
  crl = await serve((_request, response) => {
    crlAsked += 1;
    response.end(list);
  });
  down = await closedUrl();
  using other = new OpensslPki();
  foreignCrl = other.crl();
});
afterAll(async () => {
  await honest[Symbol.asyncDispose]();
  await crl[Symbol.asyncDispose]();
  pki[Symbol.dispose]();
});

describe('what answers', () => {
  it('the responder: good or revoked, as findings of the judge', async () => {
    const urls = { ocspUrls: [honest.url], crlUrls: [crl.url] };
    const before = crlAsked;
    const { findings } = await ask([pki.question('good', urls), pki.question('revoked', urls)]);
    expect(findings).toMatchObject([
      { status: 'good', source: 'ocsp', url: honest.url },
      { status: 'revoked', source: 'ocsp', reason: 'keyCompromise' },
    ]);
    expect(findings.every(isFinding)).toBe(true);
    expect(crlAsked).toBe(before);
  });

  it('"unknown" is final: neither the next responder nor the CRL is asked', async () => {
    pki.issue('stranger', 'plugin');
    await using forgetful = await serve(
      opensslResponder(pki, { with: ['-nmin', '60', '-index', '/dev/null'] }),
    );
    const before = crlAsked;
    const question = pki.question('stranger', { ocspUrls: [forgetful.url, honest.url], crlUrls: [crl.url] });
    expect(await outcome(question)).toBe('unknown by ocsp');
    expect(crlAsked).toBe(before);
  });

  it('"revoked" is final, though a CRL of yesterday would still say good', async () => {
    pki.issue('lately-revoked', 'plugin');
    const yesterdays = pki.crl();
    await using old = await serve((_request, response) => response.end(yesterdays));
    pki.revoke('lately-revoked');
    const question = pki.question('lately-revoked', { ocspUrls: [honest.url], crlUrls: [old.url] });
    expect(await outcome(question)).toBe('revoked by ocsp');
    expect(await outcome({ ...question, ocspUrls: [down] })).toBe('good by crl');
  });

  it('the next responder, when the first is no use', async () => {
    await using failing = await serve((_request, response) => response.writeHead(500).end());
    const question = pki.question('good', { ocspUrls: [down, failing.url, honest.url], crlUrls: [] });
    const { findings, exchanges } = await ask([question]);
    expect(findings).toMatchObject([{ status: 'good', url: honest.url }]);
    expect(exchanges.map(({ error, status }) => error?.code ?? status)).toEqual([
      'OCSP_UNREACHABLE',
      'OCSP_HTTP_STATUS',
      'good',
    ]);
  });

  it('the CRL, when no responder is named', async () => {
    expect(await outcome(pki.question('good', { crlUrls: [crl.url] }))).toBe('good by crl');
    expect(await outcome(pki.question('revoked', { crlUrls: [crl.url] }))).toBe('revoked by crl');
  });

  it('the second distribution point, when the first is down', async () => {
    expect(await outcome(pki.question('revoked', { crlUrls: [down, crl.url] }))).toBe('revoked by crl');
  });

  it('three servers of each kind at most', async () => {
    const many = new Array<string>(4).fill(down);
    const { exchanges, error } = await ask([pki.question('good', { ocspUrls: many, crlUrls: many })]);
    expect(exchanges.map(({ kind }) => kind)).toEqual(['ocsp', 'ocsp', 'ocsp', 'crl', 'crl', 'crl']);
    expect(error?.code).toBe('OCSP_UNREACHABLE');
    expect(await outcome(pki.question('good', { ocspUrls: [...many, honest.url] }))).toBe('OCSP_UNREACHABLE');
  });
});

describe('a responder that is no use', () => {
  const spoilt: readonly [string, string, Parameters<typeof serve>[0]][] = [
    ['accepts and is silent', 'OCSP_TIMEOUT', () => {}],
    ['answers garbage', 'OCSP_MALFORMED', (_request, response) => response.end('garbage')],
    ['answers nothing', 'OCSP_MALFORMED', (_request, response) => response.end()],
    [
      'answers with a page',
      'OCSP_HTTP_STATUS',
      (_request, response) => response.writeHead(503).end('<html>'),
    ],
    ['answers without end', 'OCSP_TOO_LARGE', (_request, response) => response.end(Buffer.alloc(70_000))],
    [
      'redirects to a file',
      'OCSP_REDIRECT_REFUSED',
      (_request, response) => response.writeHead(307, { location: 'file:///x' }).end(),
    ],
    [
      'asks to come again later',
      'OCSP_NOT_SUCCESSFUL',
      (_request, response) => response.end(Buffer.from('30030a0103', 'hex')),
    ],
  ];
  const signed: readonly [string, string, Parameters<typeof opensslResponder>[1]][] = [
    ['signs badly', 'OCSP_SIGNATURE_INVALID', { with: ['-nmin', '60', '-badsig'] }],
    ['signs with SHA-1', 'OCSP_ALGORITHM_UNSUPPORTED', { with: ['-nmin', '60', '-rmd', 'sha1'] }],
    ['was not appointed', 'OCSP_RESPONDER_NOT_AUTHORIZED', { signer: 'good' }],
  ];

  const show = async (code: string, listener: Parameters<typeof serve>[0]) => {
    await using bad = await serve(listener);
    // Silence has to be waited for; a working openssl may need longer than that.
    const options = code === 'OCSP_TIMEOUT' ? { timeMs: 500 } : {};
    const question = (name: string, crlUrls: string[]) =>
      pki.question(name, { ocspUrls: [bad.url], crlUrls });
    expect(await outcome(question('revoked', [crl.url]), options)).toBe('revoked by crl');
    const { error } = await ask([question('good', [])], options);
    expect(error).toMatchObject({ code, url: bad.url, certificate: 'CN=good,O=Fixture' });
    expect(error?.message).toContain('no CRL to ask instead');
    expect(error?.cause).toMatchObject({ code });
    const both = await ask([question('good', [down])], options);
    expect(both.error).toMatchObject({ code, url: bad.url });
    expect(both.error?.message).toContain(`CRL: The CRL distribution point ${down} cannot be reached`);
    expect(both.error?.cause).toMatchObject({ errors: [{ code }, { code: 'CRL_UNREACHABLE' }] });
  };

  it.each(spoilt)('%s: the CRL is asked; without one, %s', (_what, code, listener) => show(code, listener));
  it.each(signed)('%s: the CRL is asked; without one, %s', (_what, code, command) =>
    show(code, opensslResponder(pki, command)),
  );

  it('repeats an answer to somebody else: the CRL is asked; without one, OCSP_NONCE_MISMATCH', async () => {
    let first: Buffer | undefined;
    await using replaying = await serve(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      first ??= await pki.ocsp(body);
      response.end(first);
    });
    const question = pki.question('revoked', { ocspUrls: [replaying.url] });
    expect(await outcome(question)).toBe('revoked by ocsp');
    expect(await outcome(question)).toBe('OCSP_NONCE_MISMATCH');
    expect(await outcome({ ...question, crlUrls: [crl.url] })).toBe('revoked by crl');
  });

  it.each([
    ['garbage', 'CRL_MALFORMED', () => Buffer.from('garbage')],
    ['an OCSP answer', 'CRL_MALFORMED', () => Buffer.from('30030a0103', 'hex')],
    ['a CRL of another issuer', 'CRL_', () => foreignCrl],
  ])(
    'and a distribution point that gives %s: %s… stands beside the responder’s reason',
    async (_what, code, bytes) => {
      await using bad = await serve((_request, response) => response.end(bytes()));
      const question = pki.question('good', { ocspUrls: [down], crlUrls: [bad.url] });
      const { error, exchanges } = await ask([question]);
      expect(error?.code).toBe('OCSP_UNREACHABLE');
      expect(exchanges.at(-1)).toMatchObject({ kind: 'crl', error: { code: expect.stringContaining(code) } });
    },
  );

  it('is the CRL’s own reason where no responder is named', async () => {
    expect(await outcome(pki.question('good', { crlUrls: [down] }))).toBe('CRL_UNREACHABLE');
  });
});

describe('a whole path', () => {
  it('is asked about at once: no answer is given before both questions have arrived', async () => {
    const arrived: string[] = [];
    let both: () => void = () => {};
    const bothArrived = new Promise<void>((resolve) => {
      both = resolve;
    });
    await using patient = await serve(async (request, response) => {
      const body = Buffer.concat(await request.toArray());
      arrived.push(request.url ?? '');
      if (arrived.length === 2) both();
      await bothArrived;
      response.end(await pki.ocsp(body));
    });
    const { findings } = await ask([
      pki.question('good', { ocspUrls: [`${patient.url}first`] }),
      pki.question('revoked', { ocspUrls: [`${patient.url}second`] }),
    ]);
    expect(findings.map(({ status }) => status)).toEqual(['good', 'revoked']);
    expect(arrived.sort()).toEqual(['/first', '/second']);
  });

  it('gives the findings in the order of the questions', async () => {
    const slow = pki.question('revoked', { ocspUrls: [down], crlUrls: [crl.url] });
    const { findings } = await ask([slow, pki.question('good', { ocspUrls: [honest.url] }), slow]);
    expect(findings.map(({ certificate }) => certificate.subject.text)).toEqual([
      'CN=revoked,O=Fixture',
      'CN=good,O=Fixture',
      'CN=revoked,O=Fixture',
    ]);
  });

  it('a revocation outranks a silence elsewhere in the path', async () => {
    const silent = pki.question('good', { ocspUrls: [down] });
    const { error } = await ask([silent, pki.question('revoked', { ocspUrls: [honest.url] })]);
    expect(error).toMatchObject({ code: 'CERTIFICATE_REVOKED', certificate: 'CN=revoked,O=Fixture' });
    expect(error?.cause).toMatchObject({ code: 'OCSP_UNREACHABLE' });
  });

  it('of nothing to ask has no findings', async () => {
    expect((await ask([])).findings).toEqual([]);
  });
});

describe('modes of revocation', () => {
  const nothing = () => pki.question('good', {});

  it('required: a certificate that names nothing is refused', async () => {
    expect(await outcome(nothing(), { revocation: 'required' })).toBe('REVOCATION_NOT_OFFERED');
  });

  it('when-named: it passes, and what is named must answer', async () => {
    expect(await outcome(nothing(), { revocation: 'when-named' })).toBe('not-offered by none');
    const named = pki.question('good', { ocspUrls: [down] });
    expect(await outcome(named, { revocation: 'when-named' })).toBe('OCSP_UNREACHABLE');
  });

  it('off: nobody is asked', async () => {
    const named = pki.question('revoked', { ocspUrls: [honest.url], crlUrls: [crl.url] });
    const { findings, exchanges } = await ask([named], { revocation: 'off' });
    expect(findings).toMatchObject([{ status: 'not-asked', source: 'none' }]);
    expect(exchanges).toEqual([]);
  });
});

describe('being told to stop', () => {
  it('ends with the caller’s reason, and no CRL is asked any more', async () => {
    const controller = new AbortController();
    const reason = new Error('the user pressed cancel');
    await using silent = await serve(() => controller.abort(reason));
    await using fetch = createFetcher();
    const checker = createRevocationChecker({ fetch, mode: 'fresh', revocation: 'required' });
    const before = crlAsked;
    const question = pki.question('good', { ocspUrls: [silent.url], crlUrls: [crl.url] });
    const { signal } = controller;
    await expect(checker([question], { at: new Date(), signal })).rejects.toBe(reason);
    await expect(checker([question], { at: new Date(), signal })).rejects.toBe(reason);
    expect(crlAsked).toBe(before);
  });

  it('a failure that is no refusal is not taken for one', async () => {
    const broken = () => Promise.reject(new TypeError('a mistake'));
    const checker = createRevocationChecker({ fetch: broken, mode: 'fresh', revocation: 'required' });
    const question = pki.question('good', { ocspUrls: [honest.url], crlUrls: [crl.url] });
    await expect(checker([question], { at: new Date() })).rejects.toThrow(TypeError);
  });
});
