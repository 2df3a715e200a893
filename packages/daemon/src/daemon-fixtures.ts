/** Certificates made by `openssl` and packages signed with them, for this room's tests. */
import { execFile } from 'node:child_process';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type PackageEntry, signEntries, writeArchive } from '@jami-plugin-store/jpl';
import {
  type AskRevocation,
  notOffered,
  parseTrustAnchors,
  type TrustAnchor,
} from '@jami-plugin-store/trust';
import { createDaemon, type Daemon, type DaemonOptions } from './daemon.js';

const run = promisify(execFile);

/** Inside the validity of every certificate made here. */
export const fixtureInstant = new Date('2026-06-01T00:00:00Z');
export const fixturePlatform = 'x86_64-linux-gnu';

interface Issued {
  readonly key: KeyObject;
  readonly keyFile: string;
  readonly file: string;
  readonly pem: Buffer;
}

/** Who signs a package: its key, and its certificates, plugin first. */
export interface Signer {
  readonly key: KeyObject;
  readonly chain: Buffer;
  /** Its certificate's own file. */
  readonly file: string;
}

export interface PackageWish {
  readonly id?: string;
  readonly version?: string;
  readonly signer?: Signer;
  /** Further entries, or others in place of the usual ones; undefined leaves one out. */
  readonly files?: Readonly<Record<string, string | Buffer | undefined>>;
  /** Content exchanged after the signatures were made. */
  readonly afterSigning?: Readonly<Record<string, string>>;
}

const configuration = (folder: string): string => `
[ca]
default_ca = fixture
[fixture]
database = ${folder}/index.txt
new_certs_dir = ${folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = anything
copy_extensions = none
[anything]
commonName = supplied
[req]
distinguished_name = empty
[empty]
`;
const caExtensions = (pathLength: string): string[] => [
  `basicConstraints = critical, CA:TRUE${pathLength}`,
  'keyUsage = critical, keyCertSign, cRLSign',
];
const leafExtensions = ['basicConstraints = critical, CA:FALSE', 'keyUsage = critical, digitalSignature'];

export class DaemonFixtures implements AsyncDisposable {
  readonly folder: string;
  #made = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(parent = tmpdir()): Promise<DaemonFixtures> {
    const folder = await realpath(await mkdtemp(join(parent, 'jpl-daemon-')));
    await writeFile(join(folder, 'openssl.cnf'), configuration(folder));
    await writeFile(join(folder, 'index.txt'), '');
    return new DaemonFixtures(folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A new path in the fixture's folder; nothing stands there. */
  path(name: string): string {
    this.#made += 1;
    return join(this.folder, `${this.#made}-${name}`);
  }

  /** A root, and organizations below it that can each make any number of plugin certificates. */
  async authority(): Promise<Authority> {
    const root = await this.#issue('Fixture Root', 'EC', caExtensions(''));
    return {
      anchor: parseTrustAnchors(root.pem)[0] as TrustAnchor,
      rootPem: root.pem,
      organization: async (name) => {
        const organization = await this.#issue(name, 'EC', caExtensions(', pathlen:0'), root);
        const issue = async (extensions: string[] = []): Promise<Signer> => {
          const extended = [...leafExtensions, ...extensions];
          const leaf = await this.#issue(`${name} plugin`, 'RSA', extended, organization);
          return { key: leaf.key, chain: Buffer.concat([leaf.pem, organization.pem]), file: leaf.file };
        };
        return Object.assign(issue, {
          revoke: async (signer: Signer) => {
            const by = ['-cert', organization.file, '-keyfile', organization.keyFile];
            await run('openssl', ['ca', '-config', this.#config, '-revoke', signer.file, ...by]);
          },
          ocsp: (request: Buffer, options: string[] = []) => this.#answerOcsp(organization, request, options),
          crl: () => this.#makeCrl(organization),
        });
      },
      direct: async () => {
        const leaf = await this.#issue('Direct plugin', 'RSA', leafExtensions, root);
        return { key: leaf.key, chain: leaf.pem, file: leaf.file };
      },
    };
  }

  get #config(): string {
    return join(this.folder, 'openssl.cnf');
  }

  async #answerOcsp(responder: Issued, request: Buffer, options: string[]): Promise<Buffer> {
    const [asked, answered] = [this.path('request'), this.path('response')];
    await writeFile(asked, request);
    const signer = ['-CA', responder.file, '-rsigner', responder.file, '-rkey', responder.keyFile];
    const index = ['-index', join(this.folder, 'index.txt')];
    await run('openssl', ['ocsp', ...index, ...signer, '-reqin', asked, '-respout', answered, ...options]);
    return readFile(answered);
  }

  async #makeCrl(issuer: Issued): Promise<Buffer> {
    const [pem, der] = [this.path('crl.pem'), this.path('crl.der')];
    const by = ['-cert', issuer.file, '-keyfile', issuer.keyFile, '-crldays', '1'];
    await run('openssl', ['ca', '-config', this.#config, '-gencrl', ...by, '-out', pem]);
    await run('openssl', ['crl', '-in', pem, '-outform', 'DER', '-out', der]);
    return readFile(der);
  }

  async #issue(name: string, type: 'EC' | 'RSA', extensions: string[], issuer?: Issued): Promise<Issued> {
    const base = this.path('certificate');
    const options = type === 'RSA' ? 'rsa_keygen_bits:2048' : 'ec_paramgen_curve:P-256';
    const [keyFile, file, config] = [`${base}.key`, `${base}.pem`, this.#config];
    await writeFile(`${base}.ext`, [...extensions, ''].join('\n'));
    const makeKey = ['-newkey', type, '-pkeyopt', options, '-nodes', '-keyout', keyFile];
    const request = ['req', '-new', '-config', config, '-subj', `/CN=${name}`, '-out', `${base}.csr`];
    await run('openssl', [...request, ...makeKey]);
    const signer =
      issuer === undefined
        ? ['-selfsign', '-keyfile', keyFile]
        : ['-cert', issuer.file, '-keyfile', issuer.keyFile];
    const validity = ['-startdate', '20200101000000Z', '-enddate', '20991231000000Z'];
    const out = ['-batch', '-notext', '-rand_serial', '-extfile', `${base}.ext`, '-out', file];
    await run('openssl', ['ca', '-config', config, '-in', `${base}.csr`, ...signer, ...validity, ...out]);
    const [key, pem] = await Promise.all([readFile(keyFile), readFile(file)]);
    return { key: createPrivateKey(key), keyFile, file, pem };
  }
}

export interface Organization {
  (extensions?: string[]): Promise<Signer>;
  revoke(signer: Signer): Promise<void>;
  /** The organization's own responder: one OCSP request to one response, both DER. */
  ocsp(request: Buffer, options?: string[]): Promise<Buffer>;
  /** What it has revoked, DER, of this instant. */
  crl(): Promise<Buffer>;
}

export interface Authority {
  readonly anchor: TrustAnchor;
  readonly rootPem: Buffer;
  /** Makes an organization; what it returns makes plugin certificates, with further extension lines if wished. */
  organization(name: string): Promise<Organization>;
  /** A plugin certificate signed by the root itself. */
  direct(): Promise<Signer>;
}

/** For what is done again at every step of a disk: no texts, no image. */
export const fewFiles: NonNullable<PackageWish['files']> = {
  'data/icon.svg': undefined,
  'data/locale/Greeter_en.json': undefined,
  'data/locale/Greeter_fr.json': undefined,
};

/** The entries of a small plugin with a library, texts in two languages and an icon. */
function pluginEntries({ id = 'Greeter', version = '1.0.0', files = {} }: PackageWish): PackageEntry[] {
  const usual: Record<string, string | Buffer | undefined> = {
    'manifest.json': JSON.stringify({
      id,
      name: '{{name}}',
      description: '{{about}}',
      version,
      iconPath: 'icon.svg',
    }),
    'data/icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'data/version.txt': version,
    [`data/locale/${id}_en.json`]: JSON.stringify({ name: 'Greeter', about: 'Says hello' }),
    [`data/locale/${id}_fr.json`]: JSON.stringify({ name: 'Salueur', about: 'Dit bonjour' }),
    [`lib/${fixturePlatform}/lib${id}.so`]: `library ${version}`,
    [`lib/arm64-v8a/lib${id}.so`]: `other library ${version}`,
    ...files,
  };
  return Object.entries(usual).flatMap(([name, data]) =>
    data === undefined ? [] : [{ name, data: Buffer.from(data) }],
  );
}

export async function writePackage(
  fixtures: DaemonFixtures,
  signer: Signer,
  wish: PackageWish = {},
): Promise<string> {
  const id = wish.id ?? 'Greeter';
  const path = fixtures.path(`${id}.jpl`);
  const entries = await signEntries({
    entries: pluginEntries(wish),
    privateKey: signer.key,
    certificatePem: signer.chain,
    id,
  });
  const exchanged = entries.map((entry) => {
    const content = wish.afterSigning?.[entry.name];
    return content === undefined ? entry : { ...entry, data: Buffer.from(content) };
  });
  await writeArchive(exchanged, path);
  return path;
}

const askNothing: AskRevocation = async (questions) =>
  questions.map(({ certificate }) => notOffered(certificate));

/** A daemon over a folder of its own, or over the one of an earlier daemon. */
export async function startDaemon(
  fixtures: DaemonFixtures,
  anchors: readonly TrustAnchor[],
  options: Partial<DaemonOptions> = {},
): Promise<Daemon> {
  const dataDir = options.dataDir ?? fixtures.path('data');
  await mkdir(dataDir, { recursive: true });
  return createDaemon({
    dataDir,
    anchors,
    revocation: 'when-named',
    ask: askNothing,
    clock: () => fixtureInstant,
    platform: fixturePlatform,
    ...options,
    // At once, so that tests see what is left.
    limits: { retireMs: 0, ...options.limits },
  });
}
