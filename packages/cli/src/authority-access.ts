import { resolve } from 'node:path';
import type { AuthorityAdmin, DelegationAdmin, OpenAuthorityOptions } from '@jami-plugin-store/authority';
import type { Io } from './io.js';
import { passphraseVariable, readInput, responderPassphraseVariable } from './options.js';
import { readToken } from './store-token.js';
import { UsageError } from './usage-error.js';

/** Which authority a command is about: the folder on this machine, or a server and a credential. */
export interface AuthorityChoice {
  readonly dataDir?: string | undefined;
  /** `https://host:port` of the administrative listener. */
  readonly authority?: string | undefined;
  /** File that `jpl ca credential issue` wrote. */
  readonly credential?: string | undefined;
}

/**
 * The authority of a choice: its folder (or the server that has it open), or the one at an address.
 * @throws {UsageError} OPTION_MISSING and the codes of `readInput`
 */
export async function reachAuthority(io: Io, choice: AuthorityChoice): Promise<AuthorityAdmin> {
  const { connectAuthority, connectRemoteAuthority } = await import('@jami-plugin-store/authority');
  const passphrase = io.env[passphraseVariable];
  if (choice.authority === undefined) {
    if (choice.credential !== undefined) throw missing('--authority URL');
    if (choice.dataDir === undefined)
      throw missing('--data-dir DIR, or --authority URL with --credential FILE,');
    return connectAuthority(openOptions(io, choice.dataDir));
  }
  if (choice.credential === undefined) throw missing('--credential FILE');
  const credential = await readInput(io, choice.credential);
  return connectRemoteAuthority({ url: choice.authority, credential, passphrase });
}

/** How an authority's folder is opened: with the passphrases of the environment. */
export function openOptions(io: Io, dataDir: string): OpenAuthorityOptions {
  return {
    dir: resolve(io.cwd, dataDir),
    clock: io.clock,
    passphrase: io.env[passphraseVariable],
    responderPassphrase: io.env[responderPassphraseVariable],
  };
}

export interface DelegationChoice extends AuthorityChoice {
  /** URL of a store that passes on what an organization brings. */
  readonly store?: string | undefined;
  /** File with the publisher's token; else it stands in the environment. */
  readonly tokenFile?: string | undefined;
}

/** The authority itself, or the store before it. @throws {UsageError} those of `reachAuthority` and `readToken` */
export async function reachDelegation(io: Io, choice: DelegationChoice): Promise<DelegationAdmin> {
  if (choice.store === undefined) {
    if (isNamed(choice)) return reachAuthority(io, choice);
    throw missing('--store URL, --authority URL or --data-dir DIR');
  }
  const token = await readToken(io, choice);
  const { connectStoreRelay } = await import('@jami-plugin-store/authority');
  return connectStoreRelay({ storeUrl: choice.store, token });
}

/** True where a command is told of an authority, or of a store before one. */
export function isNamed({ dataDir, authority, credential, store }: DelegationChoice): boolean {
  return [dataDir, authority, credential, store].some((option) => option !== undefined);
}

const missing = (option: string): UsageError => new UsageError('OPTION_MISSING', `${option} is needed here`);
