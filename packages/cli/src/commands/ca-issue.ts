import { resolve } from 'node:path';
import type { AuthorityAdmin } from '@jami-plugin-store/authority';
import { type DelegationChoice, isNamed, reachAuthority, reachDelegation } from '../authority-access.js';
import { type Io, printJson } from '../io.js';
import { createNew } from '../new-file.js';
import { readInput } from '../options.js';
import { UsageError } from '../usage-error.js';
import { readPrivateKey } from './sign.js';

export interface IssueOptions extends DelegationChoice {
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
  /** Names this wish, so that repeating it gives the same certificate. */
  readonly requestId?: string | undefined;
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
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
    options.issuerKey === undefined ? await issueThere(io, options) : await issueWithOwnKey(io, options);
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

async function issueThere(io: Io, options: IssueOptions): Promise<Issued> {
  if (options.store !== undefined) {
    throw new UsageError('OPTION_MISSING', '--issuer-key is needed with --store: a store issues nothing');
  }
  await using authority = await reachAuthority(io, options);
  const { requestId } = options;
  const wish = { requestId, validityDays: options.days };
  if (options.hosted !== undefined) {
    return issuedOrganization(await authority.createOrganization({ commonName: options.hosted, ...wish }));
  }
  if (options.renew !== undefined && options.csr === undefined) {
    return issuedOrganization(await authority.renewOrganization(options.renew, wish));
  }
  const csr = await readInput(io, required(options.csr, '--csr FILE'));
  if (options.kind === 'organization') {
    return issuedOrganization(
      await authority.issueOrganization(csr, { ...wish, organization: options.renew }),
    );
  }
  const issuer = required(options.issuer, '--issuer ID (or --issuer-key)');
  return await authority.issuePlugin(csr, { issuer, ...wish });
}

function issuedOrganization(record: Awaited<ReturnType<AuthorityAdmin['issueOrganization']>>): Issued {
  return { ...record, issuerId: record.keyId };
}

/** Signs here; where an authority or a store is named, the certificate is made known there before it is handed out. */
async function issueWithOwnKey(io: Io, options: IssueOptions): Promise<Issued> {
  const { issuePluginWith } = await import('@jami-plugin-store/authority');
  const { der, chainPem } = await issuePluginWith({
    csr: await readInput(io, required(options.csr, '--csr FILE')),
    issuerKey: await readPrivateKey(io, required(options.issuerKey, '--issuer-key KEY')),
    issuerCertificate: await readInput(io, required(options.issuerCert, '--issuer-cert PEM')),
    ocspUrl: options.ocspUrl,
    crlUrl: options.crlUrl,
    validityDays: options.days,
    at: io.clock(),
  });
  if (!isNamed(options)) return { chainPem, subject: 'the plugin' };
  await using authority = await reachDelegation(io, options);
  const { subject, serialNumber, fingerprint } = await authority.registerCertificate(der);
  return { chainPem, subject, serialNumber, fingerprint };
}

function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new UsageError('OPTION_MISSING', `${option} is needed here`);
  return value;
}
