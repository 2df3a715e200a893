import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import { TrustError } from '../error.js';
import { acceptOcspResponse, type OcspAcceptance } from './accept-ocsp-response.js';
import type { Issued } from './authority-fixtures.js';
import type { CertificateIdHash } from './certificate-id.js';
import { createOcspRequest, type OcspRequest } from './ocsp-request.js';
import { Scene } from './scene-fixtures.js';

let scene: Scene;
let revokedPlugin: Issued;

beforeAll(() => {
  scene = new Scene();
  revokedPlugin = scene.appoint('revoked-plugin', []);
  const { authority, organization } = scene;
  const by = ['-cert', organization.certificatePath, '-keyfile', organization.keyPath];
  const reason = ['-crl_reason', 'keyCompromise'];
  authority.openssl('ca', '-config', 'ca.cnf', ...by, '-revoke', revokedPlugin.certificatePath, ...reason);
});
afterAll(() => scene[Symbol.dispose]());

interface Exchange {
  readonly certificate?: Certificate;
  readonly hash?: CertificateIdHash;
  readonly withNonce?: boolean;
  readonly signer?: Issued;
  /** Further arguments of the responder. */
  readonly responder?: readonly string[];
}

const requestOf = ({
  certificate = scene.plugin.certificate,
  hash,
  withNonce = true,
}: Exchange): OcspRequest =>
  createOcspRequest({
    certificate,
    issuer: scene.organization.certificate,
    hash,
    nonce: withNonce ? randomBytes(32) : undefined,
  });

/** Hands our request to `openssl ocsp` as responder. */
function respond(
  { der }: OcspRequest,
  { signer = scene.responder, responder = ['-nmin', '60'] }: Exchange,
): Buffer {
  const { authority, organization } = scene;
  writeFileSync(authority.path('request.der'), der);
  const by = [
    '-CA',
    organization.certificatePath,
    '-rsigner',
    signer.certificatePath,
    '-rkey',
    signer.keyPath,
  ];
  const files = ['-index', 'index.txt', '-reqin', 'request.der', '-respout', 'response.der'];
  authority.openssl('ocsp', ...files, ...by, ...responder);
  return readFileSync(authority.path('response.der'));
}

function ask(exchange: Exchange = {}, acceptance: Partial<OcspAcceptance> = {}): string {
  const request = requestOf(exchange);
  const { certificate = scene.plugin.certificate } = exchange;
  try {
    const { status, reason } = acceptOcspResponse(respond(request, exchange), {
      certificate,
      issuer: scene.organization.certificate,
      at: new Date(),
      nonceExtensionValue: request.nonceExtensionValue,
      ...acceptance,
    });
    return reason === undefined ? status : `${status}: ${reason}`;
  } catch (error) {
    if (error instanceof TrustError) return error.code;
    throw error;
  }
}

describe('openssl ocsp as responder', () => {
  it.each(['sha1', 'sha256'] as const)('good, revoked and unknown, certificates named with %s', (hash) => {
    expect(ask({ hash })).toBe('good');
    expect(ask({ hash, certificate: revokedPlugin.certificate })).toBe('revoked: keyCompromise');
    const { authority } = scene;
    // One that this responder's index has never heard of.
    const index = readFileSync(authority.path('index.txt'), 'utf8');
    const stranger = scene.appoint('stranger', []);
    writeFileSync(authority.path('index.txt'), index);
    expect(ask({ hash, certificate: stranger.certificate })).toBe('unknown');
  });

  it('identified by key, without certificates, signed by the issuer', () => {
    const responder = ['-nmin', '60', '-resp_key_id'];
    expect(ask({ responder })).toBe('good');
    const { organization } = scene;
    expect(ask({ signer: organization, responder: [...responder, '-resp_no_certs'] })).toBe('good');
    expect(ask({ responder: [...responder, '-resp_no_certs'] })).toBe('OCSP_RESPONDER_UNKNOWN');
  });

  it('with stronger hashes, without nextUpdate, without nonce', () => {
    expect(ask({ responder: ['-rmd', 'sha512', '-nmin', '60'] })).toBe('good');
    expect(ask({ responder: [] })).toBe('good');
    expect(ask({ withNonce: false })).toBe('good');
    expect(ask({ withNonce: false }, { requireFresh: true })).toBe('good');
  });

  it('its failures are refused', () => {
    expect(ask({ responder: ['-nmin', '60', '-badsig'] })).toBe('OCSP_SIGNATURE_INVALID');
    expect(ask({ responder: ['-nmin', '60', '-rmd', 'sha1'] })).toBe('OCSP_ALGORITHM_UNSUPPORTED');
    expect(ask({ signer: scene.root })).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    expect(ask({ signer: scene.plugin })).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    const request = requestOf({});
    const replayed = respond(requestOf({}), {});
    const { nonceExtensionValue } = request;
    expect(scene.outcome(replayed, { at: new Date(), nonceExtensionValue })).toBe('OCSP_NONCE_MISMATCH');
    const tomorrow = new Date(Date.now() + 86_400_000);
    expect(scene.outcome(replayed, { at: tomorrow })).toBe('OCSP_STALE');
  });
});

const ocsptool = (() => {
  try {
    return execFileSync('ocsptool', ['--version'], { encoding: 'utf8' }).split('\n')[0];
  } catch {
    return undefined;
  }
})();
const absent = ocsptool === undefined ? ' (skipped: ocsptool of GnuTLS is not installed)' : '';

describe.skipIf(ocsptool === undefined)(`GnuTLS ocsptool as second opinion${absent}`, () => {
  it('reads our question and verifies the answer that we accept', () => {
    const request = requestOf({ hash: 'sha256' });
    const response = respond(request, {});
    const { authority, responder } = scene;
    writeFileSync(authority.path('request.der'), request.der);
    writeFileSync(authority.path('response.der'), response);
    const text = execFileSync('ocsptool', ['--request-info', '--inder', '--infile', 'request.der'], {
      cwd: authority.home,
      encoding: 'utf8',
    });
    const serial = Buffer.from(scene.plugin.certificate.serialNumber).toString('hex').replace(/^00/, '');
    expect(text).toContain(serial);
    expect(text).toMatch(/Nonce/i);
    const verify = [
      '--verify-response',
      '--load-signer',
      responder.certificatePath,
      '--inder',
      '--infile',
      'response.der',
    ];
    const verdict = execFileSync('ocsptool', verify, { cwd: authority.home, encoding: 'utf8' });
    expect(verdict).toContain('Success');
    const { nonceExtensionValue } = request;
    expect(scene.outcome(response, { at: new Date(), nonceExtensionValue })).toBe('good');
  });
});
