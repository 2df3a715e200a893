import { AuditRecord } from '@jami-plugin-store/contract';
import { Compile } from 'typebox/compile';
import { StoreError, type StoreErrorCode } from '../error.js';
import { auditHashOf, auditLineOf, noRecord } from './audit-chain.js';

export interface VerifyAuditOptions {
  /** The export begins after this record, whose hash is known from an earlier one. Default: it begins with the first record. */
  readonly after?: { readonly sequence: number; readonly hash: string } | undefined;
  /** Hashes noted elsewhere, from an earlier export or the public feed: the export must have those records. */
  readonly knownHashes?: readonly string[] | undefined;
}

/** What an export was found to hold. */
export interface AuditVerdict {
  readonly records: number;
  /** Sequence of the first and last record; undefined where there is none. */
  readonly first?: number | undefined;
  readonly last?: number | undefined;
  /** Hash of the last record: whoever notes it can tell later whether anything up to here was changed, or cut off. */
  readonly head: string;
}

/** More than any record has. */
const maxLineCharacters = 64 * 1024;

const schema = Compile(AuditRecord);

/**
 * Verifies an audit export line by line: each record unchanged, none missing, each behind the one it names. What follows the last
 * record cannot be known from the export itself; that is what `knownHashes` is for.
 * @param lines  the export, split at its line ends
 * @throws {StoreError} AUDIT_LINE_MALFORMED | AUDIT_RECORD_CHANGED | AUDIT_RECORD_MISSING | AUDIT_RECORDS_REORDERED |
 *   AUDIT_CHAIN_BROKEN, naming the first record concerned · AUDIT_HASH_ABSENT
 */
export async function verifyAudit(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyAuditOptions = {},
): Promise<AuditVerdict> {
  const missing = new Set(options.knownHashes ?? []);
  let { sequence: last, hash: head } = options.after ?? { sequence: 0, hash: noRecord };
  let [records, number] = [0, 0];
  let first: number | undefined;
  const rest = iterate(lines);
  for await (const line of rest) {
    number += 1;
    const record = parse(line, number);
    if (record.sequence !== last + 1) throw await outOfPlace(record, last + 1, rest);
    if (auditHashOf(record) !== record.hash) {
      throw fault('AUDIT_RECORD_CHANGED', `Record ${record.sequence} is not what was put down.`);
    }
    if (record.previous !== head) {
      const other = last === 0 ? 'the beginning' : `record ${last}`;
      throw fault('AUDIT_CHAIN_BROKEN', `Record ${record.sequence} does not follow ${other} as it is here.`);
    }
    first ??= record.sequence;
    [last, head] = [record.sequence, record.hash];
    records += 1;
    missing.delete(record.hash);
  }
  const [absent] = missing;
  if (absent !== undefined) throw fault('AUDIT_HASH_ABSENT', `No record has the hash ${absent}.`);
  return { records, first, last: first === undefined ? undefined : last, head };
}

function parse(line: string, number: number): AuditRecord {
  const malformed = (cause?: unknown): StoreError =>
    fault('AUDIT_LINE_MALFORMED', `Line ${number} is no audit record.`, cause);
  if (line.length > maxLineCharacters) throw malformed();
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw malformed(cause);
  }
  // One way to write each record: two readers of an export cannot see different things in it.
  if (!schema.Check(value) || auditLineOf(value) !== line) throw malformed();
  return value;
}

/** A record that comes too early is misplaced where the one expected comes later, else that one is missing. */
async function outOfPlace(
  { sequence }: AuditRecord,
  expected: number,
  rest: AsyncIterable<string>,
): Promise<StoreError> {
  const misplaced = `Record ${sequence} stands where record ${expected} belongs.`;
  if (sequence < expected) return fault('AUDIT_RECORDS_REORDERED', misplaced);
  for await (const line of rest) {
    if (line.includes(`"sequence":${expected},`) || line.includes(`"sequence":${expected}}`)) {
      return fault('AUDIT_RECORDS_REORDERED', misplaced);
    }
  }
  const which =
    sequence === expected + 1 ? `Record ${expected} is` : `Records ${expected} to ${sequence - 1} are`;
  return fault('AUDIT_RECORD_MISSING', `${which} missing.`);
}

/** Lines that can be read on after a loop over them was left; an empty one at the very end is none. */
async function* iterate(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let isEmpty = false;
  for await (const line of lines) {
    if (isEmpty) yield '';
    isEmpty = line === '';
    if (!isEmpty) yield line;
  }
}

function fault(code: StoreErrorCode, message: string, cause?: unknown): StoreError {
  return new StoreError(code, message, { cause });
}
