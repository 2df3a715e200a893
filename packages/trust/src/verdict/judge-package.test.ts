import { constants, sign } from 'node:crypto';
import type { Archive } from '@jami-plugin-store/jpl';
import { encodeSignatureMap, JplError, maxSignatureMapBytes } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import type { AskRevocation, RevocationFinding } from '../revocation/evidence.js';
import { makeFinding } from '../revocation/finding.js';
import { type JudgePackageRequest, judgePackage } from './judge-package.js';
import {
  fixtureInstant,
  type Issued,
  issueThreeLevels,
  leafExtensions,
  OpensslCa,
} from './openssl-fixtures.js';
import { archiveOf, type Draft, draftOf, manifestOf, signContent } from './package-fixtures.js';
import { isVerifiedPlugin } from './verified-plugin.js';

let ca: OpensslCa;
let root: Issued;
let organization: Issued;
let plugin: Issued;
let otherPlugin: Issued;
let attacker: Issued;

beforeAll(async () => {
  ca = await OpensslCa.create();
  ({ root, organization, plugin } = await issueThreeLevels(ca));
  otherPlugin = await ca.issue({ subject: '/CN=Other', issuer: organization, extensions: leafExtensions });
  attacker = await ca.issue({ subject: '/CN=Example', extensions: [] });
});
afterAll(() => ca[Symbol.asyncDispose]());

const answering =
  (status: RevocationFinding['status']): AskRevocation =>
  async (questions, { at }) =>
    questions.map(({ certificate, issuer }) =>
      makeFinding({ certificate, status, source: 'ocsp' }, { issuer, at }),
    );

const judge = (archive: Archive, request: Partial<JudgePackageRequest> = {}) =>
  judgePackage(archive, {
    anchors: [root.anchor],
    at: fixtureInstant,
    revocation: 'required',
    ask: answering('good'),
    ...request,
  });

const honest = (files?: Map<string, Buffer>): Draft => draftOf([plugin, organization], files);

/** The honest draft with one thing changed after signing, as an attacker without the key would. */
const changed = (change: (draft: Draft) => void): Draft => {
  const draft = honest();
  change(draft);
  return draft;
};

describe('an honest package', () => {
  it('gets a verdict that says all of it', async () => {
    const verdict = await judge(await archiveOf(honest()));
    expect(verdict).toMatchObject({
      id: 'Example',
      version: '1.0.0',
      publisher: { name: 'Example Organization' },
      revocationMode: 'required',
      revocation: [{ status: 'good' }, { status: 'good' }],
      files: 3,
      bytes: 8 + manifestOf().length,
      at: fixtureInstant,
    });
    expect(verdict.path).toHaveLength(3);
    expect(verdict.anchor).toBe(root.anchor);
    expect(verdict.entries.map(({ name }) => name)).toEqual([
      'Example.crt',
      'data/',
      'data/empty',
      'data/icon.png',
      'manifest.json',
      'signatures',
      'signatures.sig',
    ]);
    expect(verdict.evidence.certificatePem).toEqual(Buffer.concat([plugin.pem, organization.pem]));
  });

  it('gets a verdict that nobody can make or change', async () => {
    const verdict = await judge(await archiveOf(honest()));
    expect(isVerifiedPlugin(verdict)).toBe(true);
    expect(isVerifiedPlugin({ ...verdict })).toBe(false);
    expect(isVerifiedPlugin(Object.create(verdict))).toBe(false);
    expect(isVerifiedPlugin(undefined)).toBe(false);
    for (const part of [verdict, verdict.manifest, verdict.publisher, verdict.path, verdict.revocation]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('is not asked about in mode off, and the verdict says so', async () => {
    const ask = () => Promise.reject(new Error('asked all the same'));
    const verdict = await judge(await archiveOf(honest()), { revocation: 'off', ask });
    expect(verdict.revocationMode).toBe('off');
    expect(verdict.revocation.map(({ status }) => status)).toEqual(['not-asked', 'not-asked']);
  });

  it('is judged at one instant, whatever becomes of the date that was handed in', async () => {
    const at = new Date(fixtureInstant);
    const ask: AskRevocation = async (questions, options) => {
      at.setFullYear(2050);
      expect(options.at).toEqual(fixtureInstant);
      const findings = await answering('good')(questions, options);
      options.at.setFullYear(2060);
      return findings;
    };
    expect((await judge(await archiveOf(honest()), { at, ask })).at).toEqual(fixtureInstant);
    const asOfLater: AskRevocation = (questions) =>
      answering('good')(questions, { at: new Date(fixtureInstant.getTime() + 1) });
    await expect(judge(await archiveOf(honest()), { ask: asOfLater })).rejects.toMatchObject({
      code: 'REVOCATION_FINDING_OUTDATED',
    });
  });

  it('is not judged at no time', async () => {
    await expect(judge(await archiveOf(honest()), { at: new Date('never') })).rejects.toThrow(RangeError);
  });
});

describe('a package is refused', () => {
  it.each<[string, (draft: Draft) => void, string, string?]>([
    ['with its signatures swapped', (draft) => swapSignatures(draft), 'SIGNATURE_INVALID', 'data/empty'],
    [
      'with a file changed',
      (draft) => draft.files.set('data/icon.png', Buffer.from('x')),
      'SIGNATURE_INVALID',
      'data/icon.png',
    ],
    [
      'with the manifest replaced',
      (draft) => draft.files.set('manifest.json', manifestOf({ version: '9.0.0' })),
      'SIGNATURE_INVALID',
      'manifest.json',
    ],
    [
      'with a manifest that is not even JSON',
      (draft) => draft.files.set('manifest.json', Buffer.from('{')),
      'SIGNATURE_INVALID',
      'manifest.json',
    ],
    [
      'with an entry signed by another key',
      (draft) => resign(draft, 'data/icon.png', (content) => signContent(content, otherPlugin.key)),
      'SIGNATURE_INVALID',
      'data/icon.png',
    ],
    [
      'with a folder signed by another key',
      (draft) => resign(draft, 'data/', (content) => signContent(content, otherPlugin.key)),
      'SIGNATURE_INVALID',
      'data/',
    ],
    [
      'with a signature of SHA-256',
      (draft) => resign(draft, 'data/icon.png', (content) => sign('RSA-SHA256', content, plugin.key)),
      'SIGNATURE_INVALID',
      'data/icon.png',
    ],
    [
      'with a PSS signature',
      (draft) => resign(draft, 'data/icon.png', (content) => signPss(content)),
      'SIGNATURE_INVALID',
      'data/icon.png',
    ],
    [
      'with an empty signature',
      (draft) => resign(draft, 'data/icon.png', () => Buffer.alloc(0)),
      'SIGNATURE_INVALID',
      'data/icon.png',
    ],
    [
      'with a zero in front of a signature',
      (draft) =>
        resign(draft, 'data/icon.png', (content) =>
          Buffer.concat([Buffer.alloc(1), signContent(content, plugin.key)]),
        ),
      'SIGNATURE_INVALID',
      'data/icon.png',
    ],
    [
      'with the list signed by another key',
      (draft) => Object.assign(draft, { mapKey: otherPlugin.key }),
      'SIGNATURE_OF_MAP_INVALID',
      'signatures.sig',
    ],
    [
      'with the list signed with SHA-256',
      (draft) => signMapWith(draft, (map) => sign('RSA-SHA256', map, plugin.key)),
      'SIGNATURE_OF_MAP_INVALID',
      'signatures.sig',
    ],
    [
      'with an empty signature of the list',
      (draft) => signMapWith(draft, () => Buffer.alloc(0)),
      'SIGNATURE_OF_MAP_INVALID',
      'signatures.sig',
    ],
    [
      'with a list changed after signing, whatever it holds',
      (draft) =>
        Object.assign(draft, {
          mapSignature: signContent(encodeSignatureMap(draft.signatures), plugin.key),
          mapBytes: Buffer.from('c1', 'hex'),
        }),
      'SIGNATURE_OF_MAP_INVALID',
      'signatures.sig',
    ],
    [
      'with an entry more than its list',
      (draft) => draft.extra.set('data/zusatz.txt', Buffer.from('x')),
      'ENTRY_NOT_SIGNED',
      'data/zusatz.txt',
    ],
    [
      'with a folder more than its list',
      (draft) => draft.extra.set('lib/', Buffer.alloc(0)),
      'ENTRY_NOT_SIGNED',
      'lib/',
    ],
    [
      'with a certificate in a folder, unsigned',
      (draft) => draft.extra.set('data/Example.crt', plugin.pem),
      'ENTRY_NOT_SIGNED',
      'data/Example.crt',
    ],
    [
      'with an entry less than its list',
      (draft) => draft.without.add('data/icon.png'),
      'SIGNATURE_WITHOUT_ENTRY',
      'data/icon.png',
    ],
    [
      'with a list that names the certificate',
      (draft) => draft.signatures.set('Example.crt', signContent(draft.certificatePem, plugin.key)),
      'SIGNATURE_WITHOUT_ENTRY',
      'Example.crt',
    ],
    [
      'with a list that names itself',
      (draft) => draft.signatures.set('signatures', Buffer.alloc(256)),
      'SIGNATURE_WITHOUT_ENTRY',
      'signatures',
    ],
    ['with an empty list', (draft) => draft.signatures.clear(), 'ENTRY_NOT_SIGNED', 'data/'],
    ['without a list', (draft) => draft.without.add('signatures'), 'SIGNATURE_MAP_MISSING', 'signatures'],
    [
      'without a signature of the list',
      (draft) => draft.without.add('signatures.sig'),
      'SIGNATURE_OF_MAP_MISSING',
      'signatures.sig',
    ],
    [
      'with a list that is no map',
      (draft) => Object.assign(draft, { mapBytes: Buffer.from('90', 'hex') }),
      'SIGNATURE_MAP_MALFORMED',
    ],
    [
      'with a list that names an entry twice',
      (draft) => Object.assign(draft, { mapBytes: Buffer.from('82a161c40100a161c40100', 'hex') }),
      'SIGNATURE_MAP_DUPLICATE_KEY',
      'a',
    ],
    [
      'with bytes behind its list',
      (draft) =>
        Object.assign(draft, {
          mapBytes: Buffer.concat([encodeSignatureMap(draft.signatures), Buffer.alloc(1)]),
        }),
      'SIGNATURE_MAP_MALFORMED',
    ],
    ['without a certificate', (draft) => draft.without.add('Example.crt'), 'CERTIFICATE_MISSING'],
    [
      'with two certificates',
      (draft) => draft.extra.set('Other.crt', otherPlugin.pem),
      'CERTIFICATE_NOT_UNIQUE',
      'Other.crt',
    ],
    [
      'with a certificate that is none',
      (draft) => Object.assign(draft, { certificatePem: Buffer.from('none') }),
      'CERTIFICATE_PEM_MALFORMED',
    ],
    [
      'with a certificate file of over 1 MiB',
      (draft) => Object.assign(draft, { certificatePem: Buffer.alloc((1 << 20) + 1, 'x') }),
      'CERTIFICATE_PEM_MALFORMED',
      'Example.crt',
    ],
    [
      "with the certificate of the organization's other plugin",
      (draft) => Object.assign(draft, { certificatePem: Buffer.concat([otherPlugin.pem, organization.pem]) }),
      'SIGNATURE_OF_MAP_INVALID',
      'signatures.sig',
    ],
    [
      "with an attacker's own certificate of the same name",
      (draft) => Object.assign(draft, { certificatePem: attacker.pem }),
      'PATH_NOT_FOUND',
    ],
    [
      'with a certificate renamed to another id',
      (draft) => Object.assign(draft, { certificateName: 'Other.crt' }),
      'CERTIFICATE_NAME_MISMATCH',
      'Other.crt',
    ],
  ])('%s', async (_what, change, code, entry) => {
    const archive = await archiveOf(changed(change));
    const refusal = judge(archive);
    await expect(refusal).rejects.toMatchObject({ code, ...(entry !== undefined && { entry }) });
    await expect(refusal).rejects.toSatisfy(
      (error) => error instanceof TrustError || error instanceof JplError,
    );
  });

  it.each<[string, Partial<Draft>, string]>([
    [
      'list',
      { mapBytes: Buffer.alloc(maxSignatureMapBytes + 1), compress: false },
      'SIGNATURE_MAP_MALFORMED',
    ],
    ['signature of it', { mapSignature: Buffer.alloc(257) }, 'SIGNATURE_OF_MAP_INVALID'],
  ])(
    'before its list of signatures is read, when the %s is too long to be one',
    async (_what, part, code) => {
      const archive = await archiveOf({ ...honest(), ...part });
      const read: string[] = [];
      const watched: Archive = {
        ...archive,
        read: (entry) => {
          read.push(entry.name);
          return archive.read(entry);
        },
      };
      await expect(judge(watched)).rejects.toMatchObject({ code });
      expect(read).toEqual(['Example.crt']);
    },
  );

  it('when an attacker has signed all of it with a certificate nobody vouches for', async () => {
    await expect(judge(await archiveOf(draftOf([attacker])))).rejects.toMatchObject({
      code: 'PATH_NOT_FOUND',
    });
    await expect(judge(await archiveOf(draftOf([attacker, organization])))).rejects.toMatchObject({
      code: 'PACKAGE_CERTIFICATE_UNRELATED',
    });
  });

  it.each<[string, (files: Map<string, Buffer>) => void, string]>([
    ['without a manifest', (files) => files.delete('manifest.json'), 'MANIFEST_MISSING'],
    [
      'with a manifest that is no JSON',
      (files) => files.set('manifest.json', Buffer.from('{')),
      'MANIFEST_MALFORMED',
    ],
    [
      'with a manifest of over 1 MiB',
      (files) => files.set('manifest.json', manifestOf({ description: 'x'.repeat(1 << 20) })),
      'MANIFEST_MALFORMED',
    ],
    [
      'with a manifest of over 8 MiB, which passes by in chunks',
      (files) => files.set('manifest.json', manifestOf({ description: 'x'.repeat(9 << 20) })),
      'MANIFEST_MALFORMED',
    ],
    [
      'with a key twice in its manifest',
      (files) =>
        files.set('manifest.json', Buffer.from('{"id":"Example","id":"Other","name":"n","version":"1"}')),
      'MANIFEST_DUPLICATE_KEY',
    ],
    [
      'with an id that is a path',
      (files) => files.set('manifest.json', manifestOf({ id: '../Example' })),
      'PLUGIN_ID_INVALID',
    ],
    [
      'with the id of another',
      (files) => files.set('manifest.json', manifestOf({ id: 'Other' })),
      'CERTIFICATE_NAME_MISMATCH',
    ],
  ])('though honestly signed, %s', async (_what, change, code) => {
    const files = honest().files;
    change(files);
    await expect(judge(await archiveOf(honest(files)))).rejects.toMatchObject({ name: 'JplError', code });
  });

  it.each([
    ['revoked', 'CERTIFICATE_REVOKED'],
    ['unknown', 'CERTIFICATE_STATUS_UNKNOWN'],
    ['not-offered', 'REVOCATION_NOT_OFFERED'],
    ['not-asked', 'REVOCATION_NOT_ASKED'],
  ] as const)('when its certificate is %s', async (status, code) => {
    await expect(judge(await archiveOf(honest()), { ask: answering(status) })).rejects.toMatchObject({
      code,
    });
  });

  it('when the answers were not made by the judge', async () => {
    const ask: AskRevocation = async (questions) =>
      questions.map(({ certificate }) => ({ certificate, status: 'good', source: 'ocsp' }) as const);
    await expect(judge(await archiveOf(honest()), { ask })).rejects.toMatchObject({
      code: 'REVOCATION_NOT_ASKED',
    });
  });
});

describe('of several reasons', () => {
  it('the first in the order of checks is given, whichever fails sooner', async () => {
    const draft = honest(new Map([...honest().files, ['manifest.json', Buffer.from('{')]]));
    draft.signatures.set('data/icon.png', Buffer.alloc(256));
    draft.mapKey = otherPlugin.key;
    const slowly: AskRevocation = async (questions, options) => {
      for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      return answering('revoked')(questions, options);
    };
    const archive = async () => await archiveOf(draft);
    const untrusted = { anchors: [attacker.anchor], ask: slowly };
    await expect(judge(await archive(), untrusted)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
    await expect(judge(await archive(), { ask: slowly })).rejects.toMatchObject({
      code: 'CERTIFICATE_REVOKED',
    });
    await expect(judge(await archive())).rejects.toMatchObject({ code: 'SIGNATURE_OF_MAP_INVALID' });
    draft.mapKey = plugin.key;
    await expect(judge(await archive())).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    draft.signatures.set('data/icon.png', honest().signatures.get('data/icon.png') ?? Buffer.alloc(0));
    await expect(judge(await archive())).rejects.toMatchObject({ code: 'MANIFEST_MALFORMED' });
  });
});

function swapSignatures({ signatures }: Draft): void {
  const [a, b] = ['data/icon.png', 'data/empty'];
  const [ofA, ofB] = [signatures.get(a), signatures.get(b)];
  if (ofA && ofB) signatures.set(a, ofB).set(b, ofA);
}

function resign(draft: Draft, name: string, how: (content: Buffer) => Buffer): void {
  draft.signatures.set(name, how(draft.files.get(name) ?? Buffer.alloc(0)));
}

function signMapWith(draft: Draft, how: (map: Buffer) => Buffer): void {
  draft.mapSignature = how(encodeSignatureMap(draft.signatures));
}

function signPss(content: Buffer): Buffer {
  return sign('RSA-SHA512', content, { key: plugin.key, padding: constants.RSA_PKCS1_PSS_PADDING });
}
