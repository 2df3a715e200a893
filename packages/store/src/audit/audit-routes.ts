import { Readable } from 'node:stream';
import { AuditQuery, auditMediaType } from '@jami-plugin-store/contract';
import { type GuardedRoutes, guarded } from '../access/guarded-routes.js';
import type { StoreDatabase } from '../database/database.js';
import { auditLineOf } from './audit-chain.js';
import { readAudit } from './audit-log.js';

/** The audit log as a file that `jpl audit verify` checks. */
export function auditRoutes(database: StoreDatabase) {
  return {
    'GET /v1/audit': guarded({
      summary: 'Exports the audit log, one record a line, oldest first',
      query: AuditQuery,
      handle: async ({ query }) => ({
        headers: { 'content-type': auditMediaType },
        stream: Readable.from(linesAfter(database, query.after ?? 0), { objectMode: false }),
      }),
    }),
  } satisfies Partial<GuardedRoutes>;
}

async function* linesAfter({ queries }: StoreDatabase, after: number): AsyncGenerator<string> {
  for await (const record of readAudit(queries, after)) yield `${auditLineOf(record)}\n`;
}
