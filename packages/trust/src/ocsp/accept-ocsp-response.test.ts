import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import { isFinding } from '../revocation/finding.js';
import { caExtensions } from './authority-fixtures.js';
import { derElement, derOid } from './der-writer.js';
import { createOcspRequest } from './ocsp-request.js';
import { certificateId, extension, octets, revoked, sequence, unknown } from './response-fixtures.js';
import { later, Scene } from './scene-fixtures.js';

let scene: Scene;
beforeAll(() => {
  scene = new Scene();
});
afterAll(() => scene[Symbol.dispose]());

type Changes = Parameters<Scene['answer']>[0];
type Response = Parameters<Scene['signedBy']>[1];
type Acceptance = Parameters<Scene['outcome']>[1];
/** Outcome of an answer by the honest responder with these changes. */
const outcome = (changes: Changes, acceptance: Acceptance = {}, response: Response = {}) =>
  scene.outcome(
    scene.signedBy(scene.responder, { answers: [scene.answer(changes)], ...response }),
    acceptance,
  );

describe('statuses', () => {
  it('good, with its times and where it came from', () => {
    const finding = scene.accept(scene.signedBy(scene.responder), { url: 'http://responder.example/' });
    expect(isFinding(finding)).toBe(true);
    expect(finding).toEqual({
      certificate: scene.plugin.certificate,
      status: 'good',
      source: 'ocsp',
      url: 'http://responder.example/',
      thisUpdate: later(-1),
      nextUpdate: later(24 * 60),
      producedAt: later(-1),
      revokedAt: undefined,
      reason: undefined,
      signer: scene.responder.certificate,
      nonce: undefined,
    });
  });

  it.each([
    [undefined, undefined],
    [0, 'unspecified'],
    [1, 'keyCompromise'],
    [2, 'cACompromise'],
    [6, 'certificateHold'],
    [8, 'removeFromCRL'],
    [10, 'aACompromise'],
    [7, undefined],
    [42, undefined],
  ])('revoked for reason %s', (code, reason) => {
    const answers = [scene.answer({ status: revoked(later(-60), code) })];
    const finding = scene.accept(scene.signedBy(scene.responder, { answers }));
    expect(finding).toMatchObject({ status: 'revoked', revokedAt: later(-60) });
    expect(finding.reason).toBe(reason);
  });

  it('revoked stays revoked where the date lies in the future', () => {
    expect(outcome({ status: revoked(later(600)) })).toBe('revoked');
  });

  it('a certificate that was never issued is revoked (RFC 6960 4.4.8)', () => {
    const status = revoked(new Date(0), 6);
    const extensions = [extension('1.3.6.1.5.5.7.48.1.9', derElement(0x05))];
    expect(outcome({ status }, {}, { extensions })).toBe('revoked');
  });

  it('unknown', () => {
    expect(outcome({ status: unknown })).toBe('unknown');
  });

  it('a refusal names certificate and responder', () => {
    const der = scene.signedBy(scene.responder, { answers: [] });
    const act = () => scene.accept(der, { url: 'http://responder.example/' });
    expect(act).toThrow(TrustError);
    expect(act).toThrow(
      expect.objectContaining({ certificate: 'CN=plugin,O=Fixture', url: 'http://responder.example/' }),
    );
  });
});

describe('which certificate', () => {
  const idOf = (...parts: Parameters<typeof certificateId>) => outcome({ id: certificateId(...parts) });

  it('is named with SHA-1 or SHA-256', () => {
    const { plugin, organization } = scene;
    expect(idOf(plugin.certificate, organization.certificate, 'sha1')).toBe('good');
    expect(idOf(plugin.certificate, organization.certificate, 'sha256')).toBe('good');
  });

  it('is not another one, nor the same serial number of another issuer', () => {
    const { plugin, otherPlugin, organization, root, responder } = scene;
    expect(idOf(otherPlugin.certificate, organization.certificate)).toBe('OCSP_CERTIFICATE_MISMATCH');
    expect(idOf(plugin.certificate, root.certificate)).toBe('OCSP_CERTIFICATE_MISMATCH');
    const renamed = { ...plugin.certificate, issuer: responder.certificate.subject };
    expect(idOf(renamed, organization.certificate)).toBe('OCSP_CERTIFICATE_MISMATCH');
  });

  it('is named in full: hash of its own kind, every octet of both hashes and of the serial number', () => {
    const { plugin, organization } = scene;
    const id = certificateId(plugin.certificate, organization.certificate);
    const [algorithm, name, key, serial] = partsOf(id);
    const other = (part: Buffer, index: number) => {
      const copy = Buffer.from(part);
      copy[index] = (copy[index] ?? 0) ^ 0x01;
      return copy;
    };
    const mismatched = [
      sequence(algorithm, other(name, 2), key, serial),
      sequence(algorithm, name, other(key, key.length - 1), serial),
      sequence(algorithm, name, key, other(serial, serial.length - 1)),
      sequence(algorithm, key, name, serial),
      sequence(algorithm, octets(name.subarray(2, 21)), key, serial),
      sequence(algorithm, octets(Buffer.alloc(0)), octets(Buffer.alloc(0)), serial),
      sequence(sequence(derOid('1.2.840.113549.2.5'), derElement(0x05)), name, key, serial),
      sequence(sequence(derOid('2.16.840.1.101.3.4.2.1'), derElement(0x05)), name, key, serial),
    ];
    expect(mismatched.map((one) => outcome({ id: one }))).toEqual(
      new Array(mismatched.length).fill('OCSP_CERTIFICATE_MISMATCH'),
    );
    expect(outcome({ id: sequence(sequence(derOid('1.3.14.3.2.26')), name, key, serial) })).toBe('good');
  });

  it('is answered once: beside other certificates, but never twice', () => {
    const { otherPlugin, organization } = scene;
    const another = scene.answer({ id: certificateId(otherPlugin.certificate, organization.certificate) });
    const bad = scene.answer({ status: revoked(later(-60)) });
    const sha256 = scene.answer({
      id: certificateId(scene.plugin.certificate, organization.certificate, 'sha256'),
    });
    const among = (...answers: Buffer[]) => scene.outcome(scene.signedBy(scene.responder, { answers }));
    expect(among(another, scene.answer(), another)).toBe('good');
    expect(among(another)).toBe('OCSP_CERTIFICATE_MISMATCH');
    expect(among()).toBe('OCSP_CERTIFICATE_MISMATCH');
    expect(among(scene.answer(), bad)).toBe('OCSP_ANSWER_AMBIGUOUS');
    expect(among(bad, scene.answer())).toBe('OCSP_ANSWER_AMBIGUOUS');
    expect(among(scene.answer(), sha256)).toBe('OCSP_ANSWER_AMBIGUOUS');
  });

  it('belongs to the issuer that is asked', () => {
    const stranger = scene.authority.issue({ name: 'stranger', extensions: caExtensions });
    const der = scene.signedBy(stranger);
    expect(scene.outcome(der, { issuer: stranger.certificate })).toBe('OCSP_CERTIFICATE_MISMATCH');
    const { certificate } = scene.organization;
    const renamed = {
      ...certificate,
      publicKey: certificate.publicKey,
      subject: stranger.certificate.subject,
    };
    expect(scene.outcome(scene.signedBy(scene.responder), { issuer: renamed })).toMatch(/^OCSP_/);
    const byRenamed = { ...scene.organization, certificate: renamed };
    expect(scene.outcome(scene.signedBy(byRenamed), { issuer: renamed })).toBe('OCSP_CERTIFICATE_MISMATCH');
  });
});

describe('extensions', () => {
  const odd = (critical: boolean) => [extension('1.2.3.4', derElement(0x05), critical)];

  it('unknown ones are ignored unless critical', () => {
    expect(outcome({ extensions: odd(false) })).toBe('good');
    expect(outcome({ extensions: odd(true) })).toBe('OCSP_CRITICAL_EXTENSION');
    expect(outcome({}, {}, { extensions: odd(false) })).toBe('good');
    expect(outcome({}, {}, { extensions: odd(true) })).toBe('OCSP_CRITICAL_EXTENSION');
  });

  it('those that limit a status are not overlooked', () => {
    const certificateIssuer = [extension('2.5.29.29', sequence(), true)];
    expect(outcome({ extensions: certificateIssuer })).toBe('OCSP_CRITICAL_EXTENSION');
    const archiveCutoff = [
      extension('1.3.6.1.5.5.7.48.1.6', derElement(0x18, Buffer.from('20200101000000Z')), true),
    ];
    expect(outcome({ extensions: archiveCutoff })).toBe('good');
  });

  it('critical ones about other certificates do not matter', () => {
    const { otherPlugin, organization } = scene;
    const id = certificateId(otherPlugin.certificate, organization.certificate);
    const answers = [scene.answer(), scene.answer({ id, extensions: odd(true) })];
    expect(outcome({}, {}, { answers })).toBe('good');
  });

  it('none occurs twice', () => {
    const twice = [...odd(false), ...odd(false)];
    expect(outcome({ extensions: twice })).toBe('OCSP_MALFORMED');
    expect(outcome({}, {}, { extensions: twice })).toBe('OCSP_MALFORMED');
  });
});

describe('nonce', () => {
  const nonceOid = '1.3.6.1.5.5.7.48.1.2';
  const sent = () => {
    const { plugin, organization } = scene;
    const asked = { certificate: plugin.certificate, issuer: organization.certificate };
    return createOcspRequest({ ...asked, nonce: Buffer.alloc(32, 7) }).nonceExtensionValue ?? Buffer.alloc(0);
  };
  const replying = (value: Uint8Array, critical = false) => ({
    extensions: [extension(nonceOid, value, critical)],
  });

  it('repeated exactly, critical or not', () => {
    expect(outcome({}, { nonceExtensionValue: sent() }, replying(sent()))).toBe('good');
    expect(outcome({}, { nonceExtensionValue: sent() }, replying(sent(), true))).toBe('good');
  });

  it('repeated inexactly: OCSP_NONCE_MISMATCH', () => {
    const value = Buffer.from(sent());
    const wrong = [
      octets(Buffer.alloc(32, 8)),
      octets(Buffer.alloc(31, 7)),
      octets(Buffer.alloc(33, 7)),
      value.subarray(2),
      Buffer.alloc(0),
      octets(value),
    ];
    const outcomes = wrong.map((one) => outcome({}, { nonceExtensionValue: value }, replying(one)));
    expect(outcomes).toEqual(new Array(wrong.length).fill('OCSP_NONCE_MISMATCH'));
  });

  it('missing: only an answer at most one hour old counts', () => {
    const nonceExtensionValue = sent();
    expect(outcome({ thisUpdate: later(-60) }, { nonceExtensionValue })).toBe('good');
    expect(outcome({ thisUpdate: later(-61) }, { nonceExtensionValue })).toBe('OCSP_NOT_FRESH');
    expect(outcome({ thisUpdate: later(-61) }, { nonceExtensionValue, requireFresh: false })).toBe('good');
    expect(outcome({ thisUpdate: later(-61) }, { requireFresh: true })).toBe('OCSP_NOT_FRESH');
    expect(outcome({ thisUpdate: later(-61) })).toBe('good');
  });

  it('repeated: an answer of any age within its window counts', () => {
    expect(outcome({ thisUpdate: later(-600) }, { nonceExtensionValue: sent() }, replying(sent()))).toBe(
      'good',
    );
  });

  it('of somebody else’s question, when we sent none: no less true, no fresher', () => {
    expect(outcome({}, {}, replying(sent()))).toBe('good');
    expect(outcome({ thisUpdate: later(-61) }, { requireFresh: true }, replying(sent()))).toBe(
      'OCSP_NOT_FRESH',
    );
  });

  it('in the wrong place is none', () => {
    const extensions = [extension(nonceOid, sent())];
    const stale = { thisUpdate: later(-61), extensions };
    expect(outcome(stale, { nonceExtensionValue: sent() })).toBe('OCSP_NOT_FRESH');
  });
});

describe('time', () => {
  const day = 24 * 60;

  it('holds from thisUpdate to nextUpdate, five minutes of skew on both sides', () => {
    const window = { thisUpdate: later(0), nextUpdate: later(day) };
    const at = (minutes: number, seconds = 0) => new Date(later(minutes).getTime() + seconds * 1_000);
    const response = { producedAt: later(0) };
    expect(outcome(window, { at: at(-5) }, response)).toBe('good');
    expect(outcome(window, { at: at(-5, -1) }, response)).toBe('OCSP_NOT_YET_VALID');
    expect(outcome(window, { at: at(day + 5) }, response)).toBe('good');
    expect(outcome(window, { at: at(day + 5, 1) }, response)).toBe('OCSP_STALE');
    expect(outcome(window, { at: at(0, -1), skewMs: 0 }, response)).toBe('OCSP_NOT_YET_VALID');
    expect(outcome(window, { at: at(day, 1), skewMs: 0 }, response)).toBe('OCSP_STALE');
    expect(outcome(window, { at: at(day), skewMs: 0 }, response)).toBe('good');
  });

  it('tells of the future, signed within the skew: OCSP_NOT_YET_VALID', () => {
    expect(outcome({ thisUpdate: later(6) }, {}, { producedAt: later(4) })).toBe('OCSP_NOT_YET_VALID');
  });

  it('signed in the future: OCSP_NOT_YET_VALID', () => {
    expect(outcome({}, {}, { producedAt: later(6) })).toBe('OCSP_NOT_YET_VALID');
  });

  it('signed long before the state it tells of: OCSP_WINDOW_INVALID', () => {
    expect(outcome({ thisUpdate: later(-1) }, {}, { producedAt: later(-60) })).toBe('OCSP_WINDOW_INVALID');
    expect(outcome({ thisUpdate: later(-1) }, {}, { producedAt: later(-6) })).toBe('good');
  });

  it('ends before it begins: OCSP_WINDOW_INVALID', () => {
    expect(outcome({ thisUpdate: later(-1), nextUpdate: later(-2) })).toBe('OCSP_WINDOW_INVALID');
  });

  it('without an end: one hour', () => {
    expect(outcome({ thisUpdate: later(-60), nextUpdate: undefined })).toBe('good');
    expect(outcome({ thisUpdate: later(-61), nextUpdate: undefined })).toBe('OCSP_STALE');
  });

  it('a revoked or unknown answer out of its time is no answer either', () => {
    const stale = { thisUpdate: later(-2 * day), nextUpdate: later(-day) };
    expect(outcome({ ...stale, status: revoked(later(-3 * day)) })).toBe('OCSP_STALE');
    expect(outcome({ ...stale, status: unknown })).toBe('OCSP_STALE');
  });

  it.each([{ at: new Date(Number.NaN) }, { skewMs: Number.NaN }, { skewMs: -1 }])(
    '%j is a mistake of the caller',
    (acceptance) => {
      expect(() => scene.accept(scene.signedBy(scene.responder), acceptance)).toThrow(RangeError);
    },
  );
});

/** The children of a short SEQUENCE. */
function partsOf(der: Buffer): [Buffer, Buffer, Buffer, Buffer] {
  const parts: Buffer[] = [];
  for (let at = 2; at < der.length; ) {
    const end = at + 2 + (der[at + 1] ?? 0);
    parts.push(der.subarray(at, end));
    at = end;
  }
  const [a, b, c, d] = parts;
  if (a === undefined || b === undefined || c === undefined || d === undefined)
    throw new RangeError('four parts');
  return [a, b, c, d];
}
