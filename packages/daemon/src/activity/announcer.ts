import type { ActivityEntry, DisabledReason, UnansweredRevocation } from '@jami-plugin-store/contract';
import { errorOutcome } from '../error-outcome.js';
import type { EventLog } from '../events/event-log.js';
import type { InstallRecord } from '../installed/record.js';
import type { ActivityLog } from './activity-log.js';

type By = ActivityEntry['by'];

/** How a version came to be the installed one. */
interface Arrival {
  readonly job: string;
  readonly action: 'install' | 'update' | 'rollback' | 'adopt';
  readonly id: string;
  readonly version: string;
  /** Version it replaced. */
  readonly from: string | null;
  readonly publisher: string;
}

interface Refused {
  readonly job: string;
  /** The package; undefined where what was refused is no install. */
  readonly path?: string | undefined;
  readonly plugin?: string | undefined;
  /** Id that was asked for, where the package has not proven its own; only the log says so. */
  readonly wanted?: string | undefined;
  readonly what: string;
}

type About = Pick<InstallRecord, 'id' | 'version' | 'publisher'>;

/** Tells everybody what happened: an event to those who listen now, a line in the activity log for later. Called in the plugin's queue. */
export interface Announcer {
  arrived(arrival: Arrival): Promise<void>;
  refused(error: unknown, refused: Refused): Promise<void>;
  uninstalled(id: string, version: string | undefined, publisher: string | undefined): Promise<void>;
  disabled(about: About, disabled: DisabledReason, by: By): Promise<void>;
  healed(about: About, by: By): Promise<void>;
  unanswered(about: About, unanswered: UnansweredRevocation, by: By): Promise<void>;
}

const arrivalWords = {
  install: 'is installed',
  update: 'replaces',
  rollback: 'is back in place of',
  adopt: 'is adopted',
} as const;

export function createAnnouncer(events: EventLog, activity: ActivityLog): Announcer {
  return {
    arrived: async ({ job, action, id: plugin, version, from, publisher }) => {
      const by = action === 'rollback' || action === 'adopt' ? { by: action } : {};
      events.append({ type: 'installed', job, plugin, version, from, publisher, ...by });
      const message = `${plugin} ${version} ${arrivalWords[action]}${from === null ? '' : ` ${from}`}.`;
      await activity.append({
        action,
        plugin,
        from,
        to: version,
        publisher,
        code: null,
        message,
        by: 'request',
      });
    },
    refused: async (error, { job, path, plugin, wanted, what }) => {
      const { code, message, resultCode, detail } = errorOutcome(error);
      const id = detail?.plugin?.id ?? plugin;
      const about = id === undefined ? {} : { plugin: id };
      if (path !== undefined)
        events.append({ type: 'refused', job, path, code, message, resultCode, ...about });
      await activity.append({
        action: 'refuse',
        plugin: id ?? wanted ?? null,
        from: detail?.installedVersion ?? null,
        to: detail?.plugin?.version ?? null,
        publisher: detail?.publisher?.name ?? null,
        code,
        message: `${what}: ${message}`,
        by: 'request',
      });
    },
    uninstalled: async (plugin, version, publisher) => {
      events.append({ type: 'uninstalled', plugin, version: version ?? null });
      await activity.append({
        action: 'uninstall',
        plugin,
        from: version ?? null,
        to: null,
        publisher: publisher ?? null,
        code: null,
        message: `${plugin} ${version ?? ''}`.trimEnd().concat(' is uninstalled.'),
        by: 'request',
      });
    },
    disabled: async ({ id: plugin, version, publisher }, disabled, by) => {
      events.append({ type: 'disabled', plugin, version, disabled });
      const { code, message } = disabled;
      const who = { plugin, from: version, to: version, publisher: publisher.name };
      await activity.append({ action: 'disable', ...who, code, message, by });
    },
    healed: async ({ id: plugin, version, publisher }, by) => {
      events.append({ type: 'healed', plugin, version });
      const message = `${plugin} ${version} is as it should be again.`;
      const who = { plugin, from: version, to: version, publisher: publisher.name };
      await activity.append({ action: 'heal', ...who, code: null, message, by });
    },
    unanswered: async ({ id: plugin, version, publisher }, unanswered, by) => {
      events.append({ type: 'unanswered', plugin, version, unanswered });
      const { code, message } = unanswered;
      const who = { plugin, from: version, to: version, publisher: publisher.name };
      await activity.append({ action: 'unanswered', ...who, code, message, by });
    },
  };
}
