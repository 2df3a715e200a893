import { execFileSync } from 'node:child_process';
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from '../certificate/certificate.js';
import { parseCertificate } from '../certificate/parse-certificate.js';

export interface Issued {
  readonly certificate: Certificate;
  readonly certificatePath: string;
  readonly keyPath: string;
  readonly privateKey: KeyObject;
}

export interface IssueOptions {
  /** File name, and common name unless `subject` says otherwise. */
  readonly name: string;
  readonly subject?: string;
  /** Absent: self-signed. */
  readonly issuer?: Issued;
  /** Lines of an openssl extension section. */
  readonly extensions?: readonly string[];
  /** Arguments of `openssl req -newkey`; default P-256. */
  readonly key?: readonly string[];
  /** Certifies this one's key again instead of making a new one. */
  readonly sameKeyAs?: Issued;
  readonly notBefore?: string;
  readonly notAfter?: string;
}

const p256 = ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];

const configuration = (home: string) => `
[ca]
default_ca = issuing
[issuing]
database = ${join(home, 'index.txt')}
new_certs_dir = ${join(home, 'issued')}
default_md = sha256
policy = anything
unique_subject = no
rand_serial = yes
email_in_dn = no
[anything]
organizationName = optional
commonName = optional
[req]
distinguished_name = dn
[dn]
`;

/** A certificate authority made of nothing but the openssl command, in a folder of its own. */
export class OpensslAuthority implements Disposable {
  readonly home = mkdtempSync(join(tmpdir(), 'openssl-authority-'));

  constructor() {
    mkdirSync(join(this.home, 'issued'));
    writeFileSync(join(this.home, 'index.txt'), '');
    writeFileSync(join(this.home, 'ca.cnf'), configuration(this.home));
  }

  openssl(...args: readonly string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  path(name: string): string {
    return join(this.home, name);
  }

  issue({ name, issuer, ...options }: IssueOptions): Issued {
    const keyPath = options.sameKeyAs?.keyPath ?? this.path(`${name}.key`);
    const certificatePath = this.path(`${name}.pem`);
    const request = this.path(`${name}.csr`);
    const extensions = this.path(`${name}.ext`);
    writeFileSync(extensions, `${(options.extensions ?? []).join('\n')}\n`);
    const key =
      options.sameKeyAs === undefined
        ? ['-newkey', ...(options.key ?? p256), '-nodes', '-keyout', keyPath]
        : ['-key', keyPath];
    const subject = options.subject ?? `/O=Fixture/CN=${name}`;
    this.openssl('req', '-new', '-config', 'ca.cnf', ...key, '-subj', subject, '-out', request);
    const signer = issuer
      ? ['-cert', issuer.certificatePath, '-keyfile', issuer.keyPath]
      : ['-selfsign', '-keyfile', keyPath];
    const start = options.notBefore ?? '20200101000000Z';
    const end = options.notAfter ?? '20991231000000Z';
    const dates = ['-startdate', start, '-enddate', end];
    const files = ['-in', request, '-out', certificatePath, '-extfile', extensions];
    this.openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...signer, ...dates, ...files);
    return {
      certificate: this.read(certificatePath),
      certificatePath,
      keyPath,
      privateKey: createPrivateKey(readFileSync(keyPath)),
    };
  }

  read(certificatePath: string): Certificate {
    return parseCertificate(new X509Certificate(readFileSync(certificatePath)).raw);
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

export const caExtensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
export const responderExtensions = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=critical,OCSPSigning',
  'noCheck=ignored',
];
