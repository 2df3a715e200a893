import type { AuditRecord } from '@jami-plugin-store/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auditHashOf, auditLineOf, noRecord, type UnhashedRecord } from './audit-chain.js';
import { type VerifyAuditOptions, verifyAudit } from './verify-audit.js';

/** A history as the store writes it. */
function history(length: number): AuditRecord[] {
  const records: AuditRecord[] = [];
  for (let sequence = 1; sequence <= length; sequence += 1) {
    const record: UnhashedRecord = {
      sequence,
      at: new Date(Date.UTC(2026, 5, 1, 0, 0, sequence)).toISOString(),
      actor: 'reviewer Ada [0123456789abcdef]',
      action: sequence % 2 === 0 ? 'yanked' : 'published',
      subject: `package/${'ab'.repeat(32)}`,
      plugin: 'Foo',
      version: `1.${sequence}.0`,
      ...(sequence % 2 === 0 ? { reason: 'It crashed “sometimes”\non start' } : {}),
      detail: { size: String(sequence), b: 'é' },
      previous: records.at(-1)?.hash ?? noRecord,
    };
    records.push({ ...record, hash: auditHashOf(record) });
  }
  return records;
}

const lines = (records: readonly AuditRecord[]) => records.map(auditLineOf);
const codeOf = async (given: readonly string[], options?: VerifyAuditOptions) =>
  await verifyAudit(given, options).then(
    () => 'OK',
    (error) => `${error.code}: ${error.message}`,
  );

const six = history(6);
const [second, third] = [six[1] as AuditRecord, six[2] as AuditRecord];

test('a record’s hash is the SHA-256 of its sorted JSON', () => {
  const record: UnhashedRecord = {
    sequence: 1,
    at: '2026-06-01T00:00:00.000Z',
    actor: 'store',
    action: 'revoked',
    subject: 'package/x',
    detail: { b: '2', a: '1' },
    previous: noRecord,
  };
  // printf '%s' '{"action":"revoked",…}' | sha256sum
  expect(auditHashOf(record)).toBe('0e97f269bc433ba99aaa055808db2f0a4f880b8ae1032dbfd85d3037f9d95876');
});

describe('an export', () => {
  test('that is whole is told by its length and head', async () => {
    expect(await verifyAudit(lines(six))).toEqual({ records: 6, first: 1, last: 6, head: six[5]?.hash });
    expect(await verifyAudit([...lines(six), ''])).toMatchObject({ records: 6 });
    expect(await verifyAudit([])).toEqual({ records: 0, first: undefined, last: undefined, head: noRecord });
  });

  test('may go on after a record that is known', async () => {
    const after = { sequence: 3, hash: third.hash };
    expect(await verifyAudit(lines(six.slice(3)), { after })).toMatchObject({
      records: 3,
      first: 4,
      last: 6,
    });
    const other = { sequence: 3, hash: second.hash };
    expect(await codeOf(lines(six.slice(3)), { after: other })).toMatch(/^AUDIT_CHAIN_BROKEN: Record 4/);
    expect(await codeOf(lines(six.slice(3)))).toBe('AUDIT_RECORD_MISSING: Records 1 to 3 are missing.');
  });

  test.each<[string, (records: AuditRecord[]) => AuditRecord[], RegExp]>([
    [
      'a changed reason',
      (r) => r.with(1, { ...second, reason: 'It was fine' }),
      /^AUDIT_RECORD_CHANGED: Record 2 /,
    ],
    ['a removed reason', (r) => r.with(1, withoutReason(second)), /^AUDIT_RECORD_CHANGED: Record 2 /],
    ['a changed detail', (r) => r.with(2, { ...third, detail: {} }), /^AUDIT_RECORD_CHANGED: Record 3 /],
    ['a changed time', (r) => r.with(2, { ...third, at: second.at }), /^AUDIT_RECORD_CHANGED: Record 3 /],
    ['a missing record', (r) => r.toSpliced(2, 1), /^AUDIT_RECORD_MISSING: Record 3 is missing/],
    ['two missing', (r) => r.toSpliced(1, 2), /^AUDIT_RECORD_MISSING: Records 2 to 3 are missing/],
    ['the first missing', (r) => r.slice(1), /^AUDIT_RECORD_MISSING: Record 1 is missing/],
    [
      'two exchanged',
      (r) => r.with(1, third).with(2, second),
      /^AUDIT_RECORDS_REORDERED: Record 3 stands where record 2/,
    ],
    [
      'one twice',
      (r) => r.toSpliced(2, 0, second),
      /^AUDIT_RECORDS_REORDERED: Record 2 stands where record 3/,
    ],
    [
      'one replaced, its own hash made right',
      (r) => r.with(1, rehashed({ ...second, reason: 'It was fine' })),
      /^AUDIT_CHAIN_BROKEN: Record 3 does not follow record 2/,
    ],
    [
      'one taken out and the rest numbered anew',
      (r) => r.toSpliced(2, 1).map((record, at) => rehashed({ ...record, sequence: at + 1 })),
      /^AUDIT_CHAIN_BROKEN: Record 3/,
    ],
  ])('with %s is found and named', async (_, change, found) => {
    expect(await codeOf(lines(change([...six])))).toMatch(found);
  });

  test('that was cut off is found by a hash noted before', async () => {
    const cut = lines(six.slice(0, 4));
    expect(await codeOf(cut)).toBe('OK');
    expect(await codeOf(cut, { knownHashes: [second.hash, six[5]?.hash ?? ''] })).toMatch(
      /^AUDIT_HASH_ABSENT/,
    );
    expect(await codeOf(cut, { knownHashes: [second.hash] })).toBe('OK');
  });

  test('with any one byte changed is not the same export', async () => {
    const text = lines(history(3)).join('\n');
    await fc.assert(
      fc.asyncProperty(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), async (at, code) => {
        const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
        // White space that JSON passes over changes nothing that was said.
        if (changed === text) return;
        expect(await codeOf(changed.split('\n'))).not.toBe('OK');
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ['no JSON', '{'],
    ['another shape', '{"sequence":1}'],
    ['other spacing', JSON.stringify(second, undefined, 1).replaceAll('\n', '')],
    ['a key twice', auditLineOf(second).replace('{', '{"action":"published",')],
    ['a member too many', auditLineOf({ ...second, more: 1 } as AuditRecord)],
    ['a line without end', `{"sequence":1,"reason":"${'x'.repeat(70_000)}"}`],
    ['an empty line in between', `\n${auditLineOf(second)}`],
  ])('with %s is no export', async (_, text) => {
    const given = [auditLineOf(six[0] as AuditRecord), ...text.split('\n')];
    expect(await codeOf(given)).toMatch(/^AUDIT_LINE_MALFORMED: Line 2/);
  });
});

function withoutReason({ reason: _, ...record }: AuditRecord): AuditRecord {
  return record;
}

function rehashed(record: AuditRecord): AuditRecord {
  return { ...record, hash: auditHashOf(record) };
}
