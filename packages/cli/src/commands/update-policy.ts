import type { Client } from '@jami-plugin-store/client';
import type { UpdatePolicy, UpdatePolicyChange } from '@jami-plugin-store/contract';
import { DaemonError } from '@jami-plugin-store/daemon';
import { isVersion } from '@jami-plugin-store/jpl';
import { assertDataDir } from '../daemon-access.js';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { UsageError } from '../usage-error.js';
import { withClient } from '../user-client.js';

export interface UpdatePolicyOptions {
  readonly dataDir?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl pin ID` and `jpl unpin ID`: stays at its version until it is unpinned, or updated by name. */
export async function pin(
  io: Io,
  id: string,
  pinned: boolean,
  options: UpdatePolicyOptions,
): Promise<number> {
  return await decide(io, id, options, async () => ({ pinned }));
}

/** `jpl hold ID DAYS`: takes new releases only when they are that many days old. */
export async function hold(
  io: Io,
  id: string,
  holdDays: number,
  options: UpdatePolicyOptions,
): Promise<number> {
  return await decide(io, id, options, async () => ({ holdDays }));
}

/** `jpl skip ID [VERSION]`: passes over a version, by default the one that is offered now; `--undo` takes that back. */
export async function skip(
  io: Io,
  id: string,
  version: string | undefined,
  { undo, ...options }: UpdatePolicyOptions & { readonly undo?: boolean | undefined },
): Promise<number> {
  if (undo === true && version !== undefined) throw new UsageError('USAGE', '--undo takes no version');
  if (version !== undefined && !isVersion(version))
    throw new UsageError('USAGE', `${JSON.stringify(version)} is no version`);
  return await decide(io, id, options, async (client) => ({
    skippedVersion: undo === true ? null : (version ?? (await offeredVersion(client, id))),
  }));
}

async function offeredVersion({ updates }: Client, id: string): Promise<string> {
  await updates.look();
  const found = updates.updates().find((one) => one.id === id);
  if (found !== undefined) return found.offered;
  throw new UsageError(
    'USAGE',
    `nothing newer than the installed ${id} is known: name the version to pass over`,
  );
}

async function decide(
  io: Io,
  id: string,
  options: UpdatePolicyOptions,
  change: (client: Client) => Promise<UpdatePolicyChange>,
): Promise<number> {
  await assertDataDir(io, id, options);
  const policy = await withClient(io, { dataDir: options.dataDir }, async (client) => {
    if (client.mirror.rows.every((row) => row.id !== id))
      throw new DaemonError('PLUGIN_NOT_INSTALLED', `${id} is not installed`);
    return await client.settings.changePolicy(id, await change(client));
  });
  if (options.json) printJson(io, { id, ...policy });
  else io.stdout(`${printable(`${id} ${describe(policy)}`)}\n`);
  return 0;
}

function describe({ pinned, skippedVersion, holdDays }: UpdatePolicy): string {
  if (pinned) return 'is pinned to its version';
  const passed = skippedVersion === null ? '' : `, but not ${skippedVersion}`;
  const days = holdDays === 1 ? 'a day' : `${holdDays} days`;
  return holdDays === 0 ? `takes new releases${passed}` : `takes releases that are ${days} old${passed}`;
}
