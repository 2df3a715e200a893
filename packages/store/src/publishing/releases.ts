import type { Deprecation, DeprecationWish, YankedVersion } from '@jami-plugin-store/contract';
import { isVersion } from '@jami-plugin-store/jpl';
import { actorOf, type Caller } from '../access/caller.js';
import { plainText } from '../access/plain-text.js';
import { appendAudit } from '../audit/audit-log.js';
import { refreshPlugin } from '../catalog/refresh-plugin.js';
import { versionKey } from '../catalog/version-key.js';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import { StoreError } from '../error.js';
import { holdPlugin, nameOfOrganization, type PluginRow } from './owned-plugin.js';

export interface ReleasesOptions {
  readonly database: StoreDatabase;
  readonly clock: () => Date;
}

/** What may become of a published plugin: a version taken back, a successor named. */
export interface Releases {
  /**
   * Takes a version back, or offers it again. Who asks for exactly this version still gets it.
   * @throws {StoreError} PLUGIN_NOT_FOUND | ORGANIZATION_FOREIGN | RELEASE_NOT_FOUND | TEXT_NOT_ALLOWED
   */
  yank(
    caller: Caller,
    id: string,
    version: string,
    wish: { yank: boolean; reason: string },
  ): Promise<YankedVersion>;
  /**
   * Says that a plugin is no longer cared for, and what to use instead; undefined takes that back.
   * @throws {StoreError} PLUGIN_NOT_FOUND | ORGANIZATION_FOREIGN | SUCCESSOR_INVALID | TEXT_NOT_ALLOWED
   */
  deprecate(caller: Caller, id: string, wish: DeprecationWish | undefined): Promise<Deprecation>;
}

export function createReleases({ database, clock }: ReleasesOptions): Releases {
  return {
    async yank(caller, id, version, { yank, reason }) {
      const at = clock();
      const why = plainText('reason', reason);
      return await database.transact(async (tx) => {
        const plugin = await holdPlugin(tx, database.kind, caller, id);
        const release = await releaseOf(tx, plugin, version);
        if ((release.yanked_at !== null) !== yank) {
          release.yanked_at = yank ? at.getTime() : null;
          release.yanked_reason = yank ? why : null;
          const { yanked_at, yanked_reason, number } = release;
          await tx
            .updateTable('releases')
            .set({ yanked_at, yanked_reason })
            .where('number', '=', number)
            .execute();
          await refreshPlugin(tx, database.kind, plugin.number, at);
          await appendAudit(tx, {
            at,
            actor: actorOf(caller),
            action: yank ? 'yanked' : 'unyanked',
            subject: `plugin/${plugin.id}`,
            plugin: plugin.id,
            version: release.version,
            publisher: await nameOfOrganization(tx, plugin.owner),
            reason: why,
          });
        }
        const { yanked_at, yanked_reason } = release;
        return {
          plugin: plugin.id,
          version: release.version,
          ...(yanked_at === null
            ? {}
            : { yanked: { reason: yanked_reason ?? '', at: new Date(yanked_at).toISOString() } }),
        };
      });
    },
    async deprecate(caller, id, wish) {
      const at = clock();
      const reason = wish === undefined ? null : plainText('reason', wish.reason);
      const successor = wish?.successor ?? null;
      return await database.transact(async (tx) => {
        const plugin = await holdPlugin(tx, database.kind, caller, id);
        if (successor !== null) await assertSuccessor(tx, plugin, successor);
        const isChange = plugin.deprecated_reason !== reason || plugin.deprecated_successor !== successor;
        const since = reason === null ? null : (plugin.deprecated_at ?? at.getTime());
        if (isChange) {
          await tx
            .updateTable('plugins')
            .set({ deprecated_at: since, deprecated_reason: reason, deprecated_successor: successor })
            .where('number', '=', plugin.number)
            .execute();
          await refreshPlugin(tx, database.kind, plugin.number, at);
          await appendAudit(tx, {
            at,
            actor: actorOf(caller),
            action: reason === null ? 'undeprecated' : 'deprecated',
            subject: `plugin/${plugin.id}`,
            plugin: plugin.id,
            publisher: await nameOfOrganization(tx, plugin.owner),
            reason: reason ?? undefined,
            detail: { successor: successor ?? undefined },
          });
        }
        if (reason === null || since === null) return { plugin: plugin.id };
        return {
          plugin: plugin.id,
          deprecated: {
            reason,
            ...(successor === null ? {} : { successor }),
            since: new Date(since).toISOString(),
          },
        };
      });
    },
  };
}

/** @throws {StoreError} RELEASE_NOT_FOUND */
async function releaseOf(tx: StoreTransaction, plugin: PluginRow, version: string) {
  const row = isVersion(version)
    ? await tx
        .selectFrom('releases')
        .select(['number', 'version', 'yanked_at', 'yanked_reason'])
        .where('plugin_number', '=', plugin.number)
        .where('version_key', '=', versionKey(version))
        .where('published_at', 'is not', null)
        .executeTakeFirst()
    : undefined;
  if (row !== undefined) return row;
  throw new StoreError('RELEASE_NOT_FOUND', `No version ${version} of ${plugin.id} was ever published here.`);
}

/** One that people can install here, and that does not itself point on. @throws {StoreError} SUCCESSOR_INVALID */
async function assertSuccessor(tx: StoreTransaction, plugin: PluginRow, successor: string): Promise<void> {
  const row = await tx
    .selectFrom('plugins')
    .select(['number', 'listed', 'deprecated_at'])
    .where('id', '=', successor)
    .executeTakeFirst();
  const invalid = (why: string): StoreError =>
    new StoreError('SUCCESSOR_INVALID', `${successor} cannot be the successor of ${plugin.id}: ${why}.`);
  if (row === undefined || row.listed === null) throw invalid('it is not offered here');
  if (row.number === plugin.number) throw invalid('it is the plugin itself');
  if (row.deprecated_at !== null) throw invalid('it is deprecated, too');
}
