import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import { ca, extension, hex, integer, newKey, tlv } from '../certificate/forge-fixtures.js';
import { parseCertificate } from '../certificate/parse-certificate.js';
import { forgeCrl, makeCrl } from '../crl/crl-fixtures.js';
import { parseCrl } from '../crl/parse-crl.js';
import { anchorOf, leaf, make, org, outcome, root, rootCertificate, validate } from './path-fixtures.js';

const target = leaf();
const issuer = make({
  ...org,
  issuer: root,
  extensions: [ca(), extension('2.5.29.15', hex('03020106'), true)],
});
const orgCrl = forgeCrl({ issuer: org, extensions: [extension('2.5.29.20', integer(1))] });
const rootCrl = makeCrl({ issuer: root });

/** Up to four octets of `der` set to others. */
const mutations = (der: Uint8Array) =>
  fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }).map((edits) => {
    const changed = Buffer.from(der);
    for (const [offset, value] of edits) changed[offset] = value;
    return changed;
  });

function judge(certificates: {
  target?: Uint8Array;
  issuer?: Uint8Array;
  anchor?: Uint8Array;
  crl?: Uint8Array;
}): string {
  const read = (der: Uint8Array | undefined, known: Certificate): Certificate =>
    der === undefined ? known : parseCertificate(der);
  return outcome(() =>
    validate(read(certificates.target, target), {
      intermediates: [read(certificates.issuer, issuer)],
      anchors: [anchorOf(read(certificates.anchor, rootCertificate))],
      crls: [parseCrl(certificates.crl ?? orgCrl), rootCrl],
    }),
  );
}

describe('a path with changed octets', () => {
  it('holds unchanged', () => {
    expect(judge({})).toBe('accepted');
  });

  it.each([
    ['target', target.der],
    ['issuer', issuer.der],
    ['crl', orgCrl],
  ] as const)('never holds with another %s', (part, der) => {
    fc.assert(
      fc.property(mutations(der), (changed) => {
        const result = judge({ [part]: changed });
        expect(result === 'accepted').toBe(Buffer.compare(changed, Buffer.from(der)) === 0);
      }),
      { numRuns: 600 },
    );
  });

  it('ends in a path or a TrustError with any anchor', () => {
    fc.assert(
      fc.property(mutations(rootCertificate.der), (changed) => {
        judge({ anchor: changed });
      }),
      { numRuns: 600 },
    );
  });

  it('ends in a TrustError with keys that cannot be', () => {
    const key = newKey();
    fc.assert(
      fc.property(mutations(key.spki), fc.nat(3), (spki, kind) => {
        const broken = kind === 0 ? tlv(0x30, spki) : spki;
        expect(
          outcome(() =>
            judge({ issuer: make({ ...org, issuer: root, spki: broken, extensions: [ca()] }).der }),
          ),
        ).toMatch(/accepted|CERTIFICATE_MALFORMED/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('CRLs made to stall', () => {
  it('thousands by another key end', () => {
    const wrong = { ...org, key: newKey() };
    const crls = Array.from({ length: 1_500 }, () => makeCrl({ issuer: wrong }));
    const started = process.cpuUsage();
    expect(outcome(() => validate(target, { intermediates: [issuer], crls: [rootCrl, ...crls] }))).toBe(
      'PATH_BUDGET_EXHAUSTED',
    );
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});
