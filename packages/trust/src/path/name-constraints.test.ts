import { describe, expect, it } from 'vitest';
import {
  address,
  altNames,
  ca,
  cn,
  type Der,
  directory,
  dns,
  email,
  hex,
  name,
  nameConstraints,
  newKey,
  otherName,
  tlv,
  uri,
} from '../certificate/forge-fixtures.js';
import { anchorOf, leaf, leafKey, make, org, outcome, root, validate } from './path-fixtures.js';

interface Constraints {
  permitted?: Der[];
  excluded?: Der[];
}

/** A leaf with these names under an organization with these constraints. */
function judge(
  { permitted = [], excluded = [] }: Constraints,
  names: Der[],
  subject: Der = cn('Leaf'),
): string {
  const issuer = make({ ...org, issuer: root, extensions: [ca(), nameConstraints(permitted, excluded)] });
  const extensions = names.length === 0 ? [] : [altNames(...names)];
  return outcome(() => validate(leaf({ subject, extensions }), { intermediates: [issuer] }));
}

const ok = 'accepted';
const no = 'NAME_CONSTRAINT_VIOLATED';

describe('name constraints (RFC 5280 4.2.1.10), permitted', () => {
  it.each<[string, Der, Der, string]>([
    ['DNS: the name', dns('a.example'), dns('a.example'), ok],
    ['DNS: case does not count', dns('A.Example'), dns('a.eXAMPLE'), ok],
    ['DNS: below', dns('a.example'), dns('b.a.example'), ok],
    ['DNS: only at a label', dns('a.example'), dns('ba.example'), no],
    ['DNS: above', dns('a.example'), dns('example'), no],
    ['DNS: wildcard inside', dns('a.example'), dns('*.a.example'), ok],
    ['DNS: wildcard that reaches further', dns('b.a.example'), dns('*.a.example'), no],
    ['DNS: the empty base holds all', dns(''), dns('a.example'), ok],
    ['DNS: a base with a period in front', dns('.a.example'), dns('b.a.example'), no],
    ['DNS: a base that is a wildcard', dns('*.a.example'), dns('b.a.example'), no],
    ['DNS: a name with a period behind', dns('a.example'), dns('a.example.'), no],
    ['DNS: a name that is none', dns(''), dns('a b.example'), no],
    ['DNS: an empty name', dns(''), dns(''), no],
    ['email: the mailbox', email('u@a.example'), email('u@A.example'), ok],
    ['email: the local part by case', email('u@a.example'), email('U@a.example'), no],
    ['email: the host', email('a.example'), email('u@a.example'), ok],
    ['email: not below the host', email('a.example'), email('u@b.a.example'), no],
    ['email: below with a period', email('.a.example'), email('u@b.a.example'), ok],
    ['email: not the host with a period', email('.a.example'), email('u@a.example'), no],
    ['email: two signs', email('a.example'), email('u@x@a.example'), no],
    ['email: a base with two signs', email('x@u@a.example'), email('u@a.example'), no],
    ['email: without a local part', email('a.example'), email('@a.example'), no],
    ['URI: the host', uri('a.example'), uri('https://a.example/x'), ok],
    ['URI: with user and port', uri('a.example'), uri('https://u:p@a.example:8443'), ok],
    ['URI: not below the host', uri('a.example'), uri('https://b.a.example/'), no],
    ['URI: below with a period', uri('.a.example'), uri('https://b.a.example/'), ok],
    ['URI: a user that looks like a host', uri('a.example'), uri('https://a.example@b.example/'), no],
    ['URI: a host behind a fragment', uri('a.example'), uri('https://b.example#@a.example/'), no],
    ['URI: an address', uri('a.example'), uri('https://192.0.2.1/'), no],
    ['URI: an address of version 6', uri('a.example'), uri('https://[2001:db8::1]/'), no],
    ['URI: without authority', uri('a.example'), uri('urn:a.example'), no],
    ['address: inside', address('c0000200ffffff00'), address('c0000263'), ok],
    ['address: outside', address('c0000200ffffff00'), address('c0000363'), no],
    ['address: of the other version', address('c0000200ffffff00'), address('20010db8'.padEnd(32, '0')), no],
    [
      'address: version 6 inside',
      address(`20010db8${'0'.repeat(24)}ffffffff${'0'.repeat(24)}`),
      address('20010db8'.padEnd(32, '1')),
      ok,
    ],
  ])('%s', (_, base, own, expected) => {
    expect(judge({ permitted: [base] }, [own])).toBe(expected);
  });

  it('directory names: the subject and alternative names, by whole RDNs', () => {
    const base = directory(name(['2.5.4.10', 'Jami']));
    expect(judge({ permitted: [base] }, [], name(['2.5.4.10', 'JAMI'], ['2.5.4.3', 'x']))).toBe(ok);
    expect(judge({ permitted: [base] }, [], name(['2.5.4.10', 'Jamix'], ['2.5.4.3', 'x']))).toBe(no);
    expect(judge({ permitted: [base] }, [directory(cn('y'))], name(['2.5.4.10', 'Jami']))).toBe(no);
    expect(judge({ permitted: [base] }, [], hex('3000'))).toBe(ok);
  });

  it('constrains only the forms it names', () => {
    expect(judge({ permitted: [dns('a.example')] }, [email('u@b.example')])).toBe(ok);
    expect(
      judge({ permitted: [dns('a.example'), email('b.example')] }, [email('u@b.example'), dns('a.example')]),
    ).toBe(ok);
  });

  it('refuses where one base cannot be compared, though another would hold', () => {
    expect(judge({ permitted: [dns('*.b.example'), dns('a.example')] }, [dns('a.example')])).toBe(no);
  });

  it('needs one of its bases for each name', () => {
    const permitted = [dns('a.example'), dns('b.example')];
    expect(judge({ permitted }, [dns('a.example'), dns('x.b.example')])).toBe(ok);
    expect(judge({ permitted }, [dns('a.example'), dns('c.example')])).toBe(no);
  });
});

describe('name constraints, excluded', () => {
  it.each<[string, Der, Der, string]>([
    ['DNS: the name', dns('a.example'), dns('a.example'), no],
    ['DNS: below', dns('a.example'), dns('b.a.example'), no],
    ['DNS: another', dns('a.example'), dns('b.example'), ok],
    ['DNS: everything', dns(''), dns('b.example'), no],
    ['DNS: a wildcard that covers it', dns('b.a.example'), dns('*.a.example'), no],
    ['DNS: a wildcard beside it', dns('b.a.example'), dns('*.c.example'), ok],
    ['DNS: a name that cannot be compared', dns('a.example'), dns('a.example.'), no],
    ['email: the host', email('a.example'), email('u@a.example'), no],
    ['email: another', email('a.example'), email('u@b.example'), ok],
    ['URI: the host', uri('a.example'), uri('https://a.example'), no],
    ['URI: an address', uri('a.example'), uri('https://192.0.2.1/'), no],
    ['address', address('c0000200ffffff00'), address('c0000201'), no],
    ['another address', address('c0000200ffffff00'), address('c0000301'), ok],
  ])('%s', (_, base, own, expected) => {
    expect(judge({ excluded: [base] }, [own])).toBe(expected);
  });

  it('wins over permitted', () => {
    const constraints = { permitted: [dns('a.example')], excluded: [dns('b.a.example')] };
    expect(judge(constraints, [dns('c.a.example')])).toBe(ok);
    expect(judge(constraints, [dns('b.a.example')])).toBe(no);
  });
});

describe('name constraints, forms and places', () => {
  it('count the emailAddress of the subject as a mailbox', () => {
    const subject = name(['2.5.4.3', 'x'], ['1.2.840.113549.1.9.1', 'u@b.example', 0x16]);
    expect(judge({ permitted: [email('a.example')] }, [], subject)).toBe(no);
    expect(judge({ permitted: [email('b.example')] }, [], subject)).toBe(ok);
    expect(judge({ excluded: [email('b.example')] }, [email('u@a.example')], subject)).toBe(no);
  });

  it('refuse forms that are not known where they are constrained, and only there', () => {
    const other = otherName('1.2.3', hex('0500'));
    const mailbox = otherName('1.3.6.1.5.5.7.8.9', hex('0c0161'));
    const x400 = hex('a3020500');
    expect(judge({ excluded: [other] }, [other])).toBe(no);
    expect(judge({ permitted: [other] }, [otherName('1.2.4', hex('0500'))])).toBe(no);
    expect(judge({ permitted: [other] }, [dns('a.example')])).toBe(ok);
    expect(judge({ excluded: [dns('a.example')] }, [other, x400])).toBe(ok);
    expect(judge({ excluded: [x400] }, [x400])).toBe(no);
    expect(judge({ excluded: [tlv(0x88, hex('2a03'))] }, [tlv(0x88, hex('2a04'))])).toBe(no);
    expect(judge({ excluded: [email('a.example')] }, [mailbox])).toBe(no);
  });

  it('of the anchor count as well', () => {
    const anchors = [anchorOf(make({ ...root, extensions: [ca(), nameConstraints([dns('a.example')])] }))];
    expect(outcome(() => validate(leaf({ extensions: [altNames(dns('a.example'))] }), { anchors }))).toBe(ok);
    expect(outcome(() => validate(leaf({ extensions: [altNames(dns('b.example'))] }), { anchors }))).toBe(no);
  });

  it('of every issuer count: a lower one can only narrow', () => {
    const sub = { subject: cn('Sub'), key: newKey() };
    const chain = (upper: string, lower: string, own: string): string =>
      outcome(() =>
        validate(leaf({ issuer: sub, extensions: [altNames(dns(own))] }), {
          intermediates: [
            make({ ...org, issuer: root, extensions: [ca(), nameConstraints([dns(upper)])] }),
            make({ ...sub, issuer: org, extensions: [ca(), nameConstraints([dns(lower)])] }),
          ],
        }),
      );
    expect(chain('example', 'a.example', 'b.a.example')).toBe(ok);
    expect(chain('example', 'a.example', 'b.example')).toBe(no);
    expect(chain('a.example', 'example', 'b.example')).toBe(no);
  });

  it('count for intermediates, but not for self-issued ones', () => {
    const constrained = make({
      ...org,
      issuer: root,
      extensions: [ca(), nameConstraints([directory(cn('Leaf'))])],
    });
    const rolled = { subject: org.subject, key: newKey() };
    const selfIssued = make({ ...rolled, issuer: org, extensions: [ca()] });
    expect(
      outcome(() => validate(leaf({ issuer: rolled }), { intermediates: [constrained, selfIssued] })),
    ).toBe(ok);
    const sub = { subject: cn('Sub'), key: newKey() };
    const other = make({ ...sub, issuer: org, extensions: [ca()] });
    expect(outcome(() => validate(leaf({ issuer: sub }), { intermediates: [constrained, other] }))).toBe(no);
    // The last certificate is never exempt.
    const last = make({ subject: org.subject, key: leafKey, issuer: org });
    expect(outcome(() => validate(last, { intermediates: [constrained] }))).toBe(no);
  });
});
