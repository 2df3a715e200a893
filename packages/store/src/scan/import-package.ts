import { appendAudit } from '../audit/audit-log.js';
import { forgetPackage } from '../catalog/forget-package.js';
import type { PackageFacts } from '../catalog/package-facts.js';
import { type RecordedPackage, recordPackage } from '../catalog/record-package.js';
import { lockPlugin, refreshPlugin } from '../catalog/refresh-plugin.js';
import type { DatabaseKind, StoreTransaction } from '../database/database.js';
import { StoreError } from '../error.js';
import { assertUndoubted } from '../revoking/doubts.js';
import type { ImportedFile } from './imported-files.js';
import type { PackageFile } from './package-files.js';

/** Who publishes by putting a file into the folder, as the audit log names it. */
const actor = 'operator, by the packages folder';

export interface Import {
  readonly folder: string;
  readonly found: PackageFile;
  readonly facts: PackageFacts;
  /** Files taken in before whose package is not there any more: gone, or replaced by another. */
  readonly gone: readonly ImportedFile[];
  readonly at: Date;
}

export interface Imported {
  /** Whether it was not published before. */
  readonly isNew: boolean;
  /** Of those that are gone: withdrawn now, or the same package. */
  readonly settled: readonly ImportedFile[];
}

/**
 * Publishes what a file of the folder holds, in place of what its plugin had from files that are gone. The same bytes under another name, or
 * judged anew, stay what was published, since when it was.
 * @throws {StoreError} PACKAGE_DUPLICATE | PLUGIN_ID_TAKEN | VERSION_TAKEN | CATEGORIES_MALFORMED | CERTIFICATE_DOUBTED
 */
export async function importPackage(
  tx: StoreTransaction,
  kind: DatabaseKind,
  { folder, found, facts, gone, at }: Import,
): Promise<Imported> {
  const plugin = await pluginOf(tx, facts.id);
  if (plugin !== undefined) await lockPlugin(tx, kind, plugin);
  const known = await packageOf(tx, facts.sha256);
  const moved = gone.filter(({ sha256 }) => sha256 === facts.sha256);
  if (known?.state === 'published' && moved.length === 0) await assertOwn(tx, folder, found, facts);
  const replaced = gone.filter((file) => file.plugin === plugin && file.sha256 !== facts.sha256);
  for (const file of replaced) await withdrawFile(tx, kind, folder, file, at);
  const settled = [...moved, ...replaced];
  if (known?.state === 'published' && isJudgedAs(known, facts)) {
    await noteFile(tx, folder, found, facts.sha256);
    return { isNew: false, settled };
  }
  const recorded = await recordAnew(tx, kind, { facts, at, known });
  await noteFile(tx, folder, found, facts.sha256);
  const isNew = known?.state !== 'published';
  if (isNew) {
    await appendAudit(tx, {
      at,
      actor,
      action: recorded.revision > 1 ? 'revised' : 'published',
      subject: `package/${facts.sha256}`,
      plugin: facts.id,
      version: facts.version,
      publisher: facts.publisher.name,
      detail: { sha256: facts.sha256, organization: facts.publisher.organization },
    });
  }
  await assertUndoubted(tx, recorded.number);
  return { isNew, settled };
}

type KnownPackage = NonNullable<Awaited<ReturnType<typeof packageOf>>>;

/** Records a package as published; where it was before, since when it was. What spoke against it still does. */
async function recordAnew(
  tx: StoreTransaction,
  kind: DatabaseKind,
  { facts, at, known }: { facts: PackageFacts; at: Date; known: KnownPackage | undefined },
): Promise<RecordedPackage> {
  const wasHere = known?.state === 'published' || known?.state === 'withdrawn';
  if (wasHere) await forgetPackage(tx, kind, known.number);
  const publishedAt = wasHere && known.published_at !== null ? new Date(known.published_at) : at;
  const recorded = await recordPackage(tx, kind, { facts, state: 'published', at, actor, publishedAt });
  if (wasHere) {
    const { suspended_at, revoked_at, revoked_reason } = known;
    await tx
      .updateTable('packages')
      .set({ suspended_at, revoked_at, revoked_reason })
      .where('number', '=', recorded.number)
      .execute();
  }
  await refreshPlugin(tx, kind, recorded.plugin, at);
  return recorded;
}

/** True where judging it again has found nothing that is not known. */
function isJudgedAs(known: KnownPackage, { anchor, revocation }: PackageFacts): boolean {
  return known.is_trusted === 1 && known.anchor === anchor && known.revocation_mode === revocation;
}

/** Takes out what was published because a file lay there. Its id stays its publisher's, its bytes stay for whoever puts them back. */
export async function withdrawFile(
  tx: StoreTransaction,
  kind: DatabaseKind,
  folder: string,
  { file, sha256, package: number, plugin }: ImportedFile,
  at: Date,
): Promise<void> {
  await lockPlugin(tx, kind, plugin);
  await tx
    .deleteFrom('imported_files')
    .where('folder', '=', folder)
    .where('file', '=', file)
    .where('sha256', '=', sha256)
    .execute();
  const withdrawn = await tx
    .updateTable('packages')
    .set({ state: 'withdrawn', decided_at: at.getTime(), decided_by: actor })
    .where('number', '=', number)
    .where('state', '=', 'published')
    .returning(['version', 'publisher_name'])
    .executeTakeFirst();
  if (withdrawn === undefined) return;
  const { id } = await tx
    .selectFrom('plugins')
    .select('id')
    .where('number', '=', plugin)
    .executeTakeFirstOrThrow();
  await refreshPlugin(tx, kind, plugin, at);
  await appendAudit(tx, {
    at,
    actor,
    action: 'withdrawn',
    subject: `package/${sha256}`,
    plugin: id,
    version: withdrawn.version,
    publisher: withdrawn.publisher_name,
    reason: `${file} is not in the packages folder any more`,
    detail: { sha256 },
  });
}

function packageOf(tx: StoreTransaction, sha256: string) {
  return tx
    .selectFrom('packages')
    .select([
      'number',
      'state',
      'published_at',
      'is_trusted',
      'anchor',
      'revocation_mode',
      'suspended_at',
      'revoked_at',
      'revoked_reason',
    ])
    .where('sha256', '=', sha256)
    .executeTakeFirst();
}

async function pluginOf(tx: StoreTransaction, id: string): Promise<number | undefined> {
  const row = await tx
    .selectFrom('plugins')
    .select('number')
    .where('id_key', '=', id.toLowerCase())
    .executeTakeFirst();
  return row?.number;
}

/** The package is published: by this very file, and it is only judged anew? @throws {StoreError} PACKAGE_DUPLICATE */
async function assertOwn(
  tx: StoreTransaction,
  folder: string,
  { file }: PackageFile,
  { sha256 }: PackageFacts,
): Promise<void> {
  const imported = await tx
    .selectFrom('imported_files')
    .select(['folder', 'file'])
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  if (imported?.folder === folder && imported.file === file) return;
  const other = imported?.folder === folder ? imported.file : 'a package that was handed in';
  throw new StoreError(
    'PACKAGE_DUPLICATE',
    `${file} has the same bytes as ${other}, which is published already.`,
    { file },
  );
}

async function noteFile(
  tx: StoreTransaction,
  folder: string,
  { file, size, mtimeMs }: PackageFile,
  sha256: string,
): Promise<void> {
  await tx
    .deleteFrom('imported_files')
    .where('folder', '=', folder)
    .where((where) => where.or([where('file', '=', file), where('sha256', '=', sha256)]))
    .execute();
  await tx
    .insertInto('imported_files')
    .values({ folder, file, size, mtime_ms: Math.trunc(mtimeMs), sha256 })
    .execute();
}
