import { resolve } from 'node:path';
import {
  type AuthorityAdmin,
  connectAuthority,
  createAdminServer,
  createPublicServer,
  initAuthority,
  issuePluginWith,
  type KeyType,
  openAuthority,
} from '@jami-plugin-store/authority';
import { type Io, printJson } from '../io.js';
import { createNew } from '../new-file.js';
import { passphraseVariable, readInput } from '../options.js';
import { announce, listening, untilStopped } from '../serving.js';
import { UsageError } from '../usage-error.js';
import { readPrivateKey } from './sign.js';

export interface AuthorityOptions {
  readonly dataDir: string;
  readonly json?: boolean | undefined;
}

export interface InitOptions extends AuthorityOptions {
  readonly name: string;
  readonly organization?: string | undefined;
  readonly country?: string | undefined;
  readonly baseUrl: string;
  readonly keyType?: KeyType | undefined;
}

/** `jpl ca init`: a new authority with its root, in a folder of its own. */
export async function caInit(io: Io, options: InitOptions): Promise<number> {
  const dir = resolve(io.cwd, options.dataDir);
  const made = await initAuthority({
    ...options,
    dir,
    clock: io.clock,
    passphrase: io.env[passphraseVariable],
  });
  const report = { dir, rootSha256: made.rootFingerprint, rootPem: made.rootPem };
  if (options.json) printJson(io, report);
  else io.stdout(`${dir}: an authority named ${options.name}\n  root SHA-256: ${made.rootFingerprint}\n`);
  return 0;
}

export interface IssueOptions extends AuthorityOptions {
  readonly csr?: string | undefined;
  readonly kind: 'organization' | 'plugin';
  /** Id of the organization that issues a plugin's certificate. */
  readonly issuer?: string | undefined;
  /** Makes an organization of this name whose key the authority holds; no request is needed. */
  readonly hosted?: string | undefined;
  /** An organization that signs with its own key, away from the authority. */
  readonly issuerKey?: string | undefined;
  readonly issuerCert?: string | undefined;
  readonly ocspUrl?: string | undefined;
  readonly crlUrl?: string | undefined;
  /** The assigned serial number of an organization whose certificate is renewed. */
  readonly renew?: string | undefined;
  readonly days?: number | undefined;
  readonly output?: string | undefined;
}

interface Issued {
  readonly chainPem: string;
  readonly subject: string;
  /** What `--issuer` of a later issue takes, for an organization. */
  readonly issuerId?: string | undefined;
  readonly serialNumber?: string | undefined;
  /** What `--renew` takes. */
  readonly organization?: string | undefined;
  readonly fingerprint?: string | undefined;
}

/** `jpl ca issue`: a certificate from a PKCS#10 request; prints the chain, or writes it where `--output` says. */
export async function caIssue(io: Io, options: IssueOptions): Promise<number> {
  await using newFile =
    options.output === undefined ? undefined : await createNew(resolve(io.cwd, options.output), 0o644);
  const issued =
    options.issuerKey === undefined ? await issueHere(io, options) : await issueWithOwnKey(io, options);
  const { chainPem, ...about } = issued;
  await newFile?.fill(chainPem);
  if (options.json) printJson(io, { ...about, chainPem });
  else if (options.output === undefined) io.stdout(chainPem);
  else io.stdout(describeIssued(options.output, about));
  return 0;
}

function describeIssued(file: string, about: Omit<Issued, 'chainPem'>): string {
  const { subject, issuerId, serialNumber, organization } = about;
  const lines = [`${file}: certificate of ${subject}`];
  if (serialNumber !== undefined) lines.push(`  serial number: ${serialNumber}`);
  if (issuerId !== undefined && organization !== undefined) lines.push(`  organization: ${organization}`);
  if (issuerId !== undefined) lines.push(`  issuer id: ${issuerId}`);
  return `${lines.join('\n')}\n`;
}

async function issueHere(io: Io, options: IssueOptions): Promise<Issued> {
  await using authority = await connect(io, options);
  const validity = options.days === undefined ? {} : { validityDays: options.days };
  if (options.hosted !== undefined) {
    return issuedOrganization(
      await authority.createOrganization({ commonName: options.hosted, ...validity }),
    );
  }
  if (options.renew !== undefined && options.csr === undefined) {
    return issuedOrganization(await authority.renewOrganization(options.renew));
  }
  const csr = await readInput(io, required(options.csr, '--csr FILE'));
  if (options.kind === 'organization') {
    const renewed = options.renew === undefined ? {} : { organization: options.renew };
    return issuedOrganization(await authority.issueOrganization(csr, { ...validity, ...renewed }));
  }
  const issuer = required(options.issuer, '--issuer ID (or --issuer-key)');
  return await authority.issuePlugin(csr, { issuer, ...validity });
}

function issuedOrganization(record: Awaited<ReturnType<AuthorityAdmin['issueOrganization']>>): Issued {
  return { ...record, issuerId: record.keyId };
}

async function issueWithOwnKey(io: Io, options: IssueOptions): Promise<Issued> {
  const signed = await issuePluginWith({
    csr: await readInput(io, required(options.csr, '--csr FILE')),
    issuerKey: await readPrivateKey(io, required(options.issuerKey, '--issuer-key KEY')),
    issuerCertificate: await readInput(io, required(options.issuerCert, '--issuer-cert PEM')),
    ocspUrl: required(options.ocspUrl, '--ocsp-url URL'),
    crlUrl: options.crlUrl,
    validityDays: options.days,
    at: io.clock(),
  });
  return { chainPem: signed.chainPem, subject: 'the plugin' };
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError('OPTION_MISSING', `${option} is needed here`);
  return value;
}

export interface RevokeOptions extends AuthorityOptions {
  readonly reason: string;
}

/** `jpl ca revoke SERIAL|FINGERPRINT`: for good; OCSP and CRL say so when it returns. */
export async function caRevoke(io: Io, certificate: string, options: RevokeOptions): Promise<number> {
  await using authority = await connect(io, options);
  const outcome = await authority.revoke({ certificate, reason: options.reason });
  const { subject, revocation } = outcome.certificate;
  if (options.json) printJson(io, outcome);
  else
    io.stdout(
      `${subject}: ${outcome.already ? 'was revoked' : 'revoked'} at ${revocation?.at}, ${revocation?.reason}\n`,
    );
  return 0;
}

/** `jpl ca list`: what was issued, and what became of it. */
export async function caList(io: Io, options: AuthorityOptions): Promise<number> {
  await using authority = await connect(io, options);
  const all = [];
  for (let after = 0; ; ) {
    const page = await authority.listCertificates({ after, limit: 500 });
    all.push(...page.certificates);
    if (page.next === undefined) break;
    after = page.next;
  }
  if (options.json) printJson(io, all);
  else {
    for (const { kind, serialNumber, subject, notAfter, revocation } of all) {
      const state = revocation === undefined ? `until ${notAfter.slice(0, 10)}` : `revoked ${revocation.at}`;
      io.stdout(`${kind.padEnd(12)}  ${serialNumber}  ${subject}  ${state}\n`);
    }
  }
  return 0;
}

export interface ServeAuthorityOptions extends AuthorityOptions {
  readonly port: number;
  readonly host: string;
}

/** `jpl ca serve`: OCSP and CRLs for everybody, administration on a socket of its user only; until stopped. */
export async function caServe(io: Io, options: ServeAuthorityOptions): Promise<number> {
  await using authority = await openAuthority({
    dir: resolve(io.cwd, options.dataDir),
    clock: io.clock,
    passphrase: io.env[passphraseVariable],
  });
  await using admin = await createAdminServer(authority);
  await using server = await createPublicServer(authority);
  await admin.listen();
  const { url } = await listening(server.listen({ host: options.host, port: options.port }));
  announce(io, { url });
  await untilStopped(io);
  return 0;
}

/** The server that has the folder open, else the folder itself for as long as the command takes. */
function connect(io: Io, options: AuthorityOptions): Promise<AuthorityAdmin> {
  const dir = resolve(io.cwd, options.dataDir);
  return connectAuthority({ dir, clock: io.clock, passphrase: io.env[passphraseVariable] });
}
