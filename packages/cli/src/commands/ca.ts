import { resolve } from 'node:path';
import {
  createAdminServer,
  createPublicServer,
  createRemoteAdminServer,
  followAuthority,
  initAuthority,
  type KeyType,
  openAuthority,
} from '@jami-plugin-store/authority';
import type { RequestCheck } from '@jami-plugin-store/contract';
import { type AuthorityChoice, openOptions, reachAuthority } from '../authority-access.js';
import { type Io, printJson } from '../io.js';
import { passphraseVariable, readInput, responderPassphraseVariable } from '../options.js';
import { printable } from '../printable.js';
import { announce, listening, untilStopped } from '../serving.js';

export interface InitOptions {
  readonly dataDir: string;
  readonly name: string;
  readonly organization?: string | undefined;
  readonly country?: string | undefined;
  readonly baseUrl: string;
  readonly keyType?: KeyType | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl ca init`: a new authority with its root, in a folder of its own. */
export async function caInit(io: Io, options: InitOptions): Promise<number> {
  const opening = openOptions(io, options.dataDir);
  const { dir } = opening;
  const made = await initAuthority({ ...options, ...opening });
  const report = { dir, rootSha256: made.rootFingerprint, rootPem: made.rootPem };
  if (options.json) printJson(io, report);
  else io.stdout(`${dir}: an authority named ${options.name}\n  root SHA-256: ${made.rootFingerprint}\n`);
  return 0;
}

export interface CheckOptions extends AuthorityChoice {
  readonly csr: string;
  readonly kind: RequestCheck['use'];
  readonly issuer?: string | undefined;
  readonly renew?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl ca check`: what issuing would make of a request, or the refusal it would give; nothing is issued. */
export async function caCheck(io: Io, options: CheckOptions): Promise<number> {
  const csr = await readInput(io, options.csr);
  await using authority = await reachAuthority(io, options);
  const { kind, issuer, renew } = options;
  const checked = await authority.checkRequest(csr, { use: kind, issuer, organization: renew });
  if (options.json) printJson(io, checked);
  else {
    const { subject, keyType, keyBits, keyId, requestSha256 } = checked;
    io.stdout(`${options.csr}: a certificate for ${subject} would be issued\n`);
    io.stdout(`  key: ${keyType}, ${keyBits} bits, ${keyId}\n  request SHA-256: ${requestSha256}\n`);
  }
  return 0;
}

export interface RevokeOptions extends AuthorityChoice {
  readonly reason: string;
  readonly json?: boolean | undefined;
}

/** `jpl ca revoke SERIAL|FINGERPRINT`: for good; OCSP and CRL say so when it returns. */
export async function caRevoke(io: Io, certificate: string, options: RevokeOptions): Promise<number> {
  await using authority = await reachAuthority(io, options);
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
export async function caList(io: Io, options: AuthorityChoice & { json?: boolean }): Promise<number> {
  await using authority = await reachAuthority(io, options);
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

export interface ServeAuthorityOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly host: string;
  readonly adminPort?: number | undefined;
  readonly adminHost: string;
}

/**
 * `jpl ca serve`: OCSP and CRLs for everybody; administration on a socket of its user only and, where a port is given for it, by
 * mutual TLS for holders of credentials; until stopped.
 */
export async function caServe(io: Io, options: ServeAuthorityOptions): Promise<number> {
  await using authority = await openAuthority(openOptions(io, options.dataDir));
  await using admin = createAdminServer(authority);
  await using remote = options.adminPort === undefined ? undefined : createRemoteAdminServer(authority);
  await using server = createPublicServer(authority);
  await admin.listen();
  const { adminPort: port = 0, adminHost: host } = options;
  const remoteAt = remote === undefined ? undefined : await listening(remote.listen({ host, port }));
  const { url } = await listening(server.listen({ host: options.host, port: options.port }));
  announce(io, remoteAt === undefined ? { url } : { url, adminUrl: remoteAt.url });
  await untilStopped(io);
  return 0;
}

export interface RespondOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly host: string;
}

/** `jpl ca respond`: a further process that answers from the folder, whoever has it open; until stopped. */
export async function caRespond(io: Io, options: RespondOptions): Promise<number> {
  const say = sayingOnce(io);
  await using follower = await followAuthority({
    dir: resolve(io.cwd, options.dataDir),
    clock: io.clock,
    responderPassphrase: io.env[responderPassphraseVariable] ?? io.env[passphraseVariable],
    onTrouble: say,
  });
  await using server = createPublicServer(follower, { onFailure: say });
  announce(io, await listening(server.listen({ host: options.host, port: options.port })));
  await untilStopped(io);
  return 0;
}

/** Says what goes wrong to whoever watches, and not again for each client that meets it. */
function sayingOnce(io: Io): (error: unknown) => void {
  let said: string | undefined;
  return (error) => {
    const message = error instanceof Error ? error.message : String(error);
    if (message !== said) io.stderr(`jpl: ${printable(message)}\n`);
    said = message;
  };
}
