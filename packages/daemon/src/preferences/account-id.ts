import { DaemonError } from '../error.js';

/** docs/trust.md: an account's id becomes a part of a path. */
const accountId = /^[A-Za-z0-9]{1,64}$/;
/** Folders of the data folder that are no account's, on whatever file system. */
const taken: ReadonlySet<string> = new Set(['plugins', 'jpl']);

export function isAccountId(account: string): boolean {
  return accountId.test(account) && !taken.has(account.toLowerCase());
}

/** @throws {DaemonError} ACCOUNT_ID_INVALID */
export function assertAccountId(account: string): void {
  if (isAccountId(account)) return;
  throw new DaemonError(
    'ACCOUNT_ID_INVALID',
    `${JSON.stringify(account.slice(0, 64))} is not the id of an account: letters and digits, 64 at most.`,
  );
}
