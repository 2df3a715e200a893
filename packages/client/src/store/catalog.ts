import type { PluginFailure, StorePlugin } from '@jami-plugin-store/contract';
import { isPluginId, isVersion } from '@jami-plugin-store/jpl';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';

/** What a store offers for one platform; every outcome is a value to show. */
export type StoreCatalog =
  /** Not asked yet. */
  | { status: 'unknown' }
  /** Ascending by time of publication, as Jami's client shows them. `skipped`: entries that cannot be used, and why. */
  | { status: 'offered'; plugins: StorePlugin[]; skipped: SkippedEntry[] }
  | { status: 'none-for-platform'; platform: string }
  | { status: 'unavailable'; failure: PluginFailure };

/** @throws {ClientError} ANSWER_MALFORMED where nothing of a list can be used */
export function catalogOf(plugins: StorePlugin[], skipped: SkippedEntry[], platform: string): StoreCatalog {
  if (plugins.length > 0) return { status: 'offered', plugins, skipped };
  const [first] = skipped;
  if (first === undefined) return { status: 'none-for-platform', platform };
  throw new ClientError('ANSWER_MALFORMED', `Nothing the store lists can be used: it sent ${first.reason}`);
}

export interface SkippedEntry {
  /** Place in the store's list. */
  index: number;
  reason: string;
}

// Older stores send fewer keys, and times as numbers.
const ForeignPlugin = Type.Object({
  id: Type.String({ maxLength: 64 }),
  name: Type.Optional(Type.String({ maxLength: 512 })),
  version: Type.String({ maxLength: 256 }),
  description: Type.Optional(Type.String({ maxLength: 64 * 1024 })),
  author: Type.Optional(Type.String({ maxLength: 512 })),
  iconPath: Type.Optional(Type.String({ maxLength: 4096 })),
  backgroundPath: Type.Optional(Type.String({ maxLength: 4096 })),
  timestamp: Type.Optional(Type.Union([Type.String({ maxLength: 64 }), Type.Number()])),
});

const maxPlugins = 10_000;

/**
 * Reads a store's list. An entry that cannot be used is skipped with its reason: one bad entry does not close the store.
 * @throws {ClientError} ANSWER_MALFORMED where it is no list, or has more than 10,000 entries
 */
export function readListing(value: unknown, at: string): { plugins: StorePlugin[]; skipped: SkippedEntry[] } {
  if (!Array.isArray(value) || value.length > maxPlugins) {
    const what = Array.isArray(value) ? `more than ${maxPlugins} plugins` : 'no list of plugins';
    throw new ClientError('ANSWER_MALFORMED', `The store answered ${what}`, { at });
  }
  const skipped: SkippedEntry[] = [];
  const byId = new Map<string, StorePlugin>();
  for (const [index, entry] of value.entries()) {
    const plugin = readPlugin(entry);
    // Ids are unique ignoring case (docs/trust.md): the first one stands.
    if (typeof plugin === 'string') skipped.push({ index, reason: plugin });
    else if (byId.has(plugin.id.toLowerCase()))
      skipped.push({ index, reason: `${plugin.id} is listed twice` });
    else byId.set(plugin.id.toLowerCase(), plugin);
  }
  return { plugins: [...byId.values()].sort(byTimestamp), skipped };
}

/**
 * Reads one plugin as the store describes it.
 * @throws {ClientError} ANSWER_MALFORMED, also where it is another plugin than `id`
 */
export function readDescription(value: unknown, id: string, at: string): StorePlugin {
  const plugin = readPlugin(value);
  if (typeof plugin === 'string')
    throw new ClientError('ANSWER_MALFORMED', `The store answered: ${plugin}`, { at });
  if (plugin.id !== id) {
    throw new ClientError(
      'ANSWER_MALFORMED',
      `The store was asked for ${id} and answered with ${plugin.id}`,
      {
        at,
      },
    );
  }
  return plugin;
}

/** @returns the plugin with every key, or why it cannot be used */
function readPlugin(value: unknown): StorePlugin | string {
  if (!Check(ForeignPlugin, value)) return 'an entry that is not a plugin';
  const { id, version } = value;
  if (!isPluginId(id)) return `an entry whose id is not one: ${JSON.stringify(id)}`;
  if (!isVersion(version)) return `${id} with a version that is not one: ${JSON.stringify(version)}`;
  return {
    id,
    name: value.name ?? id,
    version,
    description: value.description ?? '',
    author: value.author ?? '',
    iconPath: value.iconPath ?? '',
    backgroundPath: value.backgroundPath ?? '',
    timestamp: String(value.timestamp ?? ''),
  };
}

const digits = /^\d+(\.\d+)?$/;

function byTimestamp(a: StorePlugin, b: StorePlugin): number {
  if (digits.test(a.timestamp) && digits.test(b.timestamp)) return Number(a.timestamp) - Number(b.timestamp);
  if (a.timestamp === b.timestamp) return 0;
  return a.timestamp < b.timestamp ? -1 : 1;
}
