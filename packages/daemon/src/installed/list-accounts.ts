import { join } from 'node:path';
import type { Disk } from '../disk/disk.js';
import { isAccountId } from '../preferences/account-id.js';
import type { Layout } from './layout.js';

/** The form in which Jami makes account ids. */
const jamiForm = /^[0-9a-f]{16}$/;

/**
 * Accounts that have a folder in the data folder, sorted: real folders (no links) whose name is an account id (docs/trust.md)
 * and either has the form Jami gives it, 16 lowercase hex digits, or already holds a folder `plugins`.
 */
export async function listAccounts(disk: Disk, { dataDir }: Layout): Promise<string[]> {
  const accounts: string[] = [];
  for (const name of await disk.list(dataDir)) {
    if (!isAccountId(name) || (await disk.kindOf(join(dataDir, name))) !== 'directory') continue;
    const isAccount =
      jamiForm.test(name) || (await disk.kindOf(join(dataDir, name, 'plugins'))) === 'directory';
    if (isAccount) accounts.push(name);
  }
  return accounts;
}
