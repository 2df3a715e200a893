import { execFile, execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Certificate, parseCertificate, type RevocationQuestion } from '@jami-plugin-store/trust';

const run = promisify(execFile);

const configuration = (home: string) => `
[ca]
default_ca = issuing
[issuing]
database = ${home}/index.txt
new_certs_dir = ${home}/issued
default_md = sha256
default_crl_days = 1
policy = anything
unique_subject = no
rand_serial = yes
[anything]
organizationName = optional
commonName = optional
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
[plugin]
basicConstraints = critical,CA:FALSE
[responder]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,OCSPSigning
noCheck = ignored
[delta]
2.5.29.27 = critical,DER:02:01:01
[indirect]
issuingDistributionPoint = critical,@indirectly
[indirectly]
indirectCRL = TRUE
`;

export interface OcspCommand {
  /** Further arguments of `openssl ocsp` as responder. */
  readonly with?: readonly string[];
  readonly signer?: string;
}

/** One issuer, its responder and two plugins (`good`, `revoked`), made and kept by the openssl command alone. */
export class OpensslPki implements Disposable {
  readonly home = mkdtempSync(join(tmpdir(), 'openssl-pki-'));
  readonly issuer: Certificate;
  readonly #issued = new Map<string, Certificate>();

  constructor() {
    mkdirSync(join(this.home, 'issued'));
    writeFileSync(join(this.home, 'index.txt'), '');
    writeFileSync(join(this.home, 'ca.cnf'), configuration(this.home));
    this.issuer = this.issue('root', 'root');
    this.issue('responder', 'responder');
    this.issue('good', 'plugin');
    this.issue('revoked', 'plugin');
    this.revoke('revoked');
  }

  /** Adds a section of extensions to certify with. */
  addSection(name: string, ...lines: readonly string[]): void {
    appendFileSync(join(this.home, 'ca.cnf'), `[${name}]\n${lines.join('\n')}\n`);
  }

  issue(name: string, section: string): Certificate {
    return this.issueBy('root', name, section);
  }

  issueBy(issuer: string, name: string, section: string): Certificate {
    const key = ['-newkey', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    const subject = ['-subj', `/O=Fixture/CN=${name}`];
    this.#openssl('req', '-new', '-config', 'ca.cnf', ...key, ...subject, '-out', `${name}.csr`);
    const signer =
      section === 'root'
        ? ['-selfsign', '-keyfile', 'root.key']
        : ['-cert', `${issuer}.pem`, '-keyfile', `${issuer}.key`];
    const dates = ['-startdate', '20200101000000Z', '-enddate', '20991231000000Z'];
    const files = ['-in', `${name}.csr`, '-out', `${name}.pem`, '-extensions', section];
    this.#openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...signer, ...dates, ...files);
    const certificate = parseCertificate(
      new X509Certificate(readFileSync(join(this.home, `${name}.pem`))).raw,
    );
    this.#issued.set(name, certificate);
    return certificate;
  }

  revoke(name: string): void {
    const by = ['-cert', 'root.pem', '-keyfile', 'root.key'];
    this.#openssl('ca', '-config', 'ca.cnf', ...by, '-revoke', `${name}.pem`, '-crl_reason', 'keyCompromise');
  }

  /**
   * The current CRL, DER, valid for one day.
   * @param section  of the extensions it carries
   * @param number  given together with it
   */
  crl(section?: string, number?: number): Buffer {
    const by = ['-cert', 'root.pem', '-keyfile', 'root.key'];
    const extensions = section === undefined ? [] : ['-crlexts', section];
    if (number !== undefined) writeFileSync(join(this.home, 'crlnumber'), `0${number}\n`);
    const configuration = number === undefined ? 'ca.cnf' : this.#numbering();
    this.#openssl('ca', '-config', configuration, ...by, '-gencrl', ...extensions, '-out', 'crl.pem');
    return this.#openssl('crl', '-in', 'crl.pem', '-outform', 'DER');
  }

  /** What `openssl ocsp` answers to a request, by default for an hour. */
  async ocsp(request: Uint8Array, { with: more = ['-nmin', '60'], signer = 'responder' }: OcspCommand = {}) {
    const name = `request-${process.hrtime.bigint()}`;
    const [asked, answered] = [join(this.home, name), join(this.home, `${name}-answer`)];
    await writeFile(asked, request);
    const by = ['-CA', 'root.pem', '-rsigner', `${signer}.pem`, '-rkey', `${signer}.key`];
    const files = ['-index', 'index.txt', '-reqin', asked, '-respout', answered];
    await run('openssl', ['ocsp', ...files, ...by, ...more], { cwd: this.home });
    const answer = readFileSync(answered);
    await Promise.all([rm(asked), rm(answered)]);
    return answer;
  }

  question(
    name: string,
    urls: Partial<Pick<RevocationQuestion, 'ocspUrls' | 'crlUrls'>>,
  ): RevocationQuestion {
    const certificate = this.#issued.get(name);
    if (certificate === undefined) throw new RangeError(`no certificate ${name}`);
    return { certificate, issuer: this.issuer, ocspUrls: [], crlUrls: [], ...urls };
  }

  /** openssl numbers CRLs only where its configuration names a file to count in. */
  #numbering(): string {
    const file = join(this.home, 'numbered.cnf');
    const text = readFileSync(join(this.home, 'ca.cnf'), 'utf8');
    writeFileSync(file, text.replace('[issuing]', `[issuing]\ncrlnumber = ${this.home}/crlnumber`));
    return file;
  }

  #openssl(...args: readonly string[]): Buffer {
    return execFileSync('openssl', args, { cwd: this.home, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  [Symbol.dispose](): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
