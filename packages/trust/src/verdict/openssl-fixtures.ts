/** A certificate authority for tests, made of `openssl` alone: the judge is never tested against its own code. */
import { execFile } from 'node:child_process';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Certificate, TrustAnchor } from '../certificate/certificate.js';
import { parseCertificatesPem } from '../certificate/pem.js';

const run = promisify(execFile);

type KeyType = `rsa:${number}` | 'P-256' | 'ed25519';

export interface Issued {
  readonly pem: Buffer;
  readonly certificate: Certificate;
  readonly anchor: TrustAnchor;
  readonly key: KeyObject;
  readonly keyFile: string;
  readonly certificateFile: string;
}

export interface CertificateWish {
  /** As `openssl req -subj` takes it, UTF-8. */
  subject: string;
  /** Who signs; absent: self-signed. */
  issuer?: Issued | undefined;
  keyType?: KeyType;
  /** Certify this key instead of a new one. */
  keyOf?: Issued;
  /** Lines of an OpenSSL extension section. */
  extensions?: readonly string[];
  /** ASN.1 time, e.g. `20260101000000Z`. */
  notBefore?: string;
  notAfter?: string;
}

/** The instant at which fixtures are judged, well inside their default validity. */
export const fixtureInstant = new Date('2026-06-01T00:00:00Z');

const configuration = (folder: string): string => `
[ca]
default_ca = fixture
[fixture]
database = ${folder}/index.txt
new_certs_dir = ${folder}
serial = ${folder}/serial
rand_serial = yes
unique_subject = no
default_md = sha256
policy = anything
copy_extensions = none
email_in_dn = yes
string_mask = utf8only
[anything]
commonName = optional
organizationName = optional
serialNumber = optional
[req]
distinguished_name = empty
string_mask = utf8only
utf8 = yes
[empty]
`;

export class OpensslCa implements AsyncDisposable {
  readonly folder: string;
  #made = 0;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<OpensslCa> {
    const folder = await mkdtemp(join(tmpdir(), 'jpl-openssl-ca-'));
    await writeFile(join(folder, 'openssl.cnf'), configuration(folder));
    await writeFile(join(folder, 'index.txt'), '');
    return new OpensslCa(folder);
  }

  /** Issues one certificate; calls are queued, since `openssl ca` keeps its database in a file. */
  issue(wish: CertificateWish): Promise<Issued> {
    const issued = this.#queue.then(() => this.#issue(wish));
    this.#queue = issued.catch(() => undefined);
    return issued;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #issue(wish: CertificateWish): Promise<Issued> {
    this.#made += 1;
    const base = join(this.folder, `c${this.#made}`);
    const keyFile = wish.keyOf?.keyFile ?? `${base}.key`;
    const key = wish.keyOf ? ['-key', keyFile] : newKey(wish.keyType ?? 'rsa:2048', keyFile);
    const config = join(this.folder, 'openssl.cnf');
    await writeFile(`${base}.ext`, [...(wish.extensions ?? []), ''].join('\n'));
    const request = ['req', '-new', '-config', config, ...key, '-utf8', '-subj', wish.subject];
    await run('openssl', [...request, '-out', `${base}.csr`]);
    const signer = wish.issuer
      ? ['-cert', wish.issuer.certificateFile, '-keyfile', wish.issuer.keyFile]
      : ['-selfsign', '-keyfile', keyFile];
    const validity = [
      '-startdate',
      wish.notBefore ?? '20260101000000Z',
      '-enddate',
      wish.notAfter ?? '20270101000000Z',
    ];
    const options = [
      '-batch',
      '-preserveDN',
      '-notext',
      '-utf8',
      '-rand_serial',
      '-extfile',
      `${base}.ext`,
      '-out',
      `${base}.pem`,
    ];
    await run('openssl', ['ca', '-config', config, '-in', `${base}.csr`, ...signer, ...validity, ...options]);
    return await readIssued(`${base}.pem`, keyFile);
  }
}

/** Options of `openssl req` that make a key on the way. */
function newKey(type: KeyType, file: string): string[] {
  const [algorithm, bits] = type.split(':');
  const how =
    algorithm === 'rsa'
      ? ['RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`]
      : algorithm === 'ed25519'
        ? ['ED25519']
        : ['EC', '-pkeyopt', `ec_paramgen_curve:${type}`];
  return ['-newkey', ...how, '-nodes', '-keyout', file];
}

async function readIssued(certificateFile: string, keyFile: string): Promise<Issued> {
  const pem = await readFile(certificateFile);
  const [certificate] = parseCertificatesPem(pem);
  if (certificate === undefined) throw new Error(`openssl wrote no certificate to ${certificateFile}`);
  const key = createPrivateKey(await readFile(keyFile));
  return { pem, certificate, anchor: { certificate }, key, keyFile, certificateFile };
}

export const caExtensions = [
  'basicConstraints = critical, CA:TRUE',
  'keyUsage = critical, keyCertSign, cRLSign',
];
export const leafExtensions = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
];

/** Root, organization and plugin certificate as the product's authority lays them out. */
export async function issueThreeLevels(
  ca: OpensslCa,
): Promise<{ root: Issued; organization: Issued; plugin: Issued }> {
  const root = await ca.issue({ subject: '/CN=Fixture Root', keyType: 'P-256', extensions: caExtensions });
  const organization = await ca.issue({
    subject: '/O=Example/CN=Example Organization',
    issuer: root,
    keyType: 'P-256',
    extensions: [
      'basicConstraints = critical, CA:TRUE, pathlen:0',
      'keyUsage = critical, keyCertSign, cRLSign',
    ],
  });
  const plugin = await ca.issue({ subject: '/CN=Example', issuer: organization, extensions: leafExtensions });
  return { root, organization, plugin };
}
