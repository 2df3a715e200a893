import type { CrlPublisher } from './crl/crl-publisher.js';
import type { DecisionQueue } from './decision-queue.js';
import type { IssuerKeys } from './issuing/issuer-keys.js';
import type { Ledger } from './ledger/ledger.js';
import type { LedgerRecord } from './ledger/record.js';
import type { Registry } from './ledger/registry.js';
import type { ResponderKeys } from './ocsp/responder-keys.js';
import type { Settings } from './settings.js';
import type { AuthorityFolder } from './storage/folder.js';
import type { FolderLock } from './storage/lock.js';
import type { Troubles } from './troubles.js';

/** What `openAuthority` puts together. */
export interface AuthorityParts {
  readonly folder: AuthorityFolder;
  readonly settings: Settings;
  readonly clock: () => Date;
  readonly passphrase: string | undefined;
  readonly registry: Registry;
  readonly ledger: Ledger;
  readonly keys: IssuerKeys;
  readonly crls: CrlPublisher;
  readonly responders: ResponderKeys;
  readonly troubles: Troubles;
  readonly lock: FolderLock;
  readonly decisions: DecisionQueue;
  /** Called after each revocation. */
  readonly revocationListeners: Set<() => void>;
  /** On the disk first, then known, then told to those who listen. @throws {AuthorityError} LEDGER_NOT_WRITABLE */
  write(record: LedgerRecord): Promise<void>;
}
