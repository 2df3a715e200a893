import type { StoreDatabase } from '../database/database.js';
import { type createSecret, hashOfSecret } from './secret.js';

/** A requester, for tests: files an open certificate request as it stands in the database; no authority is asked. */
export async function fileOpenRequest(
  { queries }: StoreDatabase,
  { id, secret }: ReturnType<typeof createSecret>,
): Promise<void> {
  await queries
    .insertInto('certificate_requests')
    .values({
      id,
      secret_hash: hashOfSecret(secret),
      kind: 'organization',
      csr: '',
      key_sha256: '0'.repeat(64),
      subject: 'CN=x',
      contact: 'x@y',
      state: 'open',
      created_at: 0,
    })
    .execute();
}
