import { assign, fromPromise } from 'xstate';
import { machineSetup } from './plugin-machine-setup.js';
import type { PluginWork } from './plugin-work.js';

/** What the daemon tells is believed in every state where work is being done; the work goes on. */
const noteDaemon = {
  'daemon.installed': { actions: ['noteInstalled', 'noteArrived'] },
  'daemon.disabled': { actions: 'noteDisabled' },
  'daemon.healed': { actions: 'noteHealed' },
  'daemon.removed': { actions: 'noteRemoved' },
} as const;

/** Where an installed plugin rests, whatever the daemon or the store tells: the news decide where it rests then. */
const settleOnNews = {
  'store.offers': { target: 'settled', actions: 'noteOffer' },
  'daemon.installed': { guard: 'isNews', target: 'settled', actions: 'noteInstalled' },
  'daemon.disabled': { target: 'settled', actions: 'noteDisabled' },
  'daemon.removed': { target: 'settled', actions: 'noteRemoved' },
} as const;

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
        { guard: 'isDisabled', target: 'disabled' },
        { guard: 'isUpdatable', target: 'updatable' },
        { guard: 'isInstalled', target: 'installed' },
        { target: 'installable' },
      ],
    },
    installable: {
      on: {
        install: { guard: 'isOffered', target: 'fetching', actions: 'beginInstall' },
        'store.offers': { actions: 'noteOffer' },
        'daemon.installed': { target: 'settled', actions: 'noteInstalled' },
      },
    },
    // Never seen either: one download, which goes on, or waits out a break.
    fetching: {
      tags: 'busy',
      invoke: {
        id: 'download',
        src: 'download',
        input: ({ context, self }) => ({
          id: context.id,
          consent: context.consent,
          report: (event) => self.send(event),
        }),
        onDone: { target: 'installing', actions: assign({ archive: ({ event }) => event.output }) },
        onError: {
          target: 'failed',
          actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
      initial: 'downloading',
      states: {
        downloading: {
          on: {
            'download.progress': { actions: 'noteBytes' },
            'download.broken': { target: 'waiting', actions: 'noteBreak' },
          },
        },
        waiting: {
          on: {
            'download.progress': { target: 'downloading', actions: 'noteBytes' },
            'download.broken': { actions: 'noteBreak' },
          },
        },
      },
      on: {
        cancel: { target: 'settled' },
        'download.target': { actions: 'noteTarget' },
        'store.offers': { actions: 'noteOffer' },
        ...noteDaemon,
        'daemon.installed': [
          { guard: 'isOvertaken', target: 'settled', actions: 'noteInstalled' },
          { actions: 'noteInstalled' },
        ],
      },
    },
    installing: {
      tags: 'busy',
      invoke: {
        id: 'install',
        src: 'install',
        input: ({ context, self }) => ({
          id: context.id,
          archive: context.archive ?? { path: '', sha256: '', job: '' },
          target: context.target ?? { version: '' },
          installed: context.installed?.version,
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
        ...noteDaemon,
      },
    },
    installed: {
      on: {
        install: { guard: 'isForced', target: 'fetching', actions: 'beginInstall' },
        uninstall: { target: 'uninstalling', actions: 'beginUninstall' },
        rollback: { guard: 'hasPrevious', target: 'restoring', actions: 'beginRollback' },
        ...settleOnNews,
      },
    },
    updatable: {
      on: {
        install: { guard: 'isForced', target: 'fetching', actions: 'beginInstall' },
        update: { target: 'fetching', actions: 'beginInstall' },
        uninstall: { target: 'uninstalling', actions: 'beginUninstall' },
        rollback: { guard: 'hasPrevious', target: 'restoring', actions: 'beginRollback' },
        ...settleOnNews,
      },
    },
    disabled: {
      on: {
        install: [
          { guard: 'isRepairable', target: 'fetching', actions: 'beginInstall' },
          { guard: 'isForced', target: 'fetching', actions: 'beginInstall' },
        ],
        update: { guard: 'isUpdatable', target: 'fetching', actions: 'beginInstall' },
        uninstall: { target: 'uninstalling', actions: 'beginUninstall' },
        rollback: { guard: 'hasPrevious', target: 'restoring', actions: 'beginRollback' },
        ...settleOnNews,
        'daemon.healed': { target: 'settled', actions: 'noteHealed' },
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
        ...noteDaemon,
        'daemon.removed': { target: 'settled', actions: 'noteRemoved' },
      },
    },
    restoring: {
      tags: 'busy',
      invoke: {
        id: 'rollback',
        src: 'rollback',
        input: ({ context }) => ({ id: context.id }),
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
        'store.offers': { actions: 'noteOffer' },
        ...noteDaemon,
      },
    },
    failed: {
      on: {
        install: [
          { guard: 'isOffered', target: 'fetching', actions: 'beginInstall' },
          { guard: 'isRepairable', target: 'fetching', actions: 'beginInstall' },
        ],
        update: { guard: 'isUpdatable', target: 'fetching', actions: 'beginInstall' },
        uninstall: { guard: 'isInstalled', target: 'uninstalling', actions: 'beginUninstall' },
        rollback: { guard: 'hasPrevious', target: 'restoring', actions: 'beginRollback' },
        retry: [
          { guard: 'wasUninstalling', target: 'uninstalling', actions: 'beginUninstall' },
          { guard: 'wasRestoring', target: 'restoring', actions: 'beginRollback' },
          { guard: 'isOffered', target: 'fetching', actions: 'beginInstall' },
          { guard: 'isUpdatable', target: 'fetching', actions: 'beginInstall' },
          { guard: 'isRepairable', target: 'fetching', actions: 'beginInstall' },
        ],
        dismiss: { target: 'settled' },
        'store.offers': { actions: 'noteOffer' },
        'daemon.installed': { guard: 'isNews', target: 'settled', actions: 'noteInstalled' },
        'daemon.disabled': { actions: 'noteDisabled' },
        'daemon.healed': { actions: 'noteHealed' },
        'daemon.removed': { guard: 'isInstalled', target: 'settled', actions: 'noteRemoved' },
      },
    },
  },
});

/** The machine with real work behind its actors. */
export function providePluginWork(work: PluginWork): typeof pluginMachine {
  return pluginMachine.provide({
    actors: {
      download: fromPromise(({ input, signal }) => work.download(input, signal)),
      install: fromPromise(({ input, signal }) => work.install(input, signal)),
      uninstall: fromPromise(({ input, signal }) => work.uninstall(input, signal)),
      rollback: fromPromise(({ input, signal }) => work.rollback(input, signal)),
    },
  });
}
