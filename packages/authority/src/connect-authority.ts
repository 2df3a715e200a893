import { setTimeout as delay } from 'node:timers/promises';
import type { AuthorityAdmin } from './authority-admin.js';
import { AuthorityError } from './error.js';
import { connectAdmin } from './http/admin-client.js';
import { type OpenAuthorityOptions, openAuthority } from './open-authority.js';

export interface ConnectAuthorityOptions extends OpenAuthorityOptions {
  /** How long to wait for a process that has the folder but serves nobody. Default 10 seconds. */
  readonly patienceMs?: number | undefined;
}

const retryMs = 50;

/**
 * The authority of a folder, whoever has it: opened here, or through the server that has it open. A short-lived other
 * user (another command) is waited for.
 * @throws {AuthorityError} those of `openAuthority`; AUTHORITY_BUSY when the other process neither serves nor ends
 */
export async function connectAuthority(options: ConnectAuthorityOptions): Promise<AuthorityAdmin> {
  const { patienceMs = 10_000 } = options;
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    try {
      return await openAuthority(options);
    } catch (error) {
      if (!(error instanceof AuthorityError) || error.code !== 'AUTHORITY_BUSY') throw error;
      const admin = await serverOf(options.dir);
      if (admin !== undefined) return admin;
      if (waitedMs >= patienceMs) throw error;
    }
    await delay(retryMs);
  }
}

async function serverOf(dir: string): Promise<AuthorityAdmin | undefined> {
  try {
    return await connectAdmin(dir);
  } catch (error) {
    if (error instanceof AuthorityError && ['ADMIN_UNREACHABLE', 'ADMIN_NOT_ALLOWED'].includes(error.code)) {
      return undefined;
    }
    throw error;
  }
}
