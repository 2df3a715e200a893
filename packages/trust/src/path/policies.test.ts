import { describe, expect, it } from 'vitest';
import type { Certificate } from '../certificate/certificate.js';
import {
  ca,
  cn,
  type Der,
  extension,
  hex,
  integer,
  newKey,
  oid,
  policies,
  sequence,
} from '../certificate/forge-fixtures.js';
import { anchorOf, leaf, make, org, outcome, root, validate } from './path-fixtures.js';
import type { PolicyInputs } from './policy-check.js';

const any = '2.5.29.32.0';
const [p1, p2, p3] = ['1.2.3.1', '1.2.3.2', '1.2.3.3'] as const;
const explicit = { initialExplicitPolicy: true };

const mapping = (...pairs: [string, string][]): Der =>
  extension('2.5.29.33', sequence(...pairs.map(([from, to]) => sequence(oid(from), oid(to)))), true);
const requireExplicit = (skip: number): Der =>
  extension('2.5.29.36', sequence(hex(`8001${`0${skip}`}`)), true);
const inhibitMapping = (skip: number): Der =>
  extension('2.5.29.36', sequence(hex(`8101${`0${skip}`}`)), true);
const inhibitAny = (skip: number): Der => extension('2.5.29.54', integer(skip), true);

interface Path {
  anchor?: Der[];
  org?: Der[];
  sub?: Der[];
  leaf?: Der[];
}

/** Root, organization, sub-CA and leaf with these extensions beside cA. */
function judge(path: Path, inputs?: PolicyInputs | 'ignored'): string {
  const sub = { subject: cn('Sub'), key: newKey() };
  let accepted: readonly string[] = [];
  const result = outcome(() => {
    const target: Certificate = leaf({ issuer: sub, extensions: path.leaf ?? [] });
    const found = validate(target, {
      intermediates: [
        make({ ...org, issuer: root, extensions: [ca(), ...(path.org ?? [])] }),
        make({ ...sub, issuer: org, extensions: [ca(), ...(path.sub ?? [])] }),
      ],
      anchors: [anchorOf(make({ ...root, extensions: [ca(), ...(path.anchor ?? [])] }))],
      policies: inputs,
    });
    accepted = [...found.policies].sort();
  });
  return result === 'accepted' ? accepted.join(' ') : result;
}

const all = (...ids: string[]): Path => ({
  org: [policies(...ids)],
  sub: [policies(...ids)],
  leaf: [policies(...ids)],
});
const refused = 'POLICY_NOT_ACCEPTED';

describe('certificate policies (RFC 5280 6.1, RFC 9618)', () => {
  it('are what the whole path shares', () => {
    expect(judge(all(p1, p2), explicit)).toBe(`${p1} ${p2}`);
    expect(judge({ ...all(p1, p2), sub: [policies(p2, p3)] }, explicit)).toBe(p2);
    expect(judge({ ...all(p1), sub: [policies(p2)] }, explicit)).toBe(refused);
    expect(judge({ ...all(p1), sub: [] }, explicit)).toBe(refused);
  });

  it('do not matter unless someone asks', () => {
    expect(judge({})).toBe('');
    expect(judge({ ...all(p1), sub: [policies(p2)] })).toBe('');
    expect(judge({}, explicit)).toBe(refused);
    expect(judge({}, 'ignored')).toBe('');
  });

  it('must be among those the caller accepts', () => {
    expect(judge(all(p1, p2), { ...explicit, initialPolicySet: [p2] })).toBe(p2);
    expect(judge(all(p1), { ...explicit, initialPolicySet: [p2] })).toBe(refused);
    expect(judge(all(p1), { initialPolicySet: [p2] })).toBe('');
    expect(judge(all(any), { ...explicit, initialPolicySet: [p2] })).toBe(p2);
  });

  it('anyPolicy stands for all, until it is inhibited', () => {
    expect(judge({ ...all(any), leaf: [policies(p1)] }, explicit)).toBe(p1);
    expect(judge({ ...all(p1), sub: [policies(any)] }, explicit)).toBe(p1);
    expect(judge({ ...all(p1), sub: [policies(any)] }, { ...explicit, initialInhibitAnyPolicy: true })).toBe(
      refused,
    );
    expect(judge({ ...all(p1), org: [policies(p1), inhibitAny(0)], sub: [policies(any)] }, explicit)).toBe(
      refused,
    );
    expect(judge({ ...all(p1), org: [policies(p1), inhibitAny(1)], sub: [policies(any)] }, explicit)).toBe(
      p1,
    );
    expect(judge({ ...all(any), org: [policies(any), inhibitAny(1)], leaf: [policies(any)] }, explicit)).toBe(
      refused,
    );
  });

  it('anyPolicy of a self-issued issuer counts though it is inhibited', () => {
    const rolled = { subject: org.subject, key: newKey() };
    const path = (own: Der[], last: Der[]): string =>
      outcome(() =>
        validate(leaf({ issuer: rolled, extensions: last }), {
          intermediates: [
            make({ ...org, issuer: root, extensions: [ca(), policies(p1), inhibitAny(0)] }),
            make({ ...rolled, issuer: org, extensions: [ca(), ...own] }),
          ],
          policies: explicit,
        }),
      );
    expect(path([policies(any)], [policies(p1)])).toBe('accepted');
    expect(path([policies(any)], [policies(any)])).toBe(refused);
  });

  it('requireExplicitPolicy asks from its number of certificates on', () => {
    expect(judge({ org: [requireExplicit(0)] })).toBe(refused);
    expect(judge({ org: [requireExplicit(1)], sub: [] })).toBe(refused);
    expect(judge({ org: [requireExplicit(2)] })).toBe(refused);
    expect(judge({ org: [requireExplicit(3)] })).toBe('');
    expect(judge({ leaf: [requireExplicit(0)] })).toBe(refused);
    expect(judge({ leaf: [requireExplicit(1)] })).toBe('');
    expect(judge({ ...all(p1), leaf: [policies(p1), requireExplicit(0)] })).toBe(p1);
  });

  it('are mapped from one domain to another', () => {
    const mapped = { org: [policies(p1)], sub: [policies(p1), mapping([p1, p2])], leaf: [policies(p2)] };
    expect(judge(mapped, explicit)).toBe(p1);
    expect(judge(mapped, { ...explicit, initialPolicySet: [p1] })).toBe(p1);
    expect(judge(mapped, { ...explicit, initialPolicySet: [p2] })).toBe(refused);
    expect(judge({ ...mapped, leaf: [policies(p1)] }, explicit)).toBe(refused);
    expect(judge(mapped, { ...explicit, initialPolicyMappingInhibit: true })).toBe(refused);
    expect(judge({ ...mapped, org: [policies(p1), inhibitMapping(0)] }, explicit)).toBe(refused);
    expect(judge({ ...mapped, org: [policies(p1), inhibitMapping(1)] }, explicit)).toBe(p1);
    const fromAny = { ...all(any), sub: [policies(any), mapping([p1, p2])], leaf: [policies(p2)] };
    expect(judge(fromAny, { ...explicit, initialPolicySet: [p1] })).toBe(p1);
  });

  it('are never mapped from or to anyPolicy', () => {
    expect(judge({ ...all(any), sub: [policies(any), mapping([any, p1])] })).toBe(refused);
    expect(judge({ ...all(any), sub: [policies(any), mapping([p1, any])] })).toBe(refused);
  });

  it('of the anchor bind the path below it', () => {
    expect(judge({ ...all(p1, p2), anchor: [policies(p1)] }, explicit)).toBe(p1);
    expect(judge({ ...all(p2), anchor: [policies(p1)] }, explicit)).toBe(refused);
    expect(judge({ anchor: [requireExplicit(0)] })).toBe(refused);
    expect(judge({ ...all(any), anchor: [inhibitAny(0)] }, explicit)).toBe(refused);
  });
});
