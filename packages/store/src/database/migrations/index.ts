import type { Migration } from 'kysely';
import type { DatabaseKind } from '../database.js';
import { catalogTables } from './0001-catalog.js';
import { publishingTables } from './0002-publishing.js';
import { publishingLife } from './0003-publishing-life.js';
import { languagesInUse } from './0004-languages.js';
import { searchParts } from './0005-search-parts.js';

/**
 * All migrations, in the order of their names. One that has been released is never changed; a change is a new one,
 * with a way back.
 */
export function migrationsFor(kind: DatabaseKind): Readonly<Record<string, Migration>> {
  return {
    '0001-catalog': catalogTables(kind),
    '0002-publishing': publishingTables(kind),
    '0003-publishing-life': publishingLife(kind),
    '0004-languages': languagesInUse(),
    '0005-search-parts': searchParts(kind),
  };
}
