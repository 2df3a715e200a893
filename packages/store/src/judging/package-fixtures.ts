/** Publishers for tests: certificates by `openssl` alone, packages by the package room. */
import { execFile, spawn } from 'node:child_process';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type PackageEntry, signEntries, writeArchive } from '@jami-plugin-store/jpl';
import { parseTrustAnchors, type TrustAnchor } from '@jami-plugin-store/trust';

const run = promisify(execFile);

/** An instant inside the fixtures' default validity. */
export const fixtureInstant = new Date('2026-06-01T00:00:00.000Z');

export interface Issued {
  readonly name: string;
  readonly keyFile: string;
  readonly certificateFile: string;
  readonly pem: Buffer;
  readonly key: KeyObject;
}

/** Who signs plugins: its own key, and the certificates that go into a package. */
export interface Publisher {
  readonly key: KeyObject;
  readonly certificatePem: Buffer;
  readonly plugin: Issued;
  readonly organization: Issued;
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

/** A root, and what it issues. */
export class FixtureCa implements AsyncDisposable {
  readonly folder: string;
  #root: Issued | undefined;
  #made = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(name = 'Store root', wish: { notAfter?: string } = {}): Promise<FixtureCa> {
    const ca = new FixtureCa(await mkdtemp(join(tmpdir(), 'jpl-store-ca-')));
    await writeFile(join(ca.folder, 'openssl.cnf'), configuration(ca.folder));
    await writeFile(join(ca.folder, 'index.txt'), '');
    ca.#root = await ca.issue(name, { ca: true, ...wish });
    return ca;
  }

  get root(): Issued {
    if (this.#root === undefined) throw new Error('no root yet');
    return this.#root;
  }

  get anchors(): TrustAnchor[] {
    return parseTrustAnchors(this.root.pem);
  }

  /** One certificate, by the root where no issuer is named (self-signed for the root itself). */
  async issue(
    name: string,
    wish: {
      ca?: boolean;
      pathLength?: number;
      issuer?: Issued;
      notAfter?: string;
      extensions?: readonly string[];
    } = {},
  ): Promise<Issued> {
    this.#made += 1;
    const base = join(this.folder, `c${this.#made}`);
    const keyFile = `${base}.key`;
    const issuer = wish.issuer ?? this.#root;
    const config = join(this.folder, 'openssl.cnf');
    await run('openssl', [
      'genpkey',
      '-algorithm',
      'RSA',
      '-pkeyopt',
      'rsa_keygen_bits:2048',
      '-out',
      keyFile,
    ]);
    const usage = wish.ca
      ? [
          `basicConstraints=critical,CA:TRUE${wish.pathLength === undefined ? '' : `,pathlen:${wish.pathLength}`}`,
          'keyUsage=critical,keyCertSign,cRLSign',
        ]
      : ['basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature'];
    await writeFile(`${base}.ext`, [...usage, ...(wish.extensions ?? []), ''].join('\n'));
    await run('openssl', [
      'req',
      '-new',
      '-config',
      config,
      '-key',
      keyFile,
      '-subj',
      `/CN=${name}`,
      '-out',
      `${base}.csr`,
    ]);
    const signer = issuer
      ? ['-cert', issuer.certificateFile, '-keyfile', issuer.keyFile]
      : ['-selfsign', '-keyfile', keyFile];
    await run('openssl', [
      ...['ca', '-config', config, '-batch', '-preserveDN', '-notext', ...signer],
      ...['-in', `${base}.csr`, '-extfile', `${base}.ext`, '-out', `${base}.pem`],
      ...['-startdate', '20260101000000Z', '-enddate', wish.notAfter ?? '20270101000000Z'],
    ]);
    return {
      name,
      keyFile,
      certificateFile: `${base}.pem`,
      pem: await readFile(`${base}.pem`),
      key: createPrivateKey(await readFile(keyFile)),
    };
  }

  async publisher(
    organizationName: string,
    wish: { notAfter?: string; extensions?: readonly string[] } = {},
  ): Promise<Publisher> {
    const organization = await this.issue(organizationName, { ca: true, pathLength: 0, ...wish });
    return this.anotherPlugin(organization, wish);
  }

  /** Another plugin key of an organization that has one. */
  async anotherPlugin(
    organization: Issued,
    wish: { notAfter?: string; extensions?: readonly string[] } = {},
  ): Promise<Publisher> {
    const plugin = await this.issue(`${organization.name} plugin`, { issuer: organization, ...wish });
    return {
      key: plugin.key,
      certificatePem: Buffer.concat([plugin.pem, organization.pem]),
      plugin,
      organization,
    };
  }

  /** A revocation list, the root's where no other issuer is named, DER. Times as ASN.1 has them, e.g. `20260101000000Z`. */
  async crl(lastUpdate: string, nextUpdate: string, issuer: Issued = this.root): Promise<Buffer> {
    const out = join(this.folder, `crl${++this.#made}`);
    const { certificateFile, keyFile } = issuer;
    await run('openssl', [
      ...[
        'ca',
        '-config',
        join(this.folder, 'openssl.cnf'),
        '-gencrl',
        '-cert',
        certificateFile,
        '-keyfile',
        keyFile,
      ],
      ...['-crl_lastupdate', lastUpdate, '-crl_nextupdate', nextUpdate, '-out', `${out}.pem`],
    ]);
    await run('openssl', ['crl', '-in', `${out}.pem`, '-outform', 'DER', '-out', out]);
    return await readFile(out);
  }

  /** Revokes what the root issued, in its index; a responder started afterwards knows. */
  async revoke({ certificateFile }: Issued, reason: string): Promise<void> {
    const { certificateFile: root, keyFile } = this.root;
    const config = join(this.folder, 'openssl.cnf');
    const by = ['-cert', root, '-keyfile', keyFile];
    await run('openssl', ['ca', '-config', config, ...by, '-revoke', certificateFile, '-crl_reason', reason]);
  }

  /** `openssl ocsp` answering for what the root issued. */
  async respond(port: number): Promise<AsyncDisposable> {
    const { certificateFile, keyFile } = this.root;
    const responder = spawn('openssl', [
      ...['ocsp', '-index', join(this.folder, 'index.txt'), '-CA', certificateFile],
      ...['-rsigner', certificateFile, '-rkey', keyFile, '-port', String(port), '-ndays', '1'],
    ]);
    const ended = once(responder, 'exit');
    const ready = once(responder.stderr, 'data');
    await Promise.race([ready, once(responder.stdout, 'data'), ended]);
    return {
      async [Symbol.asyncDispose]() {
        responder.kill('SIGKILL');
        await ended;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The smallest PNG: one transparent pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

export interface PluginWish {
  readonly id: string;
  readonly version?: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, Buffer | string>>;
  readonly platforms?: readonly string[];
  /** Packed without compression: other bytes, the same content. */
  readonly stored?: boolean;
}

/** A plugin's content before it is signed. */
function entriesOf({
  id,
  version = '1.0.0',
  manifest = {},
  files = {},
  platforms = [],
}: PluginWish): PackageEntry[] {
  const content: Record<string, Buffer | string> = {
    'manifest.json': JSON.stringify({ id, name: '{{name}}', description: '{{about}}', version, ...manifest }),
    'data/icon.png': png,
    [`data/locale/${id}_en.json`]: JSON.stringify({ name: `${id} in English`, about: 'About it' }),
    [`data/locale/${id}_fr.json`]: JSON.stringify({ name: `${id} en français`, about: 'À propos' }),
    ...Object.fromEntries(
      platforms.map((platform) => [`lib/${platform}/lib${id}.so`, `library for ${platform}`]),
    ),
    ...files,
  };
  return Object.entries(content).map(([name, data]) => ({ name, data: Buffer.from(data) }));
}

/** Writes a signed package to `path`. */
export async function makePackage(path: string, publisher: Publisher, wish: PluginWish): Promise<void> {
  const { key: privateKey, certificatePem } = publisher;
  const entries = await signEntries({ entries: entriesOf(wish), privateKey, certificatePem, id: wish.id });
  await writeArchive(entries, path, { compress: wish.stored !== true });
}
