import { type ArchiveEntry, bufferSource, JplError, openArchive } from '@jami-plugin-store/jpl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TrustError } from '../error.js';
import { makeFinding } from '../revocation/finding.js';
import { judgePackage } from './judge-package.js';
import { caExtensions, fixtureInstant, type Issued, leafExtensions, OpensslCa } from './openssl-fixtures.js';
import { bytesOf, draftOf, manifestOf } from './package-fixtures.js';

/** One bit, another one at each place, and all of them. */
const patternsAt = (offset: number): number[] => [1 << (offset % 8), 0xff];

/** Where a flip may go unnoticed; docs/verification.md says why each is harmless. */
const harmless: ReadonlySet<string> = new Set([
  'central: version made by',
  'central: internal attributes',
  'central: external attributes',
  'local: data, deflated',
]);

let ca: OpensslCa;
let root: Issued;
let plugin: Issued;

beforeAll(async () => {
  ca = await OpensslCa.create();
  root = await ca.issue({ subject: '/CN=Root', keyType: 'P-256', extensions: caExtensions });
  plugin = await ca.issue({ subject: '/CN=Example', issuer: root, extensions: leafExtensions });
});
afterAll(() => ca[Symbol.asyncDispose]());

// Some 11,000 judgements: seconds on a machine that does nothing else.
describe('any single byte changed in a signed package', { timeout: 180_000 }, () => {
  it.each([
    ['stored', false],
    ['deflated', true],
  ])('is refused or provably harmless, %s', async (_how, compress) => {
    const files = new Map([
      ['data/', Buffer.alloc(0)],
      [
        'data/notes.txt',
        Buffer.from('the same words, the same words, and once more the same words'.repeat(3)),
      ],
      ['manifest.json', manifestOf()],
    ]);
    const original = await bytesOf({ ...draftOf([plugin], files), compress });
    const expected = await outcomeOf(original);
    expect(expected).toContain('"id":"Example"');

    const fields = fieldsOf(original);
    const unnoticed = new Map<string, number>();
    const changed = Buffer.from(original);
    for (let offset = 0; offset < original.length; offset += 1) {
      const before = original[offset] ?? 0;
      for (const pattern of patternsAt(offset)) {
        changed[offset] = before ^ pattern;
        const outcome = await outcomeOf(changed);
        if (outcome === 'refused') continue;
        // Accepted: then it must mean exactly the same.
        expect({ offset, pattern, outcome }).toEqual({ offset, pattern, outcome: expected });
        const field = fields[offset] ?? 'unknown';
        unnoticed.set(field, (unnoticed.get(field) ?? 0) + 1);
      }
      changed[offset] = before;
    }
    expect(fields).toHaveLength(original.length);
    expect([...unnoticed.keys()].filter((field) => !harmless.has(field))).toEqual([]);
    expect(unnoticed.has('central: version made by')).toBe(true);
  });
});

/** Everything a verdict says and hands on, or that it was refused with a typed error. */
async function outcomeOf(bytes: Buffer): Promise<string> {
  const contents: Record<string, string> = {};
  try {
    const verdict = await judgePackage(await openArchive(bufferSource(bytes)), {
      anchors: [root.anchor],
      at: fixtureInstant,
      revocation: 'required',
      ask: async (questions, { at }) =>
        questions.map(({ certificate, issuer }) =>
          makeFinding({ certificate, status: 'good', source: 'ocsp' }, { issuer, at }),
        ),
      sink: {
        wants: () => true,
        write: async ({ name }, content) => {
          contents[name] = content.toString('hex');
        },
        open: () => Promise.reject(new Error('nothing here is large')),
      },
    });
    const { id, version, manifest, publisher, evidence, files, bytes: size } = verdict;
    const path = verdict.path.map(({ fingerprint }) => fingerprint);
    const entries = verdict.entries.map(({ name, kind, size: entrySize }: ArchiveEntry) => [
      name,
      kind,
      entrySize,
    ]);
    const sorted = Object.entries(contents).sort();
    return JSON.stringify({ id, version, manifest, publisher, evidence, files, size, path, entries, sorted });
  } catch (error) {
    if (error instanceof JplError || error instanceof TrustError) return 'refused';
    throw error;
  }
}

const shared = {
  'version needed': 2,
  flags: 2,
  method: 2,
  time: 2,
  date: 2,
  crc: 4,
  'packed size': 4,
  size: 4,
};
const layouts = {
  local: { signature: 4, ...shared, 'name length': 2, 'extra length': 2 },
  central: {
    signature: 4,
    'version made by': 2,
    ...shared,
    'name length': 2,
    'extra length': 2,
    'comment length': 2,
    disk: 2,
    'internal attributes': 2,
    'external attributes': 4,
    offset: 4,
  },
} as const;

/** The name of the field each byte belongs to (APPNOTE 4.3.7, 4.3.12, 4.3.16). */
function fieldsOf(zip: Buffer): string[] {
  const fields: string[] = [];
  const add = (name: string, bytes: number) => {
    for (let i = 0; i < bytes; i += 1) fields.push(name);
  };
  while (fields.length < zip.length) {
    const at = fields.length;
    const signature = zip.readUInt32LE(at);
    if (signature === 0x04034b50) {
      for (const [name, bytes] of Object.entries(layouts.local)) add(`local: ${name}`, bytes);
      add('local: name', zip.readUInt16LE(at + 26));
      add('local: extra', zip.readUInt16LE(at + 28));
      add(
        `local: data, ${zip.readUInt16LE(at + 8) === 8 ? 'deflated' : 'stored'}`,
        zip.readUInt32LE(at + 18),
      );
    } else if (signature === 0x02014b50) {
      for (const [name, bytes] of Object.entries(layouts.central)) add(`central: ${name}`, bytes);
      add('central: name', zip.readUInt16LE(at + 28));
      add('central: extra', zip.readUInt16LE(at + 30));
    } else {
      add('end', 22);
    }
  }
  return fields;
}
