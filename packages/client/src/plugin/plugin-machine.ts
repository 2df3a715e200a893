import {
  type DownloadBreak,
  type InstalledRelease,
  type OfferedRelease,
  type PluginFailure,
  type PluginSnapshot,
  pluginActions,
  resultCodeOf,
} from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import { assign, fromPromise, type SnapshotFrom, setup } from 'xstate';
import { DaemonRefusal } from '../daemon/daemon-refusal.js';
import { pluginFailure } from './plugin-failure.js';

/** What the user allows for one install, beyond asking for it. */
export interface InstallConsent {
  /** Digest of the new publisher's organization, after `PUBLISHER_CHANGED`. */
  acceptPublisher?: string | undefined;
  /** The same or an older version; never skips a check of trust. */
  force?: boolean | undefined;
}

export interface DownloadedArchive {
  path: string;
  sha256: string;
}

export interface PluginContext {
  id: string;
  offered: OfferedRelease | undefined;
  installed: InstalledRelease | undefined;
  target: OfferedRelease | undefined;
  consent: InstallConsent;
  archive: DownloadedArchive | undefined;
  /** Version the daemon's events have brought while it was asked to install. */
  arrived: string | undefined;
  download: { received: number; total?: number | undefined; broken?: DownloadBreak | undefined } | undefined;
  verification: { done: number; of: number } | undefined;
  failure: PluginFailure | undefined;
  /** What `retry` does again. */
  attempted: 'install' | 'uninstall';
}

export type PluginEvent =
  | { type: 'install' | 'update' | 'retry'; consent?: InstallConsent | undefined }
  | { type: 'cancel' | 'dismiss' | 'uninstall' }
  | { type: 'store.offers'; release: OfferedRelease | undefined }
  | { type: 'daemon.installed'; version: string }
  | { type: 'daemon.removed' }
  | { type: 'download.target'; release: OfferedRelease }
  | { type: 'download.progress'; received: number; total: number | undefined }
  | { type: 'download.broken'; broken: DownloadBreak }
  | { type: 'install.progress'; done: number; of: number };

/** How a running download or installation tells the machine how far it is. */
type Report = (event: PluginEvent) => void;

export interface DownloadInput {
  id: string;
  report: Report;
}
export interface InstallInput {
  id: string;
  archive: DownloadedArchive;
  target: OfferedRelease;
  consent: InstallConsent;
  report: Report;
}
export interface UninstallInput {
  id: string;
}

/** The work a machine has done for it; its signal is aborted when the machine leaves the state that asked for it. */
export interface PluginWork {
  /** Finds out what the store offers now (reported as `download.target`) and downloads it. */
  download(input: DownloadInput, signal: AbortSignal): Promise<DownloadedArchive>;
  install(input: InstallInput, signal: AbortSignal): Promise<InstalledRelease>;
  uninstall(input: UninstallInput, signal: AbortSignal): Promise<void>;
}

function notProvided(): Promise<never> {
  return Promise.reject(new Error('The machine was started without its work: use providePluginWork'));
}

const isHigher = (version: string, than: string): boolean =>
  isVersion(version) && isVersion(than) && compareVersions(version, than) > 0;

const machineSetup = setup({
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
  },
  guards: {
    isInstalled: ({ context }) => context.installed !== undefined,
    isUpdatable: ({ context }) =>
      context.installed !== undefined &&
      context.offered !== undefined &&
      isHigher(context.offered.version, context.installed.version),
    isOffered: ({ context }) => context.offered !== undefined && context.installed === undefined,
    /** The same or an older version, because the user insists. */
    isForced: ({ context, event }) =>
      context.offered !== undefined && 'consent' in event && event.consent?.force === true,
    isNews: ({ context, event }) =>
      event.type === 'daemon.installed' && event.version !== context.installed?.version,
    /** The daemon has, or has better than, what is being fetched. */
    isOvertaken: ({ context, event }) => {
      const target = context.target ?? context.offered;
      return (
        event.type === 'daemon.installed' && target !== undefined && !isHigher(target.version, event.version)
      );
    },
    /** The daemon's event brought it, whatever became of its answer; a refusal of another reason stands. */
    hasArrived: ({ context }, params: { error: unknown }) =>
      context.arrived !== undefined &&
      context.arrived === context.target?.version &&
      (!(params.error instanceof DaemonRefusal) || params.error.resultCode === resultCodeOf['same-version']),
    wasUninstalling: ({ context }) => context.attempted === 'uninstall' && context.installed !== undefined,
  },
  actions: {
    noteOffer: assign({
      offered: ({ context, event }) => (event.type === 'store.offers' ? event.release : context.offered),
    }),
    noteInstalled: assign({
      installed: ({ context, event }) =>
        event.type === 'daemon.installed' ? { version: event.version } : context.installed,
    }),
    noteArrived: assign({
      arrived: ({ context, event }) => (event.type === 'daemon.installed' ? event.version : context.arrived),
    }),
    noteRemoved: assign({ installed: undefined }),
    noteTarget: assign({
      target: ({ context, event }) => (event.type === 'download.target' ? event.release : context.target),
      offered: ({ context, event }) => (event.type === 'download.target' ? event.release : context.offered),
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

/**
 * The life of one plugin for its user, as data: no network, no disk. The work is handed in by `providePluginWork`. The daemon's
 * events win over what the client believes.
 */
export const pluginMachine = machineSetup.createMachine({
  id: 'plugin',
  initial: 'settled',
  context: ({ input }) => ({
    id: input.id,
    offered: input.offered,
    installed: input.installed,
    target: undefined,
    consent: {},
    archive: undefined,
    arrived: undefined,
    download: undefined,
    verification: undefined,
    failure: undefined,
    attempted: 'install',
  }),
  states: {
    // Never seen: where a plugin rests follows from what is offered and what is installed.
    settled: {
      entry: 'forget',
      always: [
        { guard: 'isUpdatable', target: 'updatable' },
        { guard: 'isInstalled', target: 'installed' },
        { target: 'installable' },
      ],
    },
    installable: {
      on: {
        install: { guard: 'isOffered', target: 'downloading', actions: 'beginInstall' },
        'store.offers': { actions: 'noteOffer' },
        'daemon.installed': { target: 'settled', actions: 'noteInstalled' },
      },
    },
    downloading: {
      tags: 'busy',
      invoke: {
        id: 'download',
        src: 'download',
        input: ({ context, self }) => ({ id: context.id, report: (event) => self.send(event) }),
        onDone: { target: 'installing', actions: assign({ archive: ({ event }) => event.output }) },
        onError: {
          target: 'failed',
          actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
      on: {
        cancel: { target: 'settled' },
        'download.target': { actions: 'noteTarget' },
        'download.progress': { actions: 'noteBytes' },
        'download.broken': { actions: 'noteBreak' },
        'store.offers': { actions: 'noteOffer' },
        'daemon.installed': [
          { guard: 'isOvertaken', target: 'settled', actions: 'noteInstalled' },
          { actions: 'noteInstalled' },
        ],
        'daemon.removed': { actions: 'noteRemoved' },
      },
    },
    installing: {
      tags: 'busy',
      invoke: {
        id: 'install',
        src: 'install',
        input: ({ context, self }) => ({
          id: context.id,
          archive: context.archive ?? { path: '', sha256: '' },
          target: context.target ?? { version: '' },
          consent: context.consent,
          report: (event) => self.send(event),
        }),
        onDone: { target: 'settled', actions: assign({ installed: ({ event }) => event.output }) },
        onError: [
          {
            guard: { type: 'hasArrived', params: ({ event }) => ({ error: event.error }) },
            target: 'settled',
          },
          {
            target: 'failed',
            actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
          },
        ],
      },
      on: {
        'install.progress': { actions: 'noteFiles' },
        'store.offers': { actions: 'noteOffer' },
        'daemon.installed': { actions: ['noteInstalled', 'noteArrived'] },
        'daemon.removed': { actions: 'noteRemoved' },
      },
    },
    installed: {
      on: {
        install: { guard: 'isForced', target: 'downloading', actions: 'beginInstall' },
        uninstall: { target: 'uninstalling', actions: 'beginUninstall' },
        'store.offers': { target: 'settled', actions: 'noteOffer' },
        'daemon.installed': { guard: 'isNews', target: 'settled', actions: 'noteInstalled' },
        'daemon.removed': { target: 'settled', actions: 'noteRemoved' },
      },
    },
    updatable: {
      on: {
        update: { target: 'downloading', actions: 'beginInstall' },
        uninstall: { target: 'uninstalling', actions: 'beginUninstall' },
        'store.offers': { target: 'settled', actions: 'noteOffer' },
        'daemon.installed': { guard: 'isNews', target: 'settled', actions: 'noteInstalled' },
        'daemon.removed': { target: 'settled', actions: 'noteRemoved' },
      },
    },
    uninstalling: {
      tags: 'busy',
      invoke: {
        id: 'uninstall',
        src: 'uninstall',
        input: ({ context }) => ({ id: context.id }),
        onDone: { target: 'settled', actions: 'noteRemoved' },
        onError: {
          target: 'failed',
          actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
      on: {
        'store.offers': { actions: 'noteOffer' },
        'daemon.installed': { actions: 'noteInstalled' },
        'daemon.removed': { target: 'settled', actions: 'noteRemoved' },
      },
    },
    failed: {
      on: {
        install: { guard: 'isOffered', target: 'downloading', actions: 'beginInstall' },
        update: { guard: 'isUpdatable', target: 'downloading', actions: 'beginInstall' },
        uninstall: { guard: 'isInstalled', target: 'uninstalling', actions: 'beginUninstall' },
        retry: [
          { guard: 'wasUninstalling', target: 'uninstalling', actions: 'beginUninstall' },
          { guard: 'isOffered', target: 'downloading', actions: 'beginInstall' },
          { guard: 'isUpdatable', target: 'downloading', actions: 'beginInstall' },
        ],
        dismiss: { target: 'settled' },
        'store.offers': { actions: 'noteOffer' },
        'daemon.installed': { guard: 'isNews', target: 'settled', actions: 'noteInstalled' },
        'daemon.removed': { guard: 'isInstalled', target: 'settled', actions: 'noteRemoved' },
      },
    },
  },
});

/** The machine with real work behind its three actors. */
export function providePluginWork(work: PluginWork): typeof pluginMachine {
  return pluginMachine.provide({
    actors: {
      download: fromPromise(({ input, signal }) => work.download(input, signal)),
      install: fromPromise(({ input, signal }) => work.install(input, signal)),
      uninstall: fromPromise(({ input, signal }) => work.uninstall(input, signal)),
    },
  });
}

/** A machine's snapshot as it crosses the wire to a page. */
export function toPluginSnapshot(snapshot: SnapshotFrom<typeof pluginMachine>): PluginSnapshot {
  const { context } = snapshot;
  const state = snapshot.value;
  if (state === 'settled') throw new Error('A plugin never rests in the passing state "settled"');
  const { offered, installed, target, download, verification, failure } = context;
  return {
    id: context.id,
    state,
    actions: pluginActions.filter((type) => snapshot.can({ type })),
    ...(offered === undefined ? {} : { offered }),
    ...(installed === undefined ? {} : { installed }),
    ...(target === undefined ? {} : { target }),
    ...(state === 'downloading' && download !== undefined ? { download: withoutGaps(download) } : {}),
    ...(state === 'installing' && verification !== undefined ? { verification } : {}),
    ...(failure === undefined ? {} : { failure }),
  };
}

function withoutGaps(
  download: NonNullable<PluginContext['download']>,
): NonNullable<PluginSnapshot['download']> {
  const { received, total, broken } = download;
  return {
    received,
    ...(total === undefined ? {} : { total }),
    ...(broken === undefined ? {} : { broken }),
  };
}
