import type { DatabaseKind, StoreTransaction } from '../database/database.js';
import { lockPlugin } from './refresh-plugin.js';

/**
 * Removes a package's row, so that the same bytes can be recorded anew; the audit log keeps what happened. Its plugin is held from then on, and is
 * to be refreshed in the same transaction where the package was offered.
 */
export async function forgetPackage(tx: StoreTransaction, kind: DatabaseKind, number: number): Promise<void> {
  const { plugin_number: plugin } = await tx
    .selectFrom('packages')
    .select('plugin_number')
    .where('number', '=', number)
    .executeTakeFirstOrThrow();
  await lockPlugin(tx, kind, plugin);
  for (const table of ['offers', 'package_texts', 'package_certificates'] as const)
    await tx.deleteFrom(table).where('package_number', '=', number).execute();
  await tx.deleteFrom('packages').where('number', '=', number).execute();
}
