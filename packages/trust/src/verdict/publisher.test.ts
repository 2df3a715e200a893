import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { caExtensions, type Issued, leafExtensions, OpensslCa } from './openssl-fixtures.js';
import { authorityMarkOid, organizationPublisher, publisherOf, samePublisher } from './publisher.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const mark = `${authorityMarkOid} = DER:0500`;

let ca: OpensslCa;
let foreignRoot: Issued;
let markedRoot: Issued;
let otherMarkedRoot: Issued;
let leaf: Issued;

beforeAll(async () => {
  ca = await OpensslCa.create();
  foreignRoot = await root('/CN=Foreign Root');
  markedRoot = await root('/CN=Our Root', mark);
  otherMarkedRoot = await root('/CN=Our Root', mark);
  leaf = await ca.issue({ subject: '/CN=Plugin', issuer: foreignRoot, extensions: leafExtensions });
});
afterAll(() => ca[Symbol.asyncDispose]());

const root = (subject: string, ...extensions: string[]): Promise<Issued> =>
  ca.issue({ subject, keyType: 'P-256', extensions: [...caExtensions, ...extensions] });

const organization = (subject: string, issuer: Issued, keyOf?: Issued): Promise<Issued> =>
  ca.issue({ subject, issuer, keyType: 'P-256', extensions: caExtensions, ...(keyOf && { keyOf }) });

const publisherBelow = (...levels: readonly Issued[]) => {
  const path = levels.map(({ certificate }) => certificate);
  const anchor = levels.at(-1);
  if (anchor === undefined) throw new Error('no levels');
  return publisherOf({ path, anchor: anchor.anchor });
};

describe("the publisher's name", () => {
  it('is the common name directly below the anchor, whatever a sub-CA calls itself', async () => {
    const real = await organization('/CN=Real Organization', foreignRoot);
    const subCa = await organization('/CN=Famous Organization', real);
    expect(publisherBelow(leaf, subCa, real, foreignRoot).name).toBe('Real Organization');
  });

  it.each([
    ['over 64 characters', 'x'.repeat(65)],
    ['that is no text, shown as its encoding', '#0403616263'],
  ])('is refused %s', async (_what, value) => {
    const { certificate } = await organization('/CN=Honest', foreignRoot);
    const attributes = [{ type: '2.5.4.3', value }];
    const odd = { ...certificate, subject: { ...certificate.subject, attributes } };
    const path = [leaf.certificate, odd, foreignRoot.certificate];
    expect(() => publisherOf({ path, anchor: foreignRoot.anchor })).toThrow(
      expect.objectContaining({ code: 'PUBLISHER_NAME_INVALID' }),
    );
  });

  it("is the anchor's where it issued the plugin certificate, or is it", () => {
    expect(publisherBelow(leaf, foreignRoot).name).toBe('Foreign Root');
    expect(publisherBelow(leaf).name).toBe('Plugin');
  });

  it("is not a link certificate's, by which the root changed its key", async () => {
    const link = await organization('/CN=Foreign Root', foreignRoot);
    const real = await organization('/CN=Real Organization', link);
    const publisher = publisherBelow(leaf, real, link, foreignRoot);
    expect(publisher.name).toBe('Real Organization');
    expect(publisher.organization).toBe(sha256(real.certificate.publicKey.spki));
    expect(publisherBelow(leaf, link, foreignRoot).organization).toBeUndefined();
  });

  it('may be of any script', async () => {
    const real = await organization('/CN=Société 例え Ελ', foreignRoot);
    expect(publisherBelow(leaf, real, foreignRoot).name).toBe('Société 例え Ελ');
  });

  it.each([
    ['no common name', '/O=Nameless'],
    ['two common names', '/CN=One/CN=Two'],
    ['a control character', '/CN=Bell\u0007'],
    ['a line feed', '/CN=Two\nlines'],
    ['right-to-left override', '/CN=Example\u202egro'],
    ['an isolate', '/CN=Example\u2066'],
    ['a zero-width space', '/CN=Exam\u200bple'],
    ['a byte order mark', '/CN=\ufeffExample'],
    ['a character drawn as nothing', '/CN=Example\u3164'],
    ['a line separator', '/CN=Example\u2028x'],
    ['a space at its end', '/CN=Example '],
    ['only spaces', '/CN=\u3000'],
  ])('is refused with %s', async (_what, subject) => {
    const odd = await organization(subject, foreignRoot);
    expect(() => publisherBelow(leaf, odd, foreignRoot)).toThrow(
      expect.objectContaining({ name: 'TrustError', code: 'PUBLISHER_NAME_INVALID' }),
    );
  });
});

describe("an organization's identity", () => {
  it('is its public key below a foreign root, serial number or not', async () => {
    const one = await organization('/CN=Org/serialNumber=7', foreignRoot);
    const renewed = await organization('/CN=Org/serialNumber=7', foreignRoot, one);
    const rekeyed = await organization('/CN=Org/serialNumber=7', foreignRoot);
    const first = publisherBelow(leaf, one, foreignRoot);
    expect(first.organization).toBe(sha256(one.certificate.publicKey.spki));
    expect(publisherBelow(leaf, renewed, foreignRoot).organization).toBe(first.organization);
    expect(publisherBelow(leaf, rekeyed, foreignRoot).organization).not.toBe(first.organization);
  });

  it('is the assigned serial number below a root of our authority, across keys and names', async () => {
    const one = await organization('/CN=Org/serialNumber=7', markedRoot);
    const rekeyed = await organization('/CN=New Name/serialNumber=7', markedRoot);
    const other = await organization('/CN=Org/serialNumber=70', markedRoot, one);
    const elsewhere = await organization('/CN=Org/serialNumber=7', otherMarkedRoot, one);
    const identity = publisherBelow(leaf, one, markedRoot).organization;
    expect(identity).toMatch(/^[0-9a-f]{64}$/);
    expect(publisherBelow(leaf, rekeyed, markedRoot).organization).toBe(identity);
    expect(publisherBelow(leaf, other, markedRoot).organization).not.toBe(identity);
    expect(publisherBelow(leaf, elsewhere, otherMarkedRoot).organization).not.toBe(identity);
  });

  it('is its public key below a root whose mark is critical, which is no mark', async () => {
    const odd = await root('/CN=Odd Root', `${authorityMarkOid} = critical, DER:0500`);
    const one = await organization('/CN=Org/serialNumber=7', odd);
    expect(publisherBelow(leaf, one, odd).organization).toBe(sha256(one.certificate.publicKey.spki));
  });

  it('falls back to the public key where there is no one serial number', async () => {
    const none = await organization('/CN=Org', markedRoot);
    const two = await organization('/CN=Org/serialNumber=7/serialNumber=8', markedRoot);
    for (const org of [none, two]) {
      expect(publisherBelow(leaf, org, markedRoot).organization).toBe(sha256(org.certificate.publicKey.spki));
    }
  });

  it('is absent in paths of one or two levels', async () => {
    const given = await organization('/CN=Organization given as anchor', foreignRoot);
    expect(publisherBelow(leaf, given)).toMatchObject({
      name: 'Organization given as anchor',
      organization: undefined,
    });
    expect(publisherBelow(leaf, foreignRoot).organization).toBeUndefined();
    expect(publisherBelow(leaf).organization).toBeUndefined();
    expect(publisherBelow(leaf).pluginKey).toBe(sha256(leaf.certificate.publicKey.spki));
  });
});

describe('samePublisher', () => {
  const publisher = (pluginKey: string, organization?: string) => ({ name: 'n', pluginKey, organization });

  it.each([
    ['same key, no organization', publisher('k'), publisher('k'), true],
    ['other key, same organization', publisher('k', 'o'), publisher('l', 'o'), true],
    ['same key, other organization', publisher('k', 'o'), publisher('k', 'p'), true],
    ['other key, no organization', publisher('k'), publisher('l'), false],
    ['other key, other organization', publisher('k', 'o'), publisher('l', 'p'), false],
    ['other key, organization on one side', publisher('k', 'o'), publisher('l'), false],
  ])('%s', (_what, a, b, same) => {
    expect(samePublisher(a, b)).toBe(same);
    expect(samePublisher(b, a)).toBe(same);
  });
});

it('an organization alone is named as by every path through it', async () => {
  for (const issuer of [markedRoot, foreignRoot]) {
    const known = await organization('/CN=Known/serialNumber=0042', issuer);
    const { name, organization: identity } = publisherBelow(leaf, known, issuer);
    expect(organizationPublisher(known.certificate, issuer.anchor)).toEqual({ name, organization: identity });
  }
});
