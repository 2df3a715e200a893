import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  caExtensions,
  fixtureInstant,
  type Issued,
  issueThreeLevels,
  leafExtensions,
  OpensslCa,
} from './openssl-fixtures.js';
import { judgePackagePath } from './package-path.js';

let ca: OpensslCa;
let root: Issued;
let organization: Issued;
let plugin: Issued;
let stranger: Issued;

beforeAll(async () => {
  ca = await OpensslCa.create();
  ({ root, organization, plugin } = await issueThreeLevels(ca));
  stranger = await ca.issue({ subject: '/CN=Stranger', keyType: 'P-256', extensions: caExtensions });
});
afterAll(() => ca[Symbol.asyncDispose]());

const judge = (chain: readonly Issued[], anchors: readonly Issued[], at = fixtureInstant) =>
  judgePackagePath(
    chain.map(({ certificate }) => certificate),
    anchors.map(({ anchor }) => anchor),
    at,
  );

const namesOf = (...arguments_: Parameters<typeof judge>): string[] =>
  judge(...arguments_).path.map(({ subject }) => subject.text);

const refusal = (...codes: string[]) =>
  expect.objectContaining({ name: 'TrustError', code: expect.stringMatching(`^(?:${codes.join('|')})$`) });

const plug = 'CN=Example';
const org = 'CN=Example Organization,O=Example';
const top = 'CN=Fixture Root';

describe('the certificates of a package', () => {
  it('may hold the anchor or leave it out', () => {
    expect(namesOf([plugin, organization, root], [root])).toEqual([plug, org, top]);
    expect(namesOf([plugin, organization], [root])).toEqual([plug, org, top]);
  });

  it('may be as few as the plugin certificate, below its anchor', async () => {
    const direct = await ca.issue({ subject: '/CN=Direct', issuer: root, extensions: leafExtensions });
    expect(namesOf([direct], [root])).toEqual(['CN=Direct', top]);
    expect(namesOf([direct, root], [root])).toEqual(['CN=Direct', top]);
    expect(namesOf([plugin], [organization])).toEqual([plug, org]);
  });

  it('may go on above the anchor', () => {
    expect(namesOf([plugin, organization, root], [organization])).toEqual([plug, org]);
    expect(namesOf([plugin, organization, root], [plugin])).toEqual([plug]);
  });

  it('lead to the highest of several anchors', () => {
    expect(namesOf([plugin, organization, root], [plugin, organization, root])).toEqual([plug, org, top]);
    expect(namesOf([plugin, organization], [plugin, organization, root])).toEqual([plug, org, top]);
    expect(namesOf([plugin], [stranger, plugin, organization])).toEqual([plug, org]);
  });

  it('lead to a lower anchor where the highest does not hold', async () => {
    const expired = await ca.issue({
      subject: '/CN=Fixture Root',
      keyOf: root,
      extensions: caExtensions,
      notAfter: '20260201000000Z',
    });
    expect(() => judge([plugin, organization], [expired])).toThrow(refusal('CERTIFICATE_EXPIRED'));
    expect(namesOf([plugin, organization], [expired, organization])).toEqual([plug, org]);
  });

  it('may hold an older certificate of an anchor that was renewed with its key', async () => {
    const renewed = await ca.issue({ subject: '/CN=Fixture Root', keyOf: root, extensions: caExtensions });
    const { path, anchor } = judge([plugin, organization, root], [renewed]);
    expect(anchor.certificate.fingerprint).toBe(renewed.certificate.fingerprint);
    expect(path.map(({ fingerprint }) => fingerprint)).toEqual(
      [plugin, organization, renewed].map(({ certificate }) => certificate.fingerprint),
    );
  });

  it('end at the anchor, though somebody above claims to be below it', async () => {
    const first = await ca.issue({ subject: '/CN=Round', keyType: 'P-256', extensions: caExtensions });
    const above = await ca.issue({
      subject: '/CN=Above',
      issuer: first,
      keyType: 'P-256',
      extensions: caExtensions,
    });
    const round = await ca.issue({
      subject: '/CN=Round',
      issuer: above,
      keyOf: first,
      extensions: caExtensions,
    });
    const direct = await ca.issue({ subject: '/CN=Direct', issuer: round, extensions: leafExtensions });
    expect(namesOf([direct, round, above], [round])).toEqual(['CN=Direct', 'CN=Round']);
  });

  it('are refused without an anchor, and without a certificate', () => {
    expect(() => judge([plugin, organization, root], [])).toThrow(refusal('NO_TRUST_ANCHOR'));
    expect(() => judge([], [root])).toThrow(refusal('CERTIFICATE_PEM_MALFORMED'));
  });

  it('are refused with a root that nobody trusts', () => {
    expect(() => judge([plugin, organization, root], [stranger])).toThrow(refusal('PATH_NOT_FOUND'));
  });

  it('are refused where a link is missing', () => {
    expect(() => judge([plugin], [root])).toThrow(refusal('PATH_NOT_FOUND'));
  });

  it('are refused twice', () => {
    expect(() => judge([plugin, plugin, organization], [root])).toThrow(
      refusal('PACKAGE_CERTIFICATES_DUPLICATE'),
    );
    expect(() => judge([plugin, organization, organization], [root])).toThrow(
      refusal('PACKAGE_CERTIFICATES_DUPLICATE'),
    );
  });

  it('are refused out of order', () => {
    const orders = [
      [organization, plugin],
      [root, organization, plugin],
      [plugin, root, organization],
      [organization, plugin, root],
    ];
    for (const order of orders) {
      expect(() => judge(order, [root])).toThrow(refusal('PACKAGE_CERTIFICATES_OUT_OF_ORDER'));
    }
  });

  it('are refused with one that has nothing to do with them', () => {
    const mixtures = [
      [plugin, stranger],
      [plugin, organization, stranger],
      [plugin, organization, root, stranger],
      [plugin, stranger, organization],
      [stranger, plugin, organization],
      [plugin, root],
    ];
    for (const mixture of mixtures) {
      expect(() => judge(mixture, [root])).toThrow(refusal('PACKAGE_CERTIFICATE_UNRELATED'));
    }
  });

  it('are refused with a namesake of the root above a trusted organization', async () => {
    const namesake = await ca.issue({
      subject: '/CN=Fixture Root',
      keyType: 'P-256',
      extensions: caExtensions,
    });
    expect(() => judge([plugin, organization, namesake], [organization])).toThrow(
      refusal('PACKAGE_CERTIFICATE_UNRELATED'),
    );
    expect(() => judge([plugin, organization, namesake], [root])).toThrow(
      refusal('PACKAGE_CERTIFICATE_UNRELATED', 'CERTIFICATE_SIGNATURE_INVALID', 'PATH_NOT_FOUND'),
    );
  });

  it('are refused when there are too many', async () => {
    const chain: Issued[] = [];
    let issuer: Issued | undefined;
    for (let level = 0; level <= 10; level += 1) {
      const subject = `/CN=Level ${level}`;
      issuer = await ca.issue({ subject, issuer, keyType: 'P-256', extensions: caExtensions });
      chain.unshift(issuer);
    }
    const [highest] = chain.slice(-1);
    expect(chain).toHaveLength(11);
    expect(() => judge(chain, highest ? [highest] : [])).toThrow(refusal('PACKAGE_CERTIFICATES_TOO_MANY'));
  });
});

describe('an impostor', () => {
  it('with the names of the real root and organization is refused', async () => {
    const impostor = await OpensslCa.create();
    try {
      const fake = await issueThreeLevels(impostor);
      for (const chain of [
        [fake.plugin, fake.organization, fake.root],
        [fake.plugin, fake.organization],
        [fake.plugin, organization, root],
        [fake.plugin, fake.organization, root],
      ]) {
        expect(() => judge(chain, [root])).toThrow(
          refusal('CERTIFICATE_SIGNATURE_INVALID', 'PATH_NOT_FOUND'),
        );
      }
    } finally {
      await impostor[Symbol.asyncDispose]();
    }
  });

  it('that is another plugin of the organization signs no certificates', async () => {
    const forged = await ca.issue({ subject: '/CN=Forged', issuer: plugin, extensions: leafExtensions });
    expect(() => judge([forged, plugin, organization], [root])).toThrow(
      refusal('ISSUER_NOT_A_CA', 'PATH_TOO_LONG'),
    );
  });

  it('that is an organization makes no authorities', async () => {
    const subCa = await ca.issue({
      subject: '/CN=Sub',
      issuer: organization,
      keyType: 'P-256',
      extensions: caExtensions,
    });
    const below = await ca.issue({ subject: '/CN=Below', issuer: subCa, extensions: leafExtensions });
    expect(() => judge([below, subCa, organization], [root])).toThrow(refusal('PATH_TOO_LONG'));
  });
});

describe('the instant', () => {
  it.each([
    ['before the plugin certificate begins', '2025-12-31T23:59:59Z', 'CERTIFICATE_NOT_YET_VALID'],
    ['after it ends', '2027-01-01T00:00:01Z', 'CERTIFICATE_EXPIRED'],
  ])('%s', (_when, at, code) => {
    expect(() => judge([plugin, organization], [root], new Date(at))).toThrow(refusal(code));
  });
});
