import { Authority } from './authority.js';
import { CrlPublisher } from './crl/crl-publisher.js';
import { DecisionQueue } from './decision-queue.js';
import { AuthorityError } from './error.js';
import { IssuerKeys } from './issuing/issuer-keys.js';
import { openLedger } from './ledger/ledger.js';
import type { LedgerRecord } from './ledger/record.js';
import { Registry } from './ledger/registry.js';
import { ResponderKeys } from './ocsp/responder-keys.js';
import { readSettings, type Settings } from './settings.js';
import { type AuthorityFolder, authorityFolder } from './storage/folder.js';
import { type FolderLock, lockFolder } from './storage/lock.js';
import { Troubles } from './troubles.js';
import { spkiOf } from './x509/key.js';

export interface OpenAuthorityOptions {
  readonly dir: string;
  readonly clock: () => Date;
  readonly passphrase?: string | undefined;
  /** For the keys of the OCSP signers, so that those who only answer need not know the other. Default: `passphrase`. */
  readonly responderPassphrase?: string | undefined;
}

/**
 * Opens an authority's folder for this process alone, until disposed.
 * @throws {AuthorityError} AUTHORITY_NOT_FOUND | AUTHORITY_BUSY | AUTHORITY_DAMAGED | LEDGER_DAMAGED |
 *   LEDGER_ROLLED_BACK | PASSPHRASE_REQUIRED | PASSPHRASE_WRONG | STORAGE_FAILED
 */
export async function openAuthority(options: OpenAuthorityOptions): Promise<Authority> {
  const folder = authorityFolder(options.dir);
  // Before the lock: looking for an authority must not make folders.
  const settings = await readSettings(folder);
  const lock = await lockFolder(folder.lock);
  try {
    return await assemble(folder, settings, lock, options);
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

async function assemble(
  folder: AuthorityFolder,
  settings: Settings,
  lock: FolderLock,
  { clock, passphrase, responderPassphrase = passphrase }: OpenAuthorityOptions,
): Promise<Authority> {
  const keys = await IssuerKeys.open(folder, passphrase);
  const registry = new Registry();
  const ledger = await openLedger(folder.ledger, (record) => registry.apply(record));
  const revocationListeners = new Set<() => void>();
  const write = async (record: LedgerRecord): Promise<void> => {
    await ledger.append(record);
    registry.apply(record);
    if (record.type === 'revoked') for (const listener of revocationListeners) listener();
  };
  try {
    await assertWhole(registry, keys, folder);
    const troubles = new Troubles(clock);
    const crls = new CrlPublisher({
      folder,
      registry,
      keys,
      clock,
      validityMs: settings.validity.crlMs,
      troubles,
    });
    await crls.load();
    const responders = new ResponderKeys({
      folder,
      keys,
      passphrases: [responderPassphrase, passphrase],
      clock,
      validityMs: settings.validity.responderMs,
      troubles,
      record: write,
    });
    await responders.load(registry.issuers.values());
    const parts = { folder, settings, clock, passphrase, registry, ledger, keys, crls, responders, troubles };
    const decisions = new DecisionQueue();
    return new Authority({ ...parts, lock, write, revocationListeners, decisions });
  } catch (error) {
    await ledger[Symbol.asyncDispose]();
    throw error;
  }
}

/** @throws {AuthorityError} LEDGER_DAMAGED | AUTHORITY_DAMAGED, and what opening the key throws */
async function assertWhole(registry: Registry, keys: IssuerKeys, folder: AuthorityFolder): Promise<void> {
  const root = registry.issuers.get('root');
  if (root === undefined) {
    throw new AuthorityError('LEDGER_DAMAGED', 'The ledger does not begin with the root.', {
      path: folder.ledger,
    });
  }
  const key = keys.has('root') ? await keys.get('root') : undefined;
  if (key !== undefined && spkiOf(key).equals(root.certificate.publicKey.spki)) return;
  throw new AuthorityError(
    'AUTHORITY_DAMAGED',
    'The root key is missing or does not belong to the root certificate.',
    {
      path: folder.key('root'),
    },
  );
}
