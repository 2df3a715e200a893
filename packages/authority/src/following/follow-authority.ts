import { readSettings } from '../settings.js';
import { authorityFolder } from '../storage/folder.js';
import { AuthorityFollower } from './authority-follower.js';

export interface FollowAuthorityOptions {
  readonly dir: string;
  readonly clock: () => Date;
  /** Opens the keys of the OCSP signers, where they are protected; the passphrase of the CA keys is not needed. */
  readonly responderPassphrase?: string | undefined;
  /** Told of what does not go as it should while the old still serves. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
}

/**
 * Answers from an authority's folder beside the process that has it open, or without one.
 * @throws {AuthorityError} AUTHORITY_NOT_FOUND | AUTHORITY_DAMAGED | LEDGER_DAMAGED | LEDGER_ROLLED_BACK |
 *   RESPONDER_NOT_AVAILABLE | PASSPHRASE_REQUIRED | PASSPHRASE_WRONG | STORAGE_FAILED
 */
export async function followAuthority(options: FollowAuthorityOptions): Promise<AuthorityFollower> {
  const folder = authorityFolder(options.dir);
  const settings = await readSettings(folder);
  const follower = new AuthorityFollower({
    folder,
    settings,
    clock: options.clock,
    passphrase: options.responderPassphrase,
    report: options.onTrouble ?? (() => undefined),
  });
  follower.assertReady();
  return follower;
}
