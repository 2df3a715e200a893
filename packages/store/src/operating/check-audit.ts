import { auditLineOf } from '../audit/audit-chain.js';
import { readAudit } from '../audit/audit-log.js';
import { verifyAudit } from '../audit/verify-audit.js';
import { StoreError } from '../error.js';
import type { Checking } from './check-store.js';

/** The audit log against its hashes, and its end against the number that was given out last. @returns records */
export async function checkAudit({ data, signal, tell }: Checking): Promise<number> {
  const { database } = data;
  const broken = (message: string): void =>
    tell({ code: 'AUDIT_BROKEN', subject: 'audit log', message, repaired: false });
  const ends = await database.snapshot(async (tx) => {
    const counter = await tx
      .selectFrom('counters')
      .select('value')
      .where('name', '=', 'audit')
      .executeTakeFirst();
    const last = await tx
      .selectFrom('audit_records')
      .select((builder) => builder.fn.max('sequence').as('sequence'))
      .executeTakeFirst();
    return { counter: Number(counter?.value ?? 0), last: Number(last?.sequence ?? 0) };
  });
  if (ends.counter !== ends.last) {
    broken(`the last record is ${ends.last}, and ${ends.counter} have been put down`);
  }
  async function* lines(): AsyncGenerator<string> {
    for await (const record of readAudit(database.queries, 0)) {
      signal.throwIfAborted();
      yield auditLineOf(record);
    }
  }
  try {
    return (await verifyAudit(lines())).records;
  } catch (error) {
    if (!(error instanceof StoreError && error.code.startsWith('AUDIT_'))) throw error;
    broken(`${error.code}: ${error.message}`);
    return ends.last;
  }
}
