import { createHash } from 'node:crypto';
import type { AuditRecord } from '@jami-plugin-store/contract';

/** What the first record names as the one before it. */
export const noRecord = '0'.repeat(64);

/** A record before it has its place's hash. */
export type UnhashedRecord = Omit<AuditRecord, 'hash'>;

/**
 * The hash that names a record and, through `previous`, the whole history before it: SHA-256 of the record without `hash` as JSON with
 * sorted keys (RFC 8785; the values are strings and whole numbers only, for which `JSON.stringify` writes what that RFC asks).
 */
export function auditHashOf(record: UnhashedRecord | AuditRecord): string {
  const { hash: _, ...unhashed } = { hash: '', ...record };
  return createHash('sha256').update(canonicalJson(unhashed)).digest('hex');
}

/** One line of an export, without its end. */
export function auditLineOf(record: AuditRecord): string {
  return canonicalJson(record);
}

function canonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}
