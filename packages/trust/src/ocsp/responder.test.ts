import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caExtensions, type Issued, responderExtensions } from './authority-fixtures.js';
import { derElement, derOid } from './der-writer.js';
import { byKey, byName, explicit, octets, sequence, signerOf } from './response-fixtures.js';
import { later, Scene } from './scene-fixtures.js';

let scene: Scene;
beforeAll(() => {
  scene = new Scene();
});
afterAll(() => scene[Symbol.dispose]());

const without = (line: string) => responderExtensions.filter((one) => !one.startsWith(line));

describe('who may answer', () => {
  it('the issuer itself, by name and by key, with or without its certificate in the answer', () => {
    const { organization } = scene;
    for (const responderId of [byName(organization.certificate), byKey(organization.certificate)]) {
      expect(scene.outcome(scene.signedBy(organization, { responderId }))).toBe('good');
      expect(scene.outcome(scene.signedBy(organization, { responderId, certificates: [] }))).toBe('good');
    }
  });

  it('a responder that the issuer appointed, by name and by key, its certificate first or last', () => {
    const { responder, organization, root } = scene;
    for (const responderId of [byName(responder.certificate), byKey(responder.certificate)]) {
      const others = [root.certificate.der, organization.certificate.der];
      for (const certificates of [
        [responder.certificate.der],
        [responder.certificate.der, ...others],
        [...others, responder.certificate.der],
      ]) {
        expect(scene.outcome(scene.signedBy(responder, { responderId, certificates }))).toBe('good');
      }
    }
  });

  it('a responder that bears the issuer’s own name', () => {
    const namesake = scene.appoint('namesake', responderExtensions, {
      subject: '/O=Fixture/CN=organization',
    });
    expect(scene.outcome(scene.signedBy(namesake))).toBe('good');
  });

  it.each([
    ['RSA', ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], '1.2.840.113549.1.1.11', 'sha256'],
    ['P-384', ['EC', '-pkeyopt', 'ec_paramgen_curve:P-384'], '1.2.840.10045.4.3.3', 'sha384'],
    ['Ed25519', ['ED25519'], '1.3.101.112', null],
  ])('a responder with a key of %s', (name, key, oid, hash) => {
    const signer = scene.appoint(`responder-${name}`, responderExtensions, { key });
    const parameters = name === 'RSA' ? [derElement(0x05)] : [];
    const algorithm = sequence(derOid(oid), ...parameters);
    const signWith = signerOf(signer.privateKey, hash);
    expect(scene.outcome(scene.signedBy(signer, { algorithm, signWith }))).toBe('good');
  });
});

describe('who may not answer', () => {
  it.each([
    ['no extended key usage', without('extendedKeyUsage'), 'OCSP_RESPONDER_NOT_AUTHORIZED'],
    [
      'another purpose',
      [...without('extendedKeyUsage'), 'extendedKeyUsage=codeSigning'],
      'OCSP_RESPONDER_NOT_AUTHORIZED',
    ],
    [
      'any purpose',
      [...without('extendedKeyUsage'), 'extendedKeyUsage=anyExtendedKeyUsage'],
      'OCSP_RESPONDER_NOT_AUTHORIZED',
    ],
    [
      'a key usage without signing',
      [...without('keyUsage'), 'keyUsage=keyEncipherment'],
      'OCSP_RESPONDER_NOT_AUTHORIZED',
    ],
    ['a CA', [...without('basic'), 'basicConstraints=CA:TRUE'], 'OCSP_RESPONDER_NOT_AUTHORIZED'],
    [
      'keyCertSign',
      [...without('keyUsage'), 'keyUsage=digitalSignature,keyCertSign'],
      'OCSP_RESPONDER_NOT_AUTHORIZED',
    ],
    [
      'an unknown critical extension',
      [...responderExtensions, '1.2.3.4=critical,DER:0500'],
      'OCSP_RESPONDER_NOT_AUTHORIZED',
    ],
    ['no no-check', without('noCheck'), 'OCSP_RESPONDER_STATUS_UNKNOWN'],
  ])('a responder whose certificate has %s', (what, extensions, code) => {
    const responder = scene.appoint(`wrong-${what.replaceAll(' ', '-')}`, extensions);
    expect(scene.outcome(scene.signedBy(responder))).toBe(code);
  });

  it.each([
    ['without key usage', without('keyUsage')],
    ['with nonRepudiation only', [...without('keyUsage'), 'keyUsage=nonRepudiation']],
    ['with further purposes', [...without('extendedKeyUsage'), 'extendedKeyUsage=clientAuth,OCSPSigning']],
    ['with an unknown extension that is not critical', [...responderExtensions, '1.2.3.4=DER:0500']],
  ])('but a responder %s may', (what, extensions) => {
    const responder = scene.appoint(`right-${what.replaceAll(' ', '-')}`, extensions);
    expect(scene.outcome(scene.signedBy(responder))).toBe('good');
  });

  it('a responder whose certificate has expired or does not hold yet', () => {
    const expired = scene.appoint('expired', responderExtensions, { notAfter: '20261122115959Z' });
    const early = scene.appoint('early', responderExtensions, { notBefore: '20261122120001Z' });
    for (const responder of [expired, early]) {
      expect(scene.outcome(scene.signedBy(responder))).toBe('OCSP_RESPONDER_NOT_VALID_NOW');
    }
    expect(scene.outcome(scene.signedBy(expired), { at: later(-1) })).toBe('good');
    expect(scene.outcome(scene.signedBy(early), { at: later(1) })).toBe('good');
  });

  it('the plugin itself, another plugin, or somebody with a key and no certificate', () => {
    const { plugin, otherPlugin, responder } = scene;
    expect(scene.outcome(scene.signedBy(plugin))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    expect(scene.outcome(scene.signedBy(otherPlugin))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    expect(scene.outcome(scene.signedBy(responder, { certificates: [] }))).toBe('OCSP_RESPONDER_UNKNOWN');
  });

  it('a plugin whose own certificate allows OCSP signing, about itself', () => {
    const plugin = scene.appoint('self-confident');
    const about = { certificate: plugin.certificate };
    const answers = [scene.answer()];
    expect(scene.outcome(scene.signedBy(plugin, { answers }), about)).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
  });

  it('the issuer’s issuer and its responder', () => {
    const { root } = scene;
    expect(scene.outcome(scene.signedBy(root))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    const above = scene.appoint('responder-of-root', responderExtensions, { issuer: root });
    expect(scene.outcome(scene.signedBy(above))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
  });

  it('another organization and its responder, even under the same names', () => {
    const subject = '/O=Fixture/CN=organization';
    const issuer = scene.root;
    const sibling = scene.authority.issue({ name: 'sibling', issuer, subject, extensions: caExtensions });
    expect(scene.outcome(scene.signedBy(sibling))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    expect(scene.outcome(scene.signedBy(sibling, { certificates: [] }))).toBe('OCSP_SIGNATURE_INVALID');
    const theirs = scene.appoint('responder-of-sibling', responderExtensions, { issuer: sibling });
    expect(scene.outcome(scene.signedBy(theirs))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    const certificates = [theirs.certificate.der, sibling.certificate.der];
    expect(scene.outcome(scene.signedBy(theirs, { certificates }))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
  });

  it('a responder appointed by the issuer’s key under another name', () => {
    const { root, organization } = scene;
    const sameKey = { issuer: root, extensions: caExtensions, sameKeyAs: organization };
    const renamed = scene.authority.issue({ name: 'renamed', ...sameKey });
    const responder = scene.appoint('responder-of-renamed', responderExtensions, { issuer: renamed });
    expect(scene.outcome(scene.signedBy(responder))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
  });

  it('a responder appointed by a responder or by a CA of the issuer: delegation has one step', () => {
    const subordinate = scene.appoint('subordinate', caExtensions);
    for (const [name, issuer] of Object.entries({ second: scene.responder, third: subordinate })) {
      const responder = scene.appoint(name, responderExtensions, { issuer });
      const certificates = [responder.certificate.der, issuer.certificate.der];
      expect(scene.outcome(scene.signedBy(responder, { certificates }))).toBe(
        'OCSP_RESPONDER_NOT_AUTHORIZED',
      );
    }
  });

  it('a responder whose certificate is signed with SHA-1 or holds a weak key', () => {
    const { authority } = scene;
    const config = readFileSync(authority.path('ca.cnf'), 'utf8');
    writeFileSync(authority.path('ca.cnf'), config.replace('default_md = sha256', 'default_md = sha1'));
    const sha1 = scene.appoint('responder-sha1');
    writeFileSync(authority.path('ca.cnf'), config);
    expect(scene.outcome(scene.signedBy(sha1))).toBe('OCSP_RESPONDER_NOT_AUTHORIZED');
    const weak = scene.appoint('responder-weak', responderExtensions, {
      key: ['RSA', '-pkeyopt', 'rsa_keygen_bits:1024'],
    });
    const algorithm = sequence(derOid('1.2.840.113549.1.1.11'), derElement(0x05));
    expect(scene.outcome(scene.signedBy(weak, { algorithm }))).toBe('OCSP_ALGORITHM_UNSUPPORTED');
  });
});

describe('whom the answer names', () => {
  it('is the one who signed', () => {
    const { responder, organization, plugin } = scene;
    const both = [responder.certificate.der, organization.certificate.der];
    const claim = (signer: Issued, responderId: Buffer) =>
      scene.outcome(scene.signedBy(signer, { responderId, certificates: both }));
    expect(claim(responder, byName(organization.certificate))).toBe('OCSP_SIGNATURE_INVALID');
    expect(claim(responder, byKey(organization.certificate))).toBe('OCSP_SIGNATURE_INVALID');
    expect(claim(organization, byName(responder.certificate))).toBe('OCSP_SIGNATURE_INVALID');
    expect(claim(responder, byName(plugin.certificate))).toBe('OCSP_RESPONDER_UNKNOWN');
    expect(claim(responder, byKey(plugin.certificate))).toBe('OCSP_RESPONDER_UNKNOWN');
    expect(claim(responder, explicit(2, octets(Buffer.alloc(20))))).toBe('OCSP_RESPONDER_UNKNOWN');
  });

  it.each([0, 19, 21, 32])('is no key hash of %i octets', (length) => {
    const responderId = explicit(2, octets(Buffer.alloc(length)));
    expect(scene.outcome(scene.signedBy(scene.responder, { responderId }))).toBe('OCSP_MALFORMED');
  });
});

describe('the signature', () => {
  const ecdsa = (last: number) => sequence(derOid(`1.2.840.10045.4.${last}`));

  it.each([
    ['ECDSA with SHA-1', ecdsa(1), 'sha1'],
    ['ECDSA with SHA-224', sequence(derOid('1.2.840.10045.4.3.1')), 'sha224'],
    ['an algorithm nobody knows', sequence(derOid('1.2.3.4.5')), 'sha256'],
  ])('%s: OCSP_ALGORITHM_UNSUPPORTED', (_name, algorithm, hash) => {
    const signWith = signerOf(scene.responder.privateKey, hash);
    expect(scene.outcome(scene.signedBy(scene.responder, { algorithm, signWith }))).toBe(
      'OCSP_ALGORITHM_UNSUPPORTED',
    );
  });

  it('one made with another hash, by nobody, empty, or of another key’s kind: OCSP_SIGNATURE_INVALID', () => {
    const { responder } = scene;
    const rsa = sequence(derOid('1.2.840.113549.1.1.11'), derElement(0x05));
    const outcomes = [
      scene.signedBy(responder, { signWith: signerOf(responder.privateKey, 'sha384') }),
      scene.signedBy(responder, { signWith: () => Buffer.alloc(70) }),
      scene.signedBy(responder, { signWith: () => Buffer.alloc(0) }),
      scene.signedBy(responder, { algorithm: rsa }),
      scene.signedBy(responder, { signWith: signerOf(scene.otherPlugin.privateKey) }),
    ].map((der) => scene.outcome(der));
    expect(outcomes).toEqual(new Array(5).fill('OCSP_SIGNATURE_INVALID'));
  });

  it('every octet of the signed part is covered', () => {
    const der = scene.signedBy(scene.responder);
    expect(scene.outcome(der)).toBe('good');
    for (let index = 0; index < der.length; index += 1) {
      const flipped = Buffer.from(der);
      flipped[index] = (flipped[index] ?? 0) ^ 0x01;
      expect(scene.outcome(flipped), `octet ${index}`).toMatch(/^OCSP_/);
    }
  });
});

describe('the certificates in the answer', () => {
  it('are read, and few', () => {
    const { responder } = scene;
    const many = new Array<Uint8Array>(11).fill(responder.certificate.der);
    expect(scene.outcome(scene.signedBy(responder, { certificates: many }))).toBe('OCSP_MALFORMED');
    const broken = [responder.certificate.der, sequence(derElement(0x05))];
    expect(scene.outcome(scene.signedBy(responder, { certificates: broken }))).toBe('OCSP_MALFORMED');
  });
});
