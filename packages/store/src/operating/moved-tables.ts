import type { StoreTables } from '../database/tables.js';

/** A table whose rows are copied one by one. */
export interface MovedTable {
  readonly name: keyof StoreTables;
  /** Columns of its primary key. */
  readonly key: readonly string[];
  /** Its key is a number that the database gives out. */
  readonly isNumbered?: true | undefined;
}

/** What is not copied: words are worked out anew from the rows, leases are of the processes that hold them. */
export const leftTables = ['plugin_search', 'leases'] as const satisfies (keyof StoreTables)[];

const keys: Readonly<Record<Exclude<keyof StoreTables, (typeof leftTables)[number]>, readonly string[]>> = {
  organizations: ['identity'],
  plugins: ['number'],
  plugin_categories: ['category', 'plugin_number'],
  releases: ['number'],
  packages: ['number'],
  package_texts: ['package_number', 'language'],
  languages: ['language'],
  certificates: ['sha256'],
  package_certificates: ['package_number', 'position'],
  offers: ['plugin_number', 'platform'],
  downloads: ['release_number', 'platform', 'day'],
  imported_files: ['folder', 'file'],
  certificate_requests: ['id'],
  tokens: ['id'],
  uploads: ['id'],
  upload_parts: ['upload', 'position'],
  audit_records: ['sequence'],
  application_releases: ['channel'],
  application_installers: ['sha256'],
  settings: ['name'],
  counters: ['name'],
  changes: ['sequence'],
  organization_certificates: ['sha256'],
  transfers: ['id'],
  doubted_certificates: ['sha256'],
};

const numbered: ReadonlySet<string> = new Set(['plugins', 'releases', 'packages']);

/** All tables whose rows make up a store; a test holds them against the database's own. */
export const movedTables: readonly MovedTable[] = Object.entries(keys).map(([name, key]) => ({
  name: name as keyof StoreTables,
  key,
  ...(numbered.has(name) && { isNumbered: true as const }),
}));

/** @throws {RangeError} for one that is not among them */
export function movedTable(name: string): MovedTable {
  const found = movedTables.find((table) => table.name === name);
  if (found === undefined) throw new RangeError(`${name} is no table whose rows are copied`);
  return found;
}
