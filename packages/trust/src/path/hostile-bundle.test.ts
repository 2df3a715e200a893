import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import {
  altNames,
  bitString,
  ca,
  cn,
  type Der,
  dns,
  extension,
  type Forgery,
  forge,
  hex,
  type KeyPair,
  nameConstraints,
  newKey,
  newRsaKey,
  oid,
  policies,
  sequence,
  tlv,
} from '../certificate/forge-fixtures.js';
import { parseCertificate } from '../certificate/parse-certificate.js';
import { TrustError } from '../error.js';
import { type PathRequest, validatePath } from './validate-path.js';

const at = new Date('2026-06-01T00:00:00Z');
const rootKey = newKey();
const leafKey = newKey();
const root = { subject: cn('Root'), key: rootKey };
const rootCertificate = make({ ...root, extensions: [ca()] });

function make(wish: Forgery): Certificate {
  return parseCertificate(forge(wish));
}

/** What the judge says, and that it takes less than a second of processor time to say so, however busy the machine. */
function judge(request: Omit<PathRequest, 'at' | 'anchors'> & Partial<PathRequest>): string {
  const started = process.cpuUsage();
  let outcome = 'accepted';
  try {
    validatePath({ at, anchors: [{ certificate: rootCertificate }], ...request });
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    outcome = error.code;
  }
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1_000).toBeLessThan(1_000);
  return outcome;
}

interface Issuer {
  subject: Der;
  key: KeyPair;
}

function chainOf(length: number, extensionsAt: (index: number) => Der[] = () => []): Certificate[] {
  const key = newKey();
  const certificates: Certificate[] = [];
  let issuer: Issuer = root;
  for (let index = 0; index < length; index += 1) {
    const own: Issuer = { subject: cn(`CA ${index}`), key };
    certificates.push(make({ ...own, issuer, extensions: [ca(), ...extensionsAt(index)] }));
    issuer = own;
  }
  certificates.push(make({ subject: cn('Leaf'), key: leafKey, issuer }));
  return certificates;
}

function split(chain: readonly Certificate[]): { target: Certificate; intermediates: Certificate[] } {
  const target = chain.at(-1);
  if (target === undefined) throw new Error('empty chain');
  return { target, intermediates: chain.slice(0, -1) };
}

describe('bundles made to stall a path builder', () => {
  it('a chain of a thousand certificates that holds is accepted', () => {
    expect(judge(split(chainOf(1_000)))).toBe('accepted');
  });

  it('a thousand certificates of the right name and another key do not hide the right one', () => {
    const own = { subject: cn('Org'), key: newKey() };
    const wrongKey = newKey();
    const decoys = Array.from({ length: 1_000 }, () =>
      make({ subject: own.subject, key: wrongKey, issuer: root, extensions: [ca()] }),
    );
    const right = make({ ...own, issuer: root, extensions: [ca()] });
    const target = make({ subject: cn('Leaf'), key: leafKey, issuer: own });
    expect(judge({ target, intermediates: [...decoys, right] })).toBe('accepted');
    expect(judge({ target, intermediates: decoys })).toBe('CERTIFICATE_SIGNATURE_INVALID');
  });

  it.each([
    ['P-384', 130],
    ['P-521', 60],
  ])('nor do keys on %s, whose signatures take long to verify', (curve, length) => {
    const own = { subject: cn('Org'), key: newKey() };
    const wrongKey = newKey();
    const decoys = Array.from({ length }, () =>
      make({
        subject: own.subject,
        key: wrongKey,
        spki: newKey(curve).spki,
        issuer: root,
        extensions: [ca()],
      }),
    );
    const target = make({
      subject: cn('Leaf'),
      key: leafKey,
      issuer: { subject: own.subject, key: newKey(curve) },
    });
    expect(judge({ target, intermediates: decoys })).toBe('PATH_BUDGET_EXHAUSTED');
  });

  it('nor RSA keys with exponents as long as the modulus', () => {
    const subject = cn('Org');
    const key = newKey();
    const { n = '' } = createPublicKey({
      key: newRsaKey(3072).spki,
      format: 'der',
      type: 'spki',
    }).export({ format: 'jwk' });
    const spkiOf = (exponent: Buffer): Buffer => {
      const number = (bytes: Buffer): Buffer => tlv(0x02, Buffer.of(0), bytes);
      const rsaKey = sequence(number(Buffer.from(n, 'base64url')), number(exponent));
      return sequence(sequence(oid('1.2.840.113549.1.1.1'), hex('0500')), bitString(rsaKey));
    };
    const decoys = Array.from({ length: 300 }, (_, index) => {
      const exponent = Buffer.alloc(383, 0xa5);
      exponent.writeUInt16BE(index, 10);
      return make({ subject, key, spki: spkiOf(exponent), issuer: root, extensions: [ca()] });
    });
    const rsaSha256 = sequence(oid('1.2.840.113549.1.1.11'), hex('0500'));
    const target = make({
      subject: cn('Leaf'),
      key: leafKey,
      issuer: { subject, key },
      innerAlgorithm: rsaSha256,
    });
    expect(judge({ target, intermediates: decoys })).toBe('KEY_UNSUPPORTED');
  });

  it('every certificate issuing every other: loops end', () => {
    const issuers = Array.from({ length: 25 }, (_, index) => ({
      subject: cn(`Loop ${index}`),
      key: newKey(),
    }));
    const mesh = issuers.flatMap((issuer) =>
      issuers.filter((own) => own !== issuer).map((own) => make({ ...own, issuer, extensions: [ca()] })),
    );
    const [first] = issuers;
    if (first === undefined) throw new Error('no issuer');
    const target = make({ subject: cn('Leaf'), key: leafKey, issuer: first });
    expect(judge({ target, intermediates: mesh })).toBe('PATH_NOT_FOUND');
    // The anchor issued one of them, under a constraint that no leaf can satisfy: every way to it is a dead end.
    const constrained = make({
      ...first,
      issuer: root,
      extensions: [ca(), nameConstraints([dns('a.example')])],
    });
    const named = make({
      subject: cn('Leaf'),
      key: leafKey,
      issuer: first,
      extensions: [altNames(dns('b.example'))],
    });
    expect(judge({ target: named, intermediates: [...mesh, constrained] })).toMatch(
      /PATH_BUDGET_EXHAUSTED|NAME_CONSTRAINT_VIOLATED/,
    );
  });

  it('two ways at each of thirty levels, a thousand million paths, end in an answer', () => {
    const key = newKey();
    const levels: Certificate[] = [];
    let issuer: Issuer = { subject: cn('Root'), key: newKey() };
    for (let level = 0; level < 30; level += 1) {
      const own = { subject: cn(`Level ${level}`), key };
      for (let way = 0; way < 2; way += 1)
        levels.push(make({ ...own, key: way === 0 ? key : newKey(), issuer, extensions: [ca()] }));
      for (let way = 0; way < 2; way += 1) levels.push(make({ ...own, issuer, extensions: [ca(30 + way)] }));
      issuer = own;
    }
    const target = make({ subject: cn('Leaf'), key: leafKey, issuer });
    expect(judge({ target, intermediates: levels })).toMatch(
      /PATH_BUDGET_EXHAUSTED|CERTIFICATE_SIGNATURE_INVALID/,
    );
  });

  it('self-issued certificates with ever new keys end', () => {
    const subject = cn('Self');
    const keys = Array.from({ length: 300 }, () => newKey());
    const loop = keys.map((key, index) =>
      make({
        subject,
        key,
        issuer: { subject, key: keys[(index + 1) % keys.length] ?? key },
        extensions: [ca()],
      }),
    );
    const [key] = keys;
    if (key === undefined) throw new Error('no key');
    const target = make({ subject: cn('Leaf'), key: leafKey, issuer: { subject, key } });
    expect(judge({ target, intermediates: loop })).toBe('PATH_NOT_FOUND');
    const reaching = make({ subject, key: newKey(), issuer: root, extensions: [ca()] });
    expect(judge({ target, intermediates: [...loop, reaching] })).toMatch(
      /PATH_BUDGET_EXHAUSTED|CERTIFICATE_SIGNATURE_INVALID/,
    );
  });

  it('thousands of names under thousands of constraints are refused, not compared for ever', () => {
    const own = { subject: cn('Org'), key: newKey() };
    const many = (suffix: string): Der[] =>
      Array.from({ length: 4_000 }, (_, index) => dns(`n${index}.${suffix}.example`));
    const issuer = make({ ...own, issuer: root, extensions: [ca(), nameConstraints(many('a'), many('b'))] });
    const target = make({
      subject: cn('Leaf'),
      key: leafKey,
      issuer: own,
      extensions: [altNames(...many('a'))],
    });
    expect(judge({ target, intermediates: [issuer] })).toBe('PATH_BUDGET_EXHAUSTED');
  });

  it('policies mapped crosswise at each level stay linear', () => {
    const ids = Array.from({ length: 40 }, (_, index) => `1.2.3.${index}`);
    const mappings = extension(
      '2.5.29.33',
      sequence(...ids.flatMap((from) => ids.map((to) => sequence(oid(from), oid(to))))),
    );
    const chain = chainOf(60, () => [policies(...ids), mappings]);
    expect(judge({ ...split(chain), policies: { initialExplicitPolicy: true } })).toBe('POLICY_NOT_ACCEPTED');
  });

  it('thousands of policies carried along a long chain are refused', () => {
    const ids = Array.from({ length: 4_000 }, (_, index) => `1.2.3.${index}`);
    const chain = chainOf(60, (index) => [index === 0 ? policies(...ids) : policies('2.5.29.32.0')]);
    expect(judge(split(chain))).toBe('PATH_BUDGET_EXHAUSTED');
  });
});
