import { resolve } from 'node:path';
import type { Credential } from '@jami-plugin-store/contract';
import { type AuthorityChoice, reachAuthority } from '../authority-access.js';
import { type Io, printJson } from '../io.js';
import { createNew } from '../new-file.js';
import { readInput } from '../options.js';

interface CredentialOptions extends AuthorityChoice {
  readonly dataDir: string;
  readonly json?: boolean | undefined;
}

export interface IssueCredentialOptions extends CredentialOptions {
  readonly role: Credential['role'];
  readonly csr?: string | undefined;
  readonly days?: number | undefined;
  readonly output?: string | undefined;
}

/** `jpl ca credential issue NAME`: the file with which somebody administers from afar; it holds a key and is shown once. */
export async function caCredentialIssue(
  io: Io,
  name: string,
  options: IssueCredentialOptions,
): Promise<number> {
  await using newFile =
    options.output === undefined ? undefined : await createNew(resolve(io.cwd, options.output), 0o600);
  const csr = options.csr === undefined ? undefined : await readInput(io, options.csr);
  await using authority = await reachAuthority(io, options);
  const { bundlePem, ...credential } = await authority.issueCredential({
    name,
    role: options.role,
    csr,
    validityDays: options.days,
  });
  await newFile?.fill(bundlePem);
  if (options.json) printJson(io, newFile === undefined ? { ...credential, bundlePem } : credential);
  else if (newFile === undefined) io.stdout(bundlePem);
  else {
    io.stdout(`${options.output}: credential of ${name}, ${options.role}, until ${credential.notAfter}\n`);
    if (csr !== undefined) io.stdout('  its holder adds the private key to this file\n');
  }
  return 0;
}

/** `jpl ca credential list` */
export async function caCredentialList(io: Io, options: CredentialOptions): Promise<number> {
  await using authority = await reachAuthority(io, options);
  const credentials = await authority.listCredentials();
  if (options.json) printJson(io, credentials);
  else {
    for (const { name, role, notAfter, state, fingerprint } of credentials) {
      const until = state === 'good' ? `until ${notAfter.slice(0, 10)}` : state;
      io.stdout(`${role.padEnd(8)}  ${name}  ${until}  ${fingerprint}\n`);
    }
  }
  return 0;
}

/** `jpl ca credential revoke NAME|SHA256`: it opens nothing more when this returns. */
export async function caCredentialRevoke(
  io: Io,
  credential: string,
  options: CredentialOptions,
): Promise<number> {
  await using authority = await reachAuthority(io, options);
  const revoked = await authority.revokeCredential({ credential });
  if (options.json) printJson(io, revoked);
  else io.stdout(`${revoked.name}: revoked at ${revoked.revokedAt}\n`);
  return 0;
}
