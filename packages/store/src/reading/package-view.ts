import { type CatalogPlugin, type CatalogPublisher, catalogPaths } from '@jami-plugin-store/contract';
import { platforms as everyKnownPlatform, fallbackLanguage, negotiateLanguage } from '@jami-plugin-store/jpl';
import type { PackageImage } from '../catalog/package-facts.js';
import { everyPlatform } from '../catalog/refresh-plugin.js';
import type { StoreQueries } from '../database/database.js';

export function platformsOf(column: string): { platforms: string[]; platformIndependent: boolean } {
  const named = JSON.parse(column) as string[];
  const platformIndependent = named.includes(everyPlatform);
  return { platforms: platformIndependent ? [...everyKnownPlatform].sort() : named, platformIndependent };
}

export function publisherOf(row: {
  readonly publisher: string;
  readonly publisher_name: string;
  readonly publisher_kind: 'organization' | 'key';
}): CatalogPublisher {
  const { publisher, publisher_name: name, publisher_kind } = row;
  return publisher_kind === 'organization' ? { name, organization: publisher } : { name };
}

export function imagesOf(row: {
  readonly icon: string | null;
  readonly background: string | null;
}): Pick<CatalogPlugin, 'iconUrl' | 'backgroundUrl'> {
  const urlOf = (column: string): string => catalogPaths.image((JSON.parse(column) as PackageImage).sha256);
  return {
    ...(row.icon === null ? {} : { iconUrl: urlOf(row.icon) }),
    ...(row.background === null ? {} : { backgroundUrl: urlOf(row.background) }),
  };
}

export function deprecationOf(row: {
  readonly deprecated_at: number | null;
  readonly deprecated_reason: string | null;
  readonly deprecated_successor: string | null;
}): Pick<CatalogPlugin, 'deprecated'> {
  const { deprecated_at, deprecated_reason, deprecated_successor } = row;
  if (deprecated_at === null) return {};
  return {
    deprecated: {
      reason: deprecated_reason ?? '',
      ...(deprecated_successor === null ? {} : { successor: deprecated_successor }),
      since: new Date(deprecated_at).toISOString(),
    },
  };
}

export function yankOf(row: { readonly yanked_at: number | null; readonly yanked_reason: string | null }): {
  yanked?: { reason: string; at: string };
} {
  if (row.yanked_at === null) return {};
  return { yanked: { reason: row.yanked_reason ?? '', at: new Date(row.yanked_at).toISOString() } };
}

export interface ShownTexts {
  readonly language: string;
  readonly name: string;
  readonly description: string;
}

/** The texts of packages, each in that of its own languages which is wanted most. */
export async function textsOf(
  queries: StoreQueries,
  packages: readonly { readonly number: number; readonly languages: string }[],
  acceptLanguage: string | undefined,
): Promise<Map<number, ShownTexts>> {
  if (packages.length === 0) return new Map();
  const chosen = new Map(
    packages.map(({ number, languages }) => {
      const there = JSON.parse(languages) as string[];
      const best = negotiateLanguage(acceptLanguage, there);
      return [number, there.includes(best) ? best : (there[0] ?? fallbackLanguage)];
    }),
  );
  const rows = await queries
    .selectFrom('package_texts')
    .select(['package_number', 'language', 'name', 'description'])
    .where('package_number', 'in', [...chosen.keys()])
    .where('language', 'in', [...new Set(chosen.values())])
    .execute();
  return new Map(
    rows
      .filter(({ package_number, language }) => chosen.get(package_number) === language)
      .map(({ package_number, ...texts }) => [package_number, texts]),
  );
}
