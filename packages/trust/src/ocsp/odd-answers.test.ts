import { constants, randomBytes, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OcspAcceptance } from './accept-ocsp-response.js';
import { responderExtensions } from './authority-fixtures.js';
import { derElement, derOid } from './der-writer.js';
import { ocspOids } from './ocsp-oids.js';
import {
  byName,
  certificateId,
  explicit,
  extension,
  type ForgedAnswer,
  type ForgedResponse,
  octets,
  revoked,
  sequence,
  time,
} from './response-fixtures.js';
import { later, Scene } from './scene-fixtures.js';

let scene: Scene;
beforeAll(() => {
  scene = new Scene();
});
afterAll(() => scene[Symbol.dispose]());

const outcome = (
  changes: Partial<ForgedResponse> & { one?: Partial<ForgedAnswer> } = {},
  acceptance: Partial<OcspAcceptance> = {},
): string => {
  const { one, ...whole } = changes;
  const answers = one === undefined ? {} : { answers: [scene.answer(one)] };
  return scene.outcome(scene.signedBy(scene.responder, { ...answers, ...whole }), acceptance);
};
const nonce = (bytes: Uint8Array, critical = false) => extension(ocspOids.nonce, bytes, critical);
const sent = octets(randomBytes(32));

const pssAlgorithm = (saltLength: number): Buffer => {
  const sha256 = sequence(derOid('2.16.840.1.101.3.4.2.1'));
  const mask = sequence(derOid('1.2.840.113549.1.1.8'), sha256);
  const salt = derElement(0x02, saltLength < 128 ? Buffer.of(saltLength) : Buffer.of(0, saltLength));
  return sequence(
    derOid('1.2.840.113549.1.1.10'),
    sequence(explicit(0, sha256), explicit(1, mask), explicit(2, salt)),
  );
};

/** Signed by a responder with an RSA key, whose signature may say another length of salt than it has. */
function pss(saltLength: number, claimed = saltLength): string {
  const key = ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'];
  const signer = scene.appoint(`pss-${saltLength}-${claimed}`, responderExtensions, { key });
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const signWith = (tbs: Uint8Array) => sign('sha256', tbs, { key: signer.privateKey, padding, saltLength });
  return scene.outcome(scene.signedBy(signer, { algorithm: pssAlgorithm(claimed), signWith }));
}

const aboutOther = (): Buffer => certificateId(scene.otherPlugin.certificate, scene.organization.certificate);
const bySha256 = (): Buffer =>
  certificateId(scene.plugin.certificate, scene.organization.certificate, 'sha256');
const ders = (...names: ('root' | 'plugin' | 'responder')[]) =>
  names.map((name) => scene[name].certificate.der);

describe('an odd answer', () => {
  it.each<[string, string, () => string]>([
    ['no nonce sent, none back', 'good', () => outcome()],
    ['no nonce sent, one back', 'good', () => outcome({ extensions: [nonce(sent)] })],
    ['raw nonce, not wrapped, none sent', 'good', () => outcome({ extensions: [nonce(randomBytes(16))] })],
    [
      'nonce of 200 octets, none sent',
      'good',
      () => outcome({ extensions: [nonce(octets(randomBytes(200)))] }),
    ],
    ['nonce empty, none sent', 'good', () => outcome({ extensions: [nonce(Buffer.alloc(0))] })],
    [
      'nonce sent, 2h old, none back',
      'OCSP_NOT_FRESH',
      () => outcome({ one: { thisUpdate: later(-120) } }, { nonceExtensionValue: sent }),
    ],
    [
      'nonce sent, 30min old, none back',
      'good',
      () => outcome({ one: { thisUpdate: later(-30) } }, { nonceExtensionValue: sent }),
    ],
    [
      'nonce sent, 2h old, back',
      'good',
      () =>
        outcome(
          { one: { thisUpdate: later(-120) }, extensions: [nonce(sent)] },
          { nonceExtensionValue: sent },
        ),
    ],
    [
      'critical nonce back',
      'good',
      () => outcome({ extensions: [nonce(sent, true)] }, { nonceExtensionValue: sent }),
    ],
    [
      'producedAt a day before now, thisUpdate same',
      'good',
      () => outcome({ producedAt: later(-1440), one: { thisUpdate: later(-1440) } }),
    ],
    [
      'producedAt now, thisUpdate a week ago',
      'good',
      () => outcome({ producedAt: later(0), one: { thisUpdate: later(-10_080) } }),
    ],
    [
      'producedAt after nextUpdate within skew',
      'good',
      () => outcome({ producedAt: later(0), one: { thisUpdate: later(-60), nextUpdate: later(-1) } }),
    ],
    [
      'producedAt 1h before thisUpdate',
      'OCSP_WINDOW_INVALID',
      () => outcome({ producedAt: later(-120), one: { thisUpdate: later(-60) } }),
    ],
    [
      'nextUpdate = thisUpdate = now',
      'good',
      () => outcome({ one: { thisUpdate: later(0), nextUpdate: later(0) } }),
    ],
    ['nextUpdate in ten years', 'good', () => outcome({ one: { nextUpdate: later(5_256_000) } })],
    [
      'critical archive cutoff',
      'good',
      () => outcome({ one: { extensions: [extension(ocspOids.archiveCutoff, time(later(-9_999)), true)] } }),
    ],
    [
      'critical reasonCode in single',
      'OCSP_CRITICAL_EXTENSION',
      () => outcome({ one: { extensions: [extension('2.5.29.21', derElement(0x0a, Buffer.of(1)), true)] } }),
    ],
    ['certs empty', 'good', () => scene.outcome(scene.signedBy(scene.organization, { certificates: [] }))],
    ['unrelated certs first', 'good', () => outcome({ certificates: ders('root', 'plugin', 'responder') })],
    ['responder twice', 'good', () => outcome({ certificates: ders('responder', 'responder') })],
    [
      'revoked without reason, good nonce',
      'revoked',
      () =>
        outcome(
          { one: { status: revoked(later(-99)) }, extensions: [nonce(sent)] },
          { nonceExtensionValue: sent },
        ),
    ],
    ['CertID SHA-256', 'good', () => outcome({ one: { id: bySha256() } })],
    [
      'both CertIDs of one certificate',
      'OCSP_ANSWER_AMBIGUOUS',
      () => outcome({ answers: [scene.answer(), scene.answer({ id: bySha256() })] }),
    ],
    [
      'good and revoked of one',
      'OCSP_ANSWER_AMBIGUOUS',
      () => outcome({ answers: [scene.answer(), scene.answer({ status: revoked(later(-5)) })] }),
    ],
    [
      'other first, ours second',
      'good',
      () => outcome({ answers: [scene.answer({ id: aboutOther() }), scene.answer()] }),
    ],
    [
      'other stale, ours fresh',
      'good',
      () =>
        outcome({
          answers: [
            scene.answer({ id: aboutOther(), nextUpdate: later(-999), thisUpdate: later(-9999) }),
            scene.answer(),
          ],
        }),
    ],
    [
      'about organization by the responder of org',
      'OCSP_RESPONDER_NOT_AUTHORIZED',
      () =>
        outcome(
          { one: { id: certificateId(scene.organization.certificate, scene.root.certificate) } },
          { certificate: scene.organization.certificate, issuer: scene.root.certificate },
        ),
    ],
    [
      'responder names itself by issuer name',
      'OCSP_SIGNATURE_INVALID',
      () => outcome({ responderId: byName(scene.organization.certificate) }),
    ],
    ['explicit default version', 'OCSP_MALFORMED', () => outcome({ version: 0 })],
    ['pss 32', 'good', () => pss(32)],
    ['pss 222', 'good', () => pss(222)],
    ['pss claimed 32, made 20', 'OCSP_SIGNATURE_INVALID', () => pss(20, 32)],
  ])('%s: %s', (_what, expected, run) => {
    expect(run()).toBe(expected);
  });
});
