import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import type { AuthorityAdmin } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { adminSocketName, authorityFolder } from '../storage/folder.js';
import { socketAddress } from '../storage/socket-address.js';
import { adminOver } from './admin-calls.js';
import { callOver, unreachable } from './exchange.js';

/**
 * Speaks with the server that has an authority's folder open, over its administrative socket.
 * @throws {AuthorityError} ADMIN_UNREACHABLE where no server listens
 */
export async function connectAdmin(dir: string): Promise<AuthorityAdmin> {
  const folder = authorityFolder(dir);
  const address = await socketAddress(folder.root, adminSocketName);
  try {
    const secret = await readFile(folder.adminSecret, 'utf8');
    const call = callOver({
      request: (options) => httpRequest({ ...options, socketPath: address.path }),
      headers: { authorization: `Bearer ${secret}` },
    });
    const admin = adminOver(call, async () => address[Symbol.asyncDispose]());
    await admin.status();
    return admin;
  } catch (cause) {
    await address[Symbol.asyncDispose]();
    if (cause instanceof AuthorityError) throw cause;
    throw unreachable(cause);
  }
}
