import { type Expression, expressionBuilder, type SqlBool } from 'kysely';
import type { StoreTables } from '../database/tables.js';

/**
 * What a package must be, for any of its bytes to be served and its release to be told of: published, under a root that is trusted today, and
 * neither held back nor revoked. Expiry and yanking decide what is offered, not what may be had.
 */
export function isServable(): Expression<SqlBool> {
  const packages = expressionBuilder<StoreTables, 'packages'>();
  return packages.and([
    packages('packages.state', '=', 'published'),
    packages('packages.is_trusted', '=', 1),
    packages('packages.suspended_at', 'is', null),
    packages('packages.revoked_at', 'is', null),
  ]);
}
