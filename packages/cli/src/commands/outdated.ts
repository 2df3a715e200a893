import type { Client, UpdateFound } from '@jami-plugin-store/client';
import type { HeldBack, InstalledNotice, InstalledPlugin, PluginFailure } from '@jami-plugin-store/contract';
import { dataDirOf, exists } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { describeRefusal } from '../refusal.js';
import { withClient } from '../user-client.js';

export interface OutdatedOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

interface Notice extends InstalledNotice {
  readonly id: string;
  readonly store: string;
  readonly version: string;
  readonly deprecated?: { readonly reason: string; readonly successor?: string | undefined };
}

interface Report {
  readonly checkedAt?: string | undefined;
  readonly updates: (Omit<UpdateFound, 'store'> & { readonly store: string })[];
  readonly notices: Notice[];
  readonly failures: StoreFailure[];
}

/** A store that could not be asked about some of what was installed from it. */
export interface StoreFailure extends Pick<PluginFailure, 'code' | 'message'> {
  readonly store: string;
  readonly plugins: string[];
}

/**
 * `jpl outdated`: asks every store what is newer than what was installed from it; nothing is updated. Ends with 1 where a store could not be
 * asked: what it would have said is not known.
 */
export async function outdated(io: Io, options: OutdatedOptions): Promise<number> {
  const report = (await exists(dataDirOf(io, options)))
    ? await withClient(io, { dataDir: options.dataDir }, look)
    : { updates: [], notices: [], failures: [] };
  if (options.json) printJson(io, report);
  else print(io, report);
  return report.failures.length === 0 ? 0 : 1;
}

async function look(client: Client): Promise<Report> {
  const { updates, mirror } = client;
  await updates.look();
  return {
    checkedAt: updates.checkedAt,
    updates: updates.updates().map(({ store, ...update }) => ({ ...update, store: store.name })),
    notices: mirror.rows.flatMap((row) => noticeOf(client, row)),
    failures: failuresOf(client),
  };
}

function noticeOf(client: Client, row: InstalledPlugin): Notice[] {
  const store = client.stores.homeOf(row);
  const notice = client.updates.notice(row);
  const deprecated = client.updates.deprecation(row);
  if (store === undefined || (notice === undefined && deprecated === undefined)) return [];
  const about = { id: row.id, store: store.name, version: row.version ?? '' };
  return [{ ...about, ...notice, ...(deprecated === undefined ? {} : { deprecated }) }];
}

/** What the last look did not learn, by store. */
export function failuresOf(client: Client): StoreFailure[] {
  const byStore = new Map<string, StoreFailure>();
  for (const { store, id, failure } of client.updates.unanswered) {
    const { code, message } = failure;
    const known = byStore.get(store.name) ?? { store: store.name, code, message, plugins: [] };
    known.plugins.push(id);
    byStore.set(store.name, known);
  }
  return [...byStore.values()];
}

function print(io: Io, { updates, notices, failures }: Report): void {
  for (const { id, store, installed, offered, heldBack, taken } of updates) {
    const held = heldBack === undefined ? '' : `  ${describeHeldBack(heldBack)}`;
    const instead = heldBack === undefined || taken === undefined ? '' : `; ${taken} is not`;
    io.stdout(`${printable(`${id}  ${installed} -> ${offered}  (${store})${held}${instead}`)}\n`);
  }
  for (const notice of notices)
    for (const text of textsOf(notice))
      io.stdout(`${printable(`${notice.id}  ${notice.version}  (${notice.store})  ${text}`)}\n`);
  printFailures(io, failures);
  if (updates.length === 0 && failures.length === 0) io.stderr('Everything is up to date.\n');
}

function textsOf({ yanked, revoked, revision, isGone, deprecated }: Notice): string[] {
  const instead = deprecated?.successor === undefined ? '' : `; instead: ${deprecated.successor}`;
  return [
    ...(revoked === undefined ? [] : [`its certificate was revoked: ${revoked.reason}`]),
    ...(yanked === undefined ? [] : [`this version was taken back: ${yanked.reason}`]),
    ...(deprecated === undefined ? [] : [`deprecated: ${deprecated.reason}${instead}`]),
    ...(revision === undefined ? [] : ['there under a renewed certificate']),
    ...(isGone === true ? ['the store offers it for this platform no more'] : []),
  ];
}

/** Why an update is not made by itself, as words that follow a version. */
export function describeHeldBack({ reason, until, code }: HeldBack): string {
  switch (reason) {
    case 'pinned':
      return 'pinned';
    case 'skipped':
      return 'passed over';
    case 'too-new':
      return until === undefined ? 'too new' : `too new until ${until}`;
    case 'other-publisher':
      return 'of another publisher';
    case 'failed':
      return `could not be installed the last time: ${code ?? ''}`;
  }
}

export function printFailures(io: Io, failures: readonly StoreFailure[]): void {
  for (const { store, plugins, code, message } of failures) {
    const about = `${store} could not be asked about ${plugins.join(', ')}: ${message}`;
    io.stderr(describeRefusal({ code, message: about, exitCode: 1 }));
  }
}
