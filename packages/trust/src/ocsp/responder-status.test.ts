import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptCrl } from '../crl/accept-crl.js';
import { parseCrl } from '../crl/parse-crl.js';
import type { RevocationFinding, RevocationQuestion } from '../revocation/evidence.js';
import { makeFinding, notAsked, notOffered } from '../revocation/finding.js';
import type { OcspAcceptance } from './accept-ocsp-response.js';
import { type Issued, responderExtensions } from './authority-fixtures.js';
import { later, Scene } from './scene-fixtures.js';

const now = later(0);
let scene: Scene;
/** Two responders without no-check; the second one is on the CRL. */
let plain: Issued;
let sacked: Issued;
let crl: Buffer;

beforeAll(() => {
  scene = new Scene();
  const { authority, organization } = scene;
  const withoutNoCheck = [
    ...responderExtensions.filter((line) => !line.startsWith('noCheck')),
    'crlDistributionPoints=URI:http://crl.example/1,URI:ldap://crl.example',
  ];
  plain = scene.appoint('plain', withoutNoCheck);
  sacked = scene.appoint('sacked', withoutNoCheck);
  const by = ['-config', 'ca.cnf', '-cert', organization.certificatePath, '-keyfile', organization.keyPath];
  authority.openssl('ca', ...by, '-revoke', sacked.certificatePath);
  const times = ['-crl_lastupdate', '20261122100000Z', '-crl_nextupdate', '20261122140000Z'];
  authority.openssl('ca', ...by, '-gencrl', ...times, '-out', 'crl.pem');
  crl = authority.openssl('crl', '-in', 'crl.pem', '-outform', 'DER');
});
afterAll(() => scene[Symbol.dispose]());

/** What the CRL of the responder's issuer says about it, at the instant of the judgement or another. */
const byCrl =
  (at = now) =>
  ({ certificate, issuer }: RevocationQuestion): RevocationFinding =>
    acceptCrl([parseCrl(crl)], { certificate, issuer, at });

const outcome = (
  signer: Issued,
  findResponderStatus: OcspAcceptance['findResponderStatus'],
  acceptance: Partial<OcspAcceptance> = {},
): string => scene.outcome(scene.signedBy(signer), { findResponderStatus, ...acceptance });

describe('a responder without no-check', () => {
  it('answers while a CRL of its issuer says that it is good, and no longer than that CRL', () => {
    const asked: RevocationQuestion[] = [];
    const finding = scene.accept(scene.signedBy(plain), {
      above: [scene.root.certificate],
      findResponderStatus: (question) => {
        asked.push(question);
        return byCrl()(question);
      },
    });
    expect(finding).toMatchObject({
      status: 'good',
      source: 'ocsp',
      nextUpdate: new Date('2026-11-22T14:00:00Z'),
    });
    expect(asked).toEqual([
      {
        certificate: plain.certificate,
        issuer: scene.organization.certificate,
        above: [scene.root.certificate],
        ocspUrls: [],
        crlUrls: ['http://crl.example/1'],
      },
    ]);
    const soon = { answers: [scene.answer({ nextUpdate: later(60) })] };
    const short = scene.accept(scene.signedBy(plain, soon), { findResponderStatus: byCrl() });
    expect(short.nextUpdate).toEqual(later(60));
    const endless = { answers: [scene.answer({ nextUpdate: undefined })] };
    const open = scene.accept(scene.signedBy(plain, endless), { findResponderStatus: byCrl() });
    expect(open.nextUpdate).toBeUndefined();
  });

  it('that was revoked: OCSP_RESPONDER_REVOKED', () => {
    expect(outcome(sacked, byCrl())).toBe('OCSP_RESPONDER_REVOKED');
  });

  it.each<[string, (question: RevocationQuestion) => RevocationFinding | undefined]>([
    ['nothing', () => undefined],
    ['an hour ago', byCrl(later(-60))],
    ['in a second', byCrl(new Date(now.getTime() + 1_000))],
    [
      'of another responder',
      (question) => byCrl()({ ...question, certificate: scene.responder.certificate }),
    ],
    ['of the plugin', (question) => byCrl()({ ...question, certificate: scene.plugin.certificate })],
    ['as a look-alike', (question) => ({ ...byCrl()(question) })],
    [
      'by OCSP',
      ({ certificate, issuer }) =>
        makeFinding({ certificate, status: 'good', source: 'ocsp' }, { issuer, at: now }),
    ],
    ['as not offered', ({ certificate }) => notOffered(certificate)],
    ['as not asked', ({ certificate }) => notAsked(certificate)],
    [
      'under another issuer',
      ({ certificate }) =>
        makeFinding(
          { certificate, status: 'good', source: 'crl' },
          { issuer: scene.root.certificate, at: now },
        ),
    ],
  ])('about which something is known %s: OCSP_RESPONDER_STATUS_UNKNOWN', (_what, find) => {
    expect(outcome(plain, find)).toBe('OCSP_RESPONDER_STATUS_UNKNOWN');
  });

  it('is asked about only when all else holds', () => {
    const never = () => {
      throw new RangeError('asked all the same');
    };
    const spoilt: [Buffer, string][] = [
      [scene.signedBy(plain, { signWith: () => Buffer.alloc(70) }), 'OCSP_SIGNATURE_INVALID'],
      [scene.signedBy(plain, { answers: [] }), 'OCSP_CERTIFICATE_MISMATCH'],
      [
        scene.signedBy(plain, {
          answers: [scene.answer({ thisUpdate: later(-60), nextUpdate: later(-10) })],
        }),
        'OCSP_STALE',
      ],
      [scene.signedBy(plain, { answers: [scene.answer(), scene.answer()] }), 'OCSP_ANSWER_AMBIGUOUS'],
    ];
    for (const [der, code] of spoilt) expect(scene.outcome(der, { findResponderStatus: never })).toBe(code);
  });

  it('is no question where there is none: no-check, or the issuer itself', () => {
    const never = () => {
      throw new RangeError('asked all the same');
    };
    expect(outcome(scene.responder, never)).toBe('good');
    expect(outcome(scene.organization, never)).toBe('good');
  });

  it('is not shown good by a CRL that has ended', () => {
    const afterwards = later(180);
    expect(outcome(plain, byCrl(afterwards), { at: afterwards })).toBe('CRL_STALE');
  });
});
