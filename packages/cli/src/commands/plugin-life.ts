import {
  Deprecation,
  publishingPaths,
  Transfer,
  TransferList,
  YankedVersion,
} from '@jami-plugin-store/contract';
import { type Io, printJson } from '../io.js';
import { printable } from '../printable.js';
import { reachStore, type StoreChoice } from '../publishing/store-connection.js';
import { UsageError } from '../usage-error.js';

interface LifeOptions extends StoreChoice {
  readonly json?: boolean | undefined;
}

export interface YankOptions extends LifeOptions {
  readonly reason: string;
  readonly undo?: boolean | undefined;
}

/** `jpl yank ID VERSION --reason TEXT`: offered to nobody any more; `--undo` offers it again. */
export async function yank(io: Io, id: string, version: string, options: YankOptions): Promise<number> {
  await using store = await reachStore(io, options);
  const path = publishingPaths.versionStep(id, version, options.undo === true ? 'unyank' : 'yank');
  const answer = await store.ask(YankedVersion, 'POST', path, { reason: options.reason });
  const state = answer.yanked === undefined ? 'is offered' : `was taken back: ${answer.yanked.reason}`;
  if (options.json) printJson(io, answer);
  else io.stdout(`${printable(`${answer.plugin} ${answer.version} ${state}`)}\n`);
  return 0;
}

export interface DeprecateOptions extends LifeOptions {
  readonly reason?: string | undefined;
  readonly successor?: string | undefined;
  readonly undo?: boolean | undefined;
}

/** `jpl deprecate ID --reason TEXT [--successor ID]`, or `--undo` */
export async function deprecate(io: Io, id: string, options: DeprecateOptions): Promise<number> {
  const { reason, successor, undo } = options;
  if ((undo === true) === (reason !== undefined))
    throw new UsageError('USAGE', 'either --reason or --undo is needed');
  await using store = await reachStore(io, options);
  const path = publishingPaths.deprecation(id);
  const answer =
    reason === undefined
      ? await store.ask(Deprecation, 'DELETE', path)
      : await store.ask(Deprecation, 'PUT', path, {
          reason,
          ...(successor === undefined ? {} : { successor }),
        });
  const { deprecated } = answer;
  if (options.json) printJson(io, answer);
  else if (deprecated === undefined) io.stdout(`${printable(answer.plugin)} is not deprecated\n`);
  else {
    const instead = deprecated.successor === undefined ? '' : `; instead: ${deprecated.successor}`;
    io.stdout(`${printable(`${answer.plugin} is deprecated: ${deprecated.reason}${instead}`)}\n`);
  }
  return 0;
}

/** `jpl transfer offer ID ORGANIZATION`: nothing changes until the other accepts. */
export async function transferOffer(
  io: Io,
  id: string,
  to: string,
  options: LifeOptions & { readonly reason?: string | undefined },
): Promise<number> {
  await using store = await reachStore(io, options);
  const { reason } = options;
  const body = { to, ...(reason === undefined ? {} : { reason }) };
  const transfer = await store.ask(Transfer, 'POST', publishingPaths.pluginTransfers(id), body);
  printTransfer(io, transfer, options);
  return 0;
}

/** `jpl transfer accept|decline|withdraw OFFER` */
export async function transferStep(
  io: Io,
  step: 'accept' | 'decline' | 'withdraw',
  offer: string,
  options: LifeOptions,
): Promise<number> {
  await using store = await reachStore(io, options);
  const transfer = await store.ask(Transfer, 'POST', publishingPaths.transferStep(offer, step), {});
  printTransfer(io, transfer, options);
  return 0;
}

/** `jpl transfer list` */
export async function transferList(io: Io, options: LifeOptions): Promise<number> {
  await using store = await reachStore(io, options);
  const { transfers } = await store.ask(TransferList, 'GET', publishingPaths.transfers);
  if (options.json) printJson(io, transfers);
  else for (const transfer of transfers) printTransfer(io, transfer, {});
  return 0;
}

function printTransfer(io: Io, transfer: Transfer, { json }: { readonly json?: boolean | undefined }): void {
  if (json) {
    printJson(io, transfer);
    return;
  }
  const { id, plugin, from, to, state, expiresAt } = transfer;
  const until = state === 'offered' ? `, until ${expiresAt}` : '';
  io.stdout(`${printable(`${id}  ${plugin}: ${state}${until}`)}\n  from ${from}\n  to   ${to}\n`);
}
