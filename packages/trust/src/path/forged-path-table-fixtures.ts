/** Forged paths, our verdict, and why another judge says otherwise where it does. */
import {
  address,
  altNames,
  ca,
  cn,
  directory,
  dns,
  email,
  extension,
  hex,
  integer,
  isTrue,
  name,
  nameConstraints,
  newKey,
  oid,
  policies,
  sequence,
  text,
  tlv,
  uri,
  validity,
} from '../certificate/forge-fixtures.js';
import {
  authorityKey,
  type Chain,
  certify,
  constrained,
  explicitPolicy,
  type ForgedPath,
  flipped,
  fourLevels,
  future,
  honestLeaf,
  honestOrg,
  honestRoot,
  keyUsage,
  leaf,
  leafBy,
  mayIssue,
  maySign,
  org,
  orgBy,
  past,
  respelt,
  rolledOver,
  root,
  sha1Ecdsa,
  sub,
  underRsa,
  unknownCritical,
  withLeaf,
  withOrg,
  withRoot,
} from './forged-path-fixtures.js';

type Others = Pick<ForgedPath, 'openssl' | 'gnutls'>;

const row = (what: string, chain: Chain, ours: string, others: Others = {}): ForgedPath => ({
  what,
  chain,
  ours,
  ...others,
});

const strict = 'asks issuers for what a path does not need';

export const forgedPaths: readonly ForgedPath[] = [
  row('three levels', [honestLeaf, honestOrg, honestRoot], 'accepted'),
  row('four levels without lengths', fourLevels(undefined, undefined), 'accepted'),
  row('four levels, lengths just enough', fourLevels(2, 1), 'accepted'),
  row('a self-issued CA that does not count', rolledOver(), 'accepted', {
    gnutls: 'counts self-issued certificates (RFC 5280 6.1.4 (l) does not)',
  }),
  row(
    'an unknown extension that is not critical',
    withLeaf({}, extension('1.2.3.4.5', hex('0500'))),
    'accepted',
  ),
  row(
    'a year before 2050 as GeneralizedTime',
    withLeaf({ validity: sequence(text(0x18, '20200101000000Z'), text(0x18, '20490101000000Z')) }),
    'accepted',
  ),
  row('a CA name in other case, spacing and string type', respelt(), 'accepted', {
    gnutls: 'compares names byte by byte (RFC 5280 7.1 does not)',
  }),
  row('an issuer with an RSA key of 2048 bits', underRsa(2048), 'accepted'),
  row(
    'names within what is permitted',
    constrained(
      nameConstraints([dns('a.example'), address('0a000000ff000000')]),
      dns('x.a.example'),
      address('0a010203'),
    ),
    'accepted',
  ),
  row(
    'names beside what is excluded',
    constrained(
      nameConstraints([], [dns('b.example'), address('0a000000ff000000')]),
      dns('a.example'),
      address('0b010203'),
    ),
    'accepted',
  ),
  row(
    'a mailbox of a permitted host',
    constrained(nameConstraints([email('a.example')]), email('me@a.example')),
    'accepted',
  ),
  row(
    'a policy asked for and given',
    [
      leafBy({}, policies('1.2.3.4')),
      orgBy({}, [ca(), mayIssue, explicitPolicy, policies('1.2.3.4')]),
      honestRoot,
    ],
    'accepted',
    { gnutls: 'does not know policyConstraints' },
  ),
  row('a root whose own signature is broken', [honestLeaf, honestOrg, flipped(honestRoot)], 'accepted'),
  row('a root signed with SHA-1', withRoot({ innerAlgorithm: sha1Ecdsa, hash: 'sha1' }), 'accepted'),
  row(
    'an EKU of its own in the CA',
    withOrg({}, [ca(), mayIssue, extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3')))]),
    'accepted',
  ),
  row('no key identifiers', [certify(leaf, org, [maySign]), orgBy(), honestRoot], 'accepted', {
    openssl: strict,
  }),
  row('a CA without key usage', withOrg({}, [ca()]), 'accepted', { openssl: strict }),
  row(
    'basicConstraints that are not critical',
    withOrg({}, [extension('2.5.29.19', sequence(isTrue)), mayIssue]),
    'accepted',
    { openssl: strict },
  ),
  row(
    'an empty subject beside an alternative name that is not critical',
    withLeaf({ subject: sequence() }, altNames(dns('a.example'))),
    'accepted',
    { openssl: strict },
  ),
  row(
    'a length in a certificate of no CA',
    withLeaf({}, extension('2.5.29.19', sequence(integer(0)), true)),
    'accepted',
    { openssl: strict },
  ),
  row('a root without basicConstraints', withRoot({}, [mayIssue]), 'accepted', {
    openssl: 'judges an anchor like any CA; Jami does not',
  }),
  row('a root of version 1', withRoot({ version: hex(''), explicitExtensions: hex('') }), 'accepted', {
    openssl: 'judges an anchor like any CA; Jami does not',
  }),
  row('a root with serial number 0', withRoot({ serial: integer(0) }), 'accepted'),
  row('a plugin that expired', withLeaf({ validity: past }), 'CERTIFICATE_EXPIRED'),
  row('a plugin of the future', withLeaf({ validity: future }), 'CERTIFICATE_NOT_YET_VALID'),
  row('a CA that expired', withOrg({ validity: past }), 'CERTIFICATE_EXPIRED'),
  row('a root that expired', withRoot({ validity: past }), 'CERTIFICATE_EXPIRED'),
  row(
    'a validity that ends before it begins',
    withLeaf({ validity: validity('491231235959Z', '200101000000Z') }),
    'CERTIFICATE_NOT_YET_VALID',
  ),
  row(
    'a plugin with a broken signature',
    [flipped(honestLeaf), honestOrg, honestRoot],
    'CERTIFICATE_SIGNATURE_INVALID',
  ),
  row(
    'a CA with a broken signature',
    [honestLeaf, flipped(honestOrg), honestRoot],
    'CERTIFICATE_SIGNATURE_INVALID',
  ),
  row(
    'a plugin signed by another key of the issuer’s name',
    withLeaf({ issuer: { subject: org.subject, key: newKey() } }),
    'CERTIFICATE_SIGNATURE_INVALID',
  ),
  row(
    'a plugin signed by the root under the issuer’s name',
    withLeaf({ issuer: { subject: org.subject, key: root.key } }),
    'CERTIFICATE_SIGNATURE_INVALID',
  ),
  row(
    'a root of the same name and another key',
    [
      honestLeaf,
      honestOrg,
      certify({ subject: root.subject, key: sub.key }, { subject: root.subject, key: sub.key }, [
        ca(),
        mayIssue,
      ]),
    ],
    'CERTIFICATE_SIGNATURE_INVALID',
  ),
  row(
    'a root that is another',
    [honestLeaf, honestOrg, certify(sub, sub, [ca(), mayIssue])],
    'PATH_NOT_FOUND',
  ),
  row('no CA between', [honestLeaf, honestRoot], 'PATH_NOT_FOUND'),
  row(
    'an issuer that is no CA',
    withOrg({}, [extension('2.5.29.19', sequence(), true), mayIssue]),
    'ISSUER_NOT_A_CA',
  ),
  row('an issuer without basicConstraints', withOrg({}, [mayIssue]), 'ISSUER_NOT_A_CA'),
  row(
    'an issuer of version 1',
    withOrg({ version: hex(''), explicitExtensions: hex('') }),
    'ISSUER_NOT_A_CA',
  ),
  row(
    'an issuer that may not sign certificates',
    withOrg({}, [ca(), keyUsage('03020102')]),
    'ISSUER_KEY_USAGE_FORBIDS',
  ),
  row(
    'a root that may not sign certificates',
    withRoot({}, [ca(), keyUsage('03020102')]),
    'ISSUER_KEY_USAGE_FORBIDS',
  ),
  row(
    'a root that is no CA',
    withRoot({}, [extension('2.5.29.19', sequence(), true), mayIssue]),
    'ISSUER_NOT_A_CA',
  ),
  row(
    'a plugin as an issuer',
    [certify(sub, leaf, [maySign, authorityKey(leaf.key)]), honestLeaf, honestOrg, honestRoot],
    'ISSUER_NOT_A_CA',
  ),
  row('one level more than the CA allows', fourLevels(undefined, 0), 'PATH_TOO_LONG'),
  row('one level more than the root allows', fourLevels(1, undefined), 'PATH_TOO_LONG'),
  row(
    'a DNS name that is not permitted',
    constrained(nameConstraints([dns('a.example')]), dns('b.example')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'a DNS name that only ends alike',
    constrained(nameConstraints([dns('a.example')]), dns('xa.example')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'a DNS name that is excluded',
    constrained(nameConstraints([], [dns('a.example')]), dns('x.a.example')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'permitted by one list, excluded by the other',
    constrained(nameConstraints([dns('example')], [dns('a.example')]), dns('a.example')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'an address that is not permitted',
    constrained(nameConstraints([address('0a000000ff000000')]), address('0b000001')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'an address that is excluded',
    constrained(nameConstraints([], [address('0a000000ff000000')]), address('0a000001')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'a mailbox that is not permitted',
    constrained(nameConstraints([email('a.example')]), email('me@b.example')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'a URI that is excluded',
    constrained(nameConstraints([], [uri('.a.example')]), uri('https://x.a.example/')),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'a subject that is not permitted',
    constrained(nameConstraints([directory(cn('Nobody'))])),
    'NAME_CONSTRAINT_VIOLATED',
    { gnutls: 'does not judge permitted directory names' },
  ),
  row(
    'a subject that is excluded',
    constrained(nameConstraints([], [directory(name(['2.5.4.10', 'Forged Org']))])),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'a constraint on a form that is not known here',
    constrained(nameConstraints([], [tlv(0x88, hex('2a03'))]), tlv(0x88, hex('2a0304'))),
    'NAME_CONSTRAINT_VIOLATED',
  ),
  row(
    'an unknown critical extension of the plugin',
    withLeaf({}, unknownCritical),
    'CRITICAL_EXTENSION_UNKNOWN',
  ),
  row(
    'an unknown critical extension of the CA',
    withOrg({}, [ca(), mayIssue, unknownCritical]),
    'CRITICAL_EXTENSION_UNKNOWN',
  ),
  row(
    'an unknown critical extension of the root',
    withRoot({}, [ca(), mayIssue, unknownCritical]),
    'CRITICAL_EXTENSION_UNKNOWN',
  ),
  row(
    'critical access information',
    withLeaf(
      {},
      extension(
        '1.3.6.1.5.5.7.1.1',
        sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), uri('http://a.example'))),
        true,
      ),
    ),
    'CRITICAL_EXTENSION_UNKNOWN',
    { gnutls: 'lets pass what RFC 5280 4.2.2.1 forbids' },
  ),
  row(
    'a policy that is demanded and missing',
    withOrg({}, [ca(), mayIssue, explicitPolicy]),
    'POLICY_NOT_ACCEPTED',
  ),
  row('an RSA issuer of 1024 bits', underRsa(1024), 'KEY_TOO_WEAK'),
  row(
    'a plugin signed with SHA-1',
    withLeaf({ innerAlgorithm: sha1Ecdsa, hash: 'sha1' }),
    'SIGNATURE_ALGORITHM_UNSUPPORTED',
  ),
  row(
    'an algorithm outside that is not the one inside',
    withLeaf({ outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) }),
    'CERTIFICATE_ALGORITHMS_DISAGREE',
  ),
  row('the same extension twice', withLeaf({}, maySign), 'CERTIFICATE_EXTENSION_DUPLICATE'),
  row('a serial number of 0', withLeaf({ serial: integer(0) }), 'CERTIFICATE_SERIAL_INVALID', {
    openssl: 'do not judge serial numbers (RFC 5280 4.1.2.2)',
    gnutls: 'do not judge serial numbers (RFC 5280 4.1.2.2)',
  }),
  row('a negative serial number', withLeaf({ serial: integer(0x80) }), 'CERTIFICATE_SERIAL_INVALID', {
    openssl: 'do not judge serial numbers (RFC 5280 4.1.2.2)',
    gnutls: 'do not judge serial numbers (RFC 5280 4.1.2.2)',
  }),
  row(
    'a serial number of 21 octets',
    withLeaf({ serial: integer(...new Array<number>(21).fill(1)) }),
    'CERTIFICATE_MALFORMED',
    {
      openssl: 'do not judge serial numbers (RFC 5280 4.1.2.2)',
      gnutls: 'do not judge serial numbers (RFC 5280 4.1.2.2)',
    },
  ),
  row('extensions in a certificate of version 1', withLeaf({ version: hex('') }), 'CERTIFICATE_MALFORMED'),
  row(
    'an explicit version 1',
    withLeaf({ version: hex('a003020100'), explicitExtensions: hex('') }),
    'CERTIFICATE_MALFORMED',
    {
      openssl: 'read BER where DER is asked for (X.690 11.5)',
      gnutls: 'read BER where DER is asked for (X.690 11.5)',
    },
  ),
  row(
    'a time without seconds',
    withLeaf({ validity: validity('2001010000Z', '4912312359Z') }),
    'CERTIFICATE_MALFORMED',
    { gnutls: 'reads times RFC 5280 4.1.2.5 does not have' },
  ),
  row(
    'an address constraint with a gap in its mask',
    constrained(nameConstraints([address('0a000000ff00ff00')]), address('0a010001')),
    'CERTIFICATE_EXTENSION_MALFORMED',
    { openssl: 'compares with any mask (RFC 4632 knows prefixes)' },
  ),
  row(
    'name constraints without any',
    withOrg({}, [ca(), mayIssue, extension('2.5.29.30', sequence(), true)]),
    'CERTIFICATE_EXTENSION_MALFORMED',
    {
      openssl: 'let an empty list pass (RFC 5280 4.2.1.10)',
      gnutls: 'let an empty list pass (RFC 5280 4.2.1.10)',
    },
  ),
  row(
    'a DNS constraint in UTF-8',
    constrained(nameConstraints([tlv(0x82, Buffer.from('ä.example'))]), dns('a.example')),
    'CERTIFICATE_EXTENSION_MALFORMED',
  ),
  row(
    'an alternative name that is no address',
    withLeaf({}, altNames(address('0a0001'))),
    'CERTIFICATE_EXTENSION_MALFORMED',
    {
      openssl: 'read alternative names only where a name is looked for',
      gnutls: 'read alternative names only where a name is looked for',
    },
  ),
  row(
    'a key usage of nothing',
    withLeaf({ extensions: [extension('2.5.29.15', hex('030100'), true)] }),
    'CERTIFICATE_EXTENSION_MALFORMED',
    { gnutls: 'lets an empty list pass (RFC 5280 4.2.1.3)' },
  ),
  row(
    'an empty issuer',
    [
      certify(leaf, { subject: sequence(), key: root.key }, [maySign]),
      certify({ subject: sequence(), key: root.key }, { subject: sequence(), key: root.key }, [
        ca(),
        mayIssue,
      ]),
    ],
    'PATH_NOT_FOUND',
  ),
];
