import type { IssuedCertificate } from '@jami-plugin-store/contract';
import { type DelegationChoice, reachDelegation } from '../authority-access.js';
import { type Io, printJson } from '../io.js';
import { readInput } from '../options.js';
import { readPrivateKey } from './sign.js';

export interface DelegateOptions extends DelegationChoice {
  readonly issuerKey: string;
  readonly issuerCert: string;
  readonly days?: number | undefined;
  readonly json?: boolean | undefined;
}

/**
 * `jpl ca delegate`: lets the authority's responder answer for what an organization signs with its own key. The key stays here: it
 * signs a request of the responder, and the certificate goes back.
 */
export async function caDelegate(io: Io, options: DelegateOptions): Promise<number> {
  const { issueResponderWith, issuerIdOf } = await import('@jami-plugin-store/authority');
  const issuerKey = await readPrivateKey(io, options.issuerKey);
  const issuerCertificate = await readInput(io, options.issuerCert);
  const issuer = issuerIdOf(issuerCertificate);
  await using authority = await reachDelegation(io, options);
  const { csrPem } = await authority.requestDelegation(issuer);
  const { der } = await issueResponderWith({
    csr: Buffer.from(csrPem),
    issuerKey,
    issuerCertificate,
    validityDays: options.days,
    at: io.clock(),
  });
  const adopted = await authority.adoptDelegation(der);
  if (options.json) printJson(io, adopted);
  else {
    io.stdout(`${adopted.subject}: answers for ${issuer} until ${adopted.notAfter}\n`);
    io.stdout('  delegate again before then, with the same command\n');
  }
  return 0;
}

export interface RegisterOptions extends DelegationChoice {
  readonly json?: boolean | undefined;
}

/** `jpl ca register FILE`: makes a certificate known that an organization signed with its own key. */
export async function caRegister(io: Io, file: string, options: RegisterOptions): Promise<number> {
  const certificate = await readInput(io, file);
  await using authority = await reachDelegation(io, options);
  const registered = await authority.registerCertificate(certificate);
  if (options.json) printJson(io, registered);
  else io.stdout(`${describe(registered)}\n`);
  return 0;
}

const describe = ({ subject, serialNumber, revocation }: IssuedCertificate): string =>
  revocation === undefined
    ? `${subject}: known under the serial number ${serialNumber}`
    : `${subject}: known, and revoked at ${revocation.at}, ${revocation.reason}`;
