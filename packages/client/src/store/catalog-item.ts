import type {
  CatalogPlugin,
  CatalogPublisher,
  OfferedRelease,
  StorePlugin,
} from '@jami-plugin-store/contract';
import type { StoreApi } from './store-api.js';

/** One plugin that a store offers, whatever kind of store it is. */
export interface CatalogItem {
  id: string;
  name: string;
  /** Markdown, as the plugin wrote it. */
  description: string;
  version: string;
  publisher?: CatalogPublisher | undefined;
  categories: string[];
  platforms: string[];
  size?: number | undefined;
  /** RFC 3339, where the store told a time that can be read. */
  publishedAt?: string | undefined;
  icon?: URL | undefined;
  background?: URL | undefined;
  deprecated?: { reason: string; successor?: string | undefined } | undefined;
  /** Only documented stores judge what they offer. */
  isJudged: boolean;
}

export function itemOfDocumented(store: StoreApi, plugin: CatalogPlugin): CatalogItem {
  const { id, name, description, version, publisher, categories, platforms, size, publishedAt } = plugin;
  const { iconUrl, backgroundUrl, deprecated } = plugin;
  return {
    id,
    name,
    description,
    version,
    publisher,
    categories,
    platforms,
    size,
    publishedAt,
    ...(iconUrl === undefined ? {} : { icon: store.resolve(iconUrl) }),
    ...(backgroundUrl === undefined ? {} : { background: store.resolve(backgroundUrl) }),
    deprecated,
    isJudged: true,
  };
}

export function itemOfPlain(store: StoreApi, plugin: StorePlugin, isJudged: boolean): CatalogItem {
  const { id, name, description, version, author, iconPath, backgroundPath, timestamp } = plugin;
  return {
    id,
    name,
    description,
    version,
    ...(author === '' ? {} : { publisher: { name: author } }),
    categories: [],
    platforms: [store.platform],
    publishedAt: instantOf(timestamp),
    ...(iconPath === '' ? {} : { icon: store.iconUrl(id) }),
    ...(backgroundPath === '' ? {} : { background: store.backgroundUrl(id) }),
    isJudged,
  };
}

export function offerOf({ version, size }: CatalogItem): OfferedRelease {
  return { version, ...(size === undefined ? {} : { size }) };
}

const milliseconds = 1e11;

/** Jami's stores send a time as text: RFC 3339, or seconds or milliseconds since 1970. */
export function instantOf(timestamp: string): string | undefined {
  const number = /^\d{1,15}(\.\d+)?$/.test(timestamp) ? Number(timestamp) : undefined;
  const at = new Date(number === undefined ? timestamp : number < milliseconds ? number * 1000 : number);
  return timestamp === '' || Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
