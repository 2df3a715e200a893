import type { Client, Unanswered, UpdateFound } from '@jami-plugin-store/client';
import type { HeldBack, InstalledPlugin, PluginFailure } from '@jami-plugin-store/contract';
import { DaemonError } from '@jami-plugin-store/daemon';
import { assertDataDir, dataDirOf, exists } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import type { PolicyOptions } from '../policy.js';
import { printable } from '../printable.js';
import { clearProgress, drawProgress } from '../progress.js';
import { acceptsPublisher, describePublishers } from '../publisher-change.js';
import { describeRefusal, refusalOfFailure } from '../refusal.js';
import { UsageError } from '../usage-error.js';
import { withClient } from '../user-client.js';
import { describeHeldBack } from './outdated.js';

export interface UpdateOptions extends PolicyOptions {
  readonly all?: boolean | undefined;
  readonly acceptPublisher?: string | undefined;
  readonly json?: boolean | undefined;
}

/** What became of one plugin; `current`: there is nothing newer. */
interface Outcome {
  readonly id: string;
  readonly store: string;
  readonly status: 'updated' | 'current' | 'held-back' | 'failed';
  readonly from: string;
  /** The version that was installed, or that was to be; without one there is nothing newer, or nobody knows. */
  readonly to?: string | undefined;
  readonly heldBack?: HeldBack | undefined;
  readonly failure?: PluginFailure | undefined;
}

/**
 * `jpl update ID…` and `jpl update --all`: what a person names is updated also where it is pinned, passed over or held back; all others only as they
 * would be by themselves. Each only from the store it came from.
 */
export async function update(io: Io, ids: readonly string[], options: UpdateOptions): Promise<number> {
  assertUse(ids, options);
  const outcomes: Outcome[] = [];
  const note = (outcome: Outcome): void => {
    outcomes.push(outcome);
    if (options.json !== true) print(io, outcome, ids.length > 0);
  };
  const [first] = ids;
  if (first !== undefined) await assertDataDir(io, first, options);
  if (await exists(dataDirOf(io, options)))
    await withClient(io, options, (client) => updateEach(io, client, ids, options, note));
  if (options.json) printJson(io, outcomes.map(row));
  else if (outcomes.every(({ status }) => status === 'current') && ids.length === 0)
    io.stderr('Everything is up to date.\n');
  return outcomes.some(({ status }) => status === 'failed') ? 1 : 0;
}

function assertUse(ids: readonly string[], { all, acceptPublisher }: UpdateOptions): void {
  if ((all === true) === ids.length > 0) throw new UsageError('USAGE', 'either ids or --all is needed');
  if (acceptPublisher !== undefined && ids.length !== 1)
    throw new UsageError('USAGE', '--accept-publisher is about one plugin');
}

async function updateEach(
  io: Io,
  client: Client,
  ids: readonly string[],
  options: UpdateOptions,
  note: (outcome: Outcome) => void,
): Promise<void> {
  const { mirror, stores, updates } = client;
  await mirror.ensureRows();
  const isAll = ids.length === 0;
  // What cannot be updated at all is said before anything is.
  const rows = isAll
    ? mirror.rows.filter((row) => stores.homeOf(row) !== undefined)
    : [...new Set(ids)].map((id) => rowOf(client, id));
  await updates.look();
  for (const row of rows) {
    const about = { id: row.id, store: stores.homeOf(row)?.name ?? '', from: row.version ?? '' };
    const found = updates.updates().find(({ id }) => id === row.id);
    const silence = updates.unanswered.find(({ id }) => id === row.id);
    if (silence !== undefined) note(failed(about, silence));
    else if (found === undefined) note({ ...about, status: 'current' });
    else if (isAll && found.taken === undefined) note(heldBack(about, found));
    else note(await updateOne(io, client, found, isAll ? found.taken : undefined, options));
    io.signal.throwIfAborted();
  }
}

/** @throws {DaemonError} PLUGIN_NOT_INSTALLED @throws {UsageError} STORE_NOT_CONFIGURED */
function rowOf({ mirror, stores }: Client, id: string): InstalledPlugin {
  const row = mirror.rows.find((one) => one.id === id);
  if (row === undefined) throw new DaemonError('PLUGIN_NOT_INSTALLED', `${id} is not installed`);
  if (stores.homeOf(row) !== undefined) return row;
  const whence = row.store === undefined ? 'a file' : row.store;
  throw new UsageError(
    'STORE_NOT_CONFIGURED',
    `${id} was installed from ${whence}: no configured store may update it`,
  );
}

async function updateOne(
  io: Io,
  client: Client,
  found: UpdateFound,
  version: string | undefined,
  { acceptPublisher, json }: UpdateOptions,
): Promise<Outcome> {
  const { id, store, installed, offered } = found;
  const about = { id, store: store.name, from: installed };
  const stopWatching = client.on((news) => {
    if (news.type === 'plugin' && news.id === id && news.snapshot !== undefined)
      drawProgress(io, news.snapshot, `${id}: `);
  });
  try {
    const attempt = (accepted: string | undefined) =>
      client.updates.update(found, { version, acceptPublisher: accepted });
    let snapshot = await attempt(acceptPublisher);
    clearProgress(io);
    const confirmed = json ? undefined : await acceptsPublisher(io, id, snapshot.failure);
    if (confirmed !== undefined) snapshot = await attempt(confirmed);
    const { failure } = snapshot;
    const to = version ?? snapshot.target?.version ?? offered;
    if (failure !== undefined) return { ...about, status: 'failed', to, failure };
    return { ...about, status: 'updated', to: snapshot.installed?.version ?? to };
  } finally {
    stopWatching();
    clearProgress(io);
  }
}

function failed(about: Pick<Outcome, 'id' | 'store' | 'from'>, { failure }: Unanswered): Outcome {
  return { ...about, status: 'failed', failure };
}

function heldBack(about: Pick<Outcome, 'id' | 'store' | 'from'>, found: UpdateFound): Outcome {
  return { ...about, status: 'held-back', to: found.offered, heldBack: found.heldBack };
}

/** `code` and `message` are what every refusal of this command line has. */
function row({ failure, ...outcome }: Outcome): object {
  const { code, message, entry, publisher, installedPublisher } = failure ?? {};
  return {
    ...outcome,
    code: code ?? null,
    ...(failure === undefined ? {} : { message, entry, publisher, installedPublisher }),
  };
}

function print(io: Io, outcome: Outcome, isNamed: boolean): void {
  const { id, status, from, to, heldBack: why, failure } = outcome;
  if (status === 'updated') io.stdout(`${printable(`${id} ${to} is installed in place of ${from}`)}\n`);
  else if (status === 'current' && isNamed) io.stdout(`${printable(`${id} ${from} is up to date`)}\n`);
  else if (status === 'held-back' && why !== undefined)
    io.stdout(`${printable(`${id} stays at ${from}: ${to} is ${describeHeldBack(why)}`)}\n`);
  else if (failure !== undefined) {
    const refusal = refusalOfFailure(failure);
    io.stderr(
      `${printable(id)}: ${describeRefusal(refusal)}${describePublishers(`jpl update ${id}`, refusal)}`,
    );
  }
}
