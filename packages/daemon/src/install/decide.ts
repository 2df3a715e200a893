import type { InstallExpectation } from '@jami-plugin-store/contract';
import { compareVersions } from '@jami-plugin-store/jpl';
import { type Publisher, samePublisher, type VerifiedPlugin } from '@jami-plugin-store/trust';
import { DaemonError } from '../error.js';
import type { InstallRecord } from '../installed/record.js';

/** What the caller asked for, beyond "install this file". */
export interface InstallWish {
  readonly expect?: InstallExpectation | undefined;
  readonly force?: boolean | undefined;
  readonly acceptPublisher?: string | undefined;
  readonly store?: string | undefined;
}

/**
 * Whether a verified package is the one that was asked for. Belongs before all that is known of the installed one
 * (docs/trust.md, "Order of checks").
 * @throws {DaemonError} UNEXPECTED_PLUGIN
 */
export function assertExpected(
  plugin: VerifiedPlugin,
  sha256: string,
  expect: InstallExpectation | undefined,
): void {
  if (expect === undefined) return;
  const differs = (what: string, wanted: string, got: string) =>
    new DaemonError(
      'UNEXPECTED_PLUGIN',
      `The package is validly signed, but its ${what} is ${got}; ${wanted} was asked for.`,
      { plugin: named(plugin), publisher: plugin.publisher },
    );
  if (expect.id !== plugin.id) throw differs('plugin', expect.id, plugin.id);
  if (expect.version !== undefined && compareVersions(expect.version, plugin.version) !== 0)
    throw differs('version', expect.version, plugin.version);
  if (expect.sha256 !== undefined && expect.sha256 !== sha256)
    throw differs('SHA-256', expect.sha256, sha256);
}

/**
 * What an update may be (docs/trust.md): the same publisher, or one the user confirmed; the same store; a higher version, or `force`. A
 * disabled plugin is healed by its own version, too.
 * @throws {DaemonError} PUBLISHER_CHANGED | OTHER_STORE | SAME_VERSION | NEWER_INSTALLED
 */
export function assertMayReplace(
  plugin: VerifiedPlugin,
  { record, isDisabled }: { readonly record: InstallRecord; readonly isDisabled: boolean },
  wish: InstallWish,
): void {
  assertPublisher(plugin, record, wish.acceptPublisher);
  assertStore(plugin, record, wish.store);
  if (wish.force === true) return;
  const isRepair = isDisabled && compareVersions(plugin.version, record.version) === 0;
  if (!isRepair) assertHigherVersion(plugin, record);
}

/** What a user confirms when the publisher changes: the organization, or the plugin key where there is none. */
export function publisherIdentity(publisher: Publisher): string {
  return publisher.organization ?? publisher.pluginKey;
}

function assertPublisher(
  plugin: VerifiedPlugin,
  installed: InstallRecord,
  accepted: string | undefined,
): void {
  if (samePublisher(plugin.publisher, installed.publisher)) return;
  if (accepted === publisherIdentity(plugin.publisher)) return;
  throw new DaemonError(
    'PUBLISHER_CHANGED',
    `${plugin.id} is installed from ${installed.publisher.name}; this package was published by ${plugin.publisher.name}, who is somebody else.`,
    { ...against(plugin, installed), publisher: plugin.publisher, installedPublisher: installed.publisher },
  );
}

function assertStore(plugin: VerifiedPlugin, installed: InstallRecord, store: string | undefined): void {
  // A file the user hands over comes from no store; it must still be of the same publisher.
  if (store === undefined || installed.store === undefined || installed.store === store) return;
  throw new DaemonError(
    'OTHER_STORE',
    `${plugin.id} was installed from ${installed.store}; a plugin of the same id from ${store} is another plugin. Uninstall the first one before.`,
    against(plugin, installed),
  );
}

function assertHigherVersion(plugin: VerifiedPlugin, installed: InstallRecord): void {
  const order = compareVersions(plugin.version, installed.version);
  if (order === 0) {
    throw new DaemonError(
      'SAME_VERSION',
      `${plugin.id} ${installed.version} is installed already.`,
      against(plugin, installed),
    );
  }
  if (order < 0) {
    throw new DaemonError(
      'NEWER_INSTALLED',
      `${plugin.id} ${installed.version} is installed, which is newer than ${plugin.version}.`,
      against(plugin, installed),
    );
  }
}

function named(plugin: VerifiedPlugin): { id: string; version: string } {
  return { id: plugin.id, version: plugin.version };
}

function against(plugin: VerifiedPlugin, installed: InstallRecord) {
  return { plugin: named(plugin), installedVersion: installed.version };
}
