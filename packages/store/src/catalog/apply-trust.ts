import type { RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import type { StoreDatabase, StoreQueries, StoreTransaction } from '../database/database.js';
import { lockPlugin, refreshPlugin } from './refresh-plugin.js';

export interface TrustSettings {
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
}

/** From the mode that asks least to the one that asks most. */
const modes: readonly RevocationMode[] = ['off', 'when-named', 'required'];
/** Roots, and modes, under which a package may have been judged. */
interface Trusted {
  readonly roots: readonly string[];
  readonly enough: readonly RevocationMode[];
}

const setting = 'trust';
const batchSize = 100;

/**
 * Makes what is offered follow the roots and the strictness of now: packages that were judged under others are held back until they are
 * judged again, and are offered again where the settings come back. Looks at packages only where the settings differ from those applied last.
 * @returns how many plugins it changed
 */
export async function applyTrust(
  database: StoreDatabase,
  { anchors, revocation }: TrustSettings,
  at: Date,
): Promise<number> {
  const roots = anchors.map(({ certificate }) => certificate.fingerprint).sort();
  const value = JSON.stringify({ roots, revocation });
  const { queries } = database;
  const applied = await queries
    .selectFrom('settings')
    .select('value')
    .where('name', '=', setting)
    .executeTakeFirst();
  if (applied?.value === value) return 0;
  const enough = modes.slice(modes.indexOf(revocation));
  let changed = 0;
  for (let last = 0; ; ) {
    const plugins = await differing(queries, { roots, enough }, last);
    for (const { plugin_number: plugin } of plugins) {
      last = plugin;
      if (await database.transact((tx) => applyTo(tx, database, plugin, { roots, enough, at }))) changed += 1;
    }
    if (plugins.length < batchSize) break;
  }
  // Last: a process that is stopped half-way begins again.
  await queries
    .insertInto('settings')
    .values({ name: setting, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
  return changed;
}

/** Plugins after a number, with packages that are held back and should not be, or the other way round. */
function differing(queries: StoreQueries, { roots, enough }: Trusted, last: number) {
  return queries
    .selectFrom('packages')
    .select('plugin_number')
    .distinct()
    .where('plugin_number', '>', last)
    .where((where) => {
      const isOfRoot = roots.length === 0 ? where.lit(false) : where('anchor', 'in', roots);
      const isTrusted = where.and([isOfRoot, where('revocation_mode', 'in', enough)]);
      return where.or([
        where.and([where('is_trusted', '=', 1), where.not(isTrusted)]),
        where.and([where('is_trusted', '=', 0), isTrusted]),
      ]);
    })
    .orderBy('plugin_number')
    .limit(batchSize)
    .execute();
}

async function applyTo(
  tx: StoreTransaction,
  { kind }: StoreDatabase,
  plugin: number,
  { roots, enough, at }: Trusted & { readonly at: Date },
): Promise<boolean> {
  await lockPlugin(tx, kind, plugin);
  const packages = await tx
    .selectFrom('packages')
    .select(['number', 'anchor', 'revocation_mode', 'is_trusted'])
    .where('plugin_number', '=', plugin)
    .execute();
  let isChanged = false;
  for (const { number, anchor, revocation_mode, is_trusted } of packages) {
    const isTrusted = roots.includes(anchor) && enough.includes(revocation_mode) ? 1 : 0;
    if (is_trusted === isTrusted) continue;
    await tx.updateTable('packages').set({ is_trusted: isTrusted }).where('number', '=', number).execute();
    isChanged = true;
  }
  if (isChanged) await refreshPlugin(tx, kind, plugin, at);
  return isChanged;
}
