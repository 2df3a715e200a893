import {
  type DownloadBreak,
  type InstalledRelease,
  type OfferedRelease,
  type PluginFailure,
  resultCodeOf,
} from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import { assign, fromPromise, setup } from 'xstate';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { pluginFailure } from './plugin-failure.js';
import { isSameRelease } from './plugin-release.js';
import type {
  DownloadedArchive,
  DownloadInput,
  InstallConsent,
  InstallInput,
  RollbackInput,
  UninstallInput,
} from './plugin-work.js';

export interface PluginContext {
  id: string;
  offered: OfferedRelease | undefined;
  installed: InstalledRelease | undefined;
  target: OfferedRelease | undefined;
  consent: InstallConsent;
  archive: DownloadedArchive | undefined;
  /** Version the daemon's events have brought while it was asked to install or to go back. */
  arrived: string | undefined;
  download: { received: number; total?: number | undefined; broken?: DownloadBreak | undefined } | undefined;
  verification: { done: number; of: number } | undefined;
  failure: PluginFailure | undefined;
  /** What `retry` does again. */
  attempted: 'install' | 'uninstall' | 'rollback';
}

export type PluginEvent =
  | { type: 'install' | 'update' | 'retry'; consent?: InstallConsent | undefined }
  | { type: 'cancel' | 'dismiss' | 'uninstall' | 'rollback' }
  | { type: 'store.offers'; release: OfferedRelease | undefined }
  | { type: 'daemon.installed'; release: InstalledRelease }
  | { type: 'daemon.disabled'; disabled: NonNullable<InstalledRelease['disabled']> }
  | { type: 'daemon.healed' | 'daemon.removed' }
  | { type: 'download.target'; release: OfferedRelease }
  | { type: 'download.progress'; received: number; total: number | undefined }
  | { type: 'download.broken'; broken: DownloadBreak }
  | { type: 'install.progress'; done: number; of: number };

function notProvided(): Promise<never> {
  return Promise.reject(new Error('The machine was started without its work: use providePluginWork'));
}

const isHigher = (version: string, than: string): boolean =>
  isVersion(version) && isVersion(than) && compareVersions(version, than) > 0;
const isEqual = (version: string, to: string): boolean =>
  isVersion(version) && isVersion(to) && compareVersions(version, to) === 0;

/** What the machine's definition is written in: its events, its memory, what it asks and what it notes. */
export const machineSetup = setup({
  types: {
    context: {} as PluginContext,
    events: {} as PluginEvent,
    /** `busy`: work is being done; it ends by itself. */
    tags: {} as 'busy',
    input: {} as Pick<PluginContext, 'id'> & Partial<Pick<PluginContext, 'offered' | 'installed'>>,
  },
  actors: {
    download: fromPromise<DownloadedArchive, DownloadInput>(notProvided),
    install: fromPromise<InstalledRelease, InstallInput>(notProvided),
    uninstall: fromPromise<void, UninstallInput>(notProvided),
    rollback: fromPromise<InstalledRelease, RollbackInput>(notProvided),
  },
  guards: {
    isInstalled: ({ context }) => context.installed !== undefined,
    isDisabled: ({ context }) => context.installed?.disabled !== undefined,
    isUpdatable: ({ context }) =>
      context.installed !== undefined &&
      context.offered !== undefined &&
      isHigher(context.offered.version, context.installed.version),
    isOffered: ({ context }) => context.offered !== undefined && context.installed === undefined,
    /** The same or an older version, because the user insists. */
    isForced: ({ context, event }) =>
      context.offered !== undefined &&
      'consent' in event &&
      (event.consent?.force === true || event.consent?.version !== undefined),
    /** A disabled plugin is healed by its own version, too. */
    isRepairable: ({ context }) =>
      context.installed?.disabled !== undefined &&
      context.offered !== undefined &&
      isEqual(context.offered.version, context.installed.version),
    hasPrevious: ({ context }) => context.installed?.previousVersion !== undefined,
    isNews: ({ context, event }) =>
      event.type === 'daemon.installed' && !isSameRelease(event.release, context.installed),
    /** The daemon has, or has better than, what is being fetched. */
    isOvertaken: ({ context, event }) => {
      const target = context.target ?? context.offered;
      return (
        event.type === 'daemon.installed' &&
        target !== undefined &&
        (context.consent.version === undefined || context.consent.onlyHigher === true) &&
        !isSameRelease(event.release, context.installed) &&
        !isHigher(target.version, event.release.version)
      );
    },
    /** The daemon's event brought it, whatever became of its answer; a refusal of another reason stands. */
    hasArrived: ({ context }, params: { error: unknown }) =>
      context.arrived !== undefined &&
      context.arrived === context.target?.version &&
      (!(params.error instanceof DaemonRefusal) || params.error.resultCode === resultCodeOf['same-version']),
    wasUninstalling: ({ context }) => context.attempted === 'uninstall' && context.installed !== undefined,
    wasRestoring: ({ context }) =>
      context.attempted === 'rollback' && context.installed?.previousVersion !== undefined,
  },
  actions: {
    noteOffer: assign({
      offered: ({ context, event }) => (event.type === 'store.offers' ? event.release : context.offered),
    }),
    noteInstalled: assign({
      installed: ({ context, event }) =>
        event.type === 'daemon.installed' ? event.release : context.installed,
    }),
    noteArrived: assign({
      arrived: ({ context, event }) =>
        event.type === 'daemon.installed' ? event.release.version : context.arrived,
    }),
    noteDisabled: assign({
      installed: ({ context, event }) =>
        event.type === 'daemon.disabled' && context.installed !== undefined
          ? { ...context.installed, disabled: event.disabled }
          : context.installed,
    }),
    noteHealed: assign({
      installed: ({ context: { installed } }) => {
        if (installed === undefined) return undefined;
        const { disabled: _, ...healed } = installed;
        return healed;
      },
    }),
    noteRemoved: assign({ installed: undefined }),
    noteTarget: assign({
      target: ({ context, event }) => (event.type === 'download.target' ? event.release : context.target),
      // A version the user chose is not what the store offers by itself.
      offered: ({ context, event }) =>
        event.type === 'download.target' && context.consent.version === undefined
          ? event.release
          : context.offered,
    }),
    noteBytes: assign({
      download: ({ context, event }) =>
        event.type === 'download.progress'
          ? { received: event.received, ...(event.total === undefined ? {} : { total: event.total }) }
          : context.download,
    }),
    noteBreak: assign({
      download: ({ context, event }) =>
        event.type === 'download.broken'
          ? { ...(context.download ?? { received: 0 }), broken: event.broken }
          : context.download,
    }),
    noteFiles: assign({
      verification: ({ context, event }) =>
        event.type === 'install.progress' ? { done: event.done, of: event.of } : context.verification,
    }),
    beginInstall: assign({
      attempted: 'install',
      failure: undefined,
      archive: undefined,
      arrived: undefined,
      download: undefined,
      verification: undefined,
      target: ({ context }) => context.offered,
      consent: ({ event }) => ('consent' in event ? (event.consent ?? {}) : {}),
    }),
    noteFailure: assign({ failure: (_, params: { error: unknown }) => pluginFailure(params.error) }),
    beginUninstall: assign({ attempted: 'uninstall', failure: undefined }),
    beginRollback: assign({
      attempted: 'rollback',
      failure: undefined,
      arrived: undefined,
      target: ({ context }) => {
        const version = context.installed?.previousVersion;
        return version === undefined ? undefined : { version };
      },
    }),
    forget: assign({
      failure: undefined,
      archive: undefined,
      arrived: undefined,
      target: undefined,
      download: undefined,
      verification: undefined,
      consent: {},
    }),
  },
});
