import type { Speak } from '../texts/use-words.js';

const states = [
  'installable',
  'downloading',
  'waiting',
  'installing',
  'installed',
  'updatable',
  'failed',
  'uninstalling',
  'disabled',
  'restoring',
] as const;

/** What a state is called; one this page was not told of keeps its own name. */
export function stateName(state: string, t: Speak): string {
  const known = states.find((name) => name === state);
  return known === undefined ? state : t(`how.machine.states.${known}`);
}

/** Events by the words for them; a name with a state says what it means when it leads there. */
const events = {
  install: 'install',
  update: 'update',
  retry: 'retry',
  cancel: 'cancel',
  dismiss: 'dismiss',
  uninstall: 'uninstall',
  rollback: 'rollback',
  'store.offers': 'storeOffers',
  'store.offers>installed': 'storeOffersNone',
  'daemon.installed': 'daemonInstalled',
  'daemon.removed': 'daemonRemoved',
  'daemon.disabled': 'daemonDisabled',
  'daemon.healed': 'daemonHealed',
  'download.broken': 'downloadBroken',
  'download.progress': 'downloadProgress',
  'download.done': 'downloadDone',
  'download.failed': 'downloadFailed',
  'install.done': 'installDone',
  'install.failed': 'installFailed',
  'uninstall.done': 'uninstallDone',
  'uninstall.failed': 'uninstallFailed',
  'rollback.done': 'rollbackDone',
  'rollback.failed': 'rollbackFailed',
} as const;

/** What an event is called on the way to a state. */
export function eventName(event: string, to: string, t: Speak): string {
  const name = `${event}>${to}` in events ? `${event}>${to}` : event;
  return isEvent(name) ? t(`how.machine.events.${events[name]}`) : event;
}

function isEvent(name: string): name is keyof typeof events {
  return Object.hasOwn(events, name);
}
