import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineCutter, parseHostMessage } from './load-protocol.js';
import { maxNameLength, maxRegistrations } from './registration-bounds.js';

describe('LineCutter', () => {
  it('gives the same lines however the bytes come', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ')));
    fc.assert(
      fc.property(lines, fc.array(fc.nat({ max: 200 }), { maxLength: 20 }), (wanted, cuts) => {
        const bytes = Buffer.from(wanted.map((line) => `${line}\n`).join(''));
        const cutter = new LineCutter();
        const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const got = edges.slice(1).flatMap((end, index) => cutter.push(bytes.subarray(edges[index], end)));
        expect(got).toEqual(wanted);
      }),
    );
  });

  it('keeps no line without end', () => {
    const cutter = new LineCutter();
    expect(cutter.push(Buffer.alloc(60_000, 'a'))).toEqual([]);
    expect(cutter.push(Buffer.alloc(60_000, 'a'))).toBe('tooLong');
    expect(new LineCutter().push(Buffer.concat([Buffer.alloc(70_000, 'a'), Buffer.from('\n')]))).toBe(
      'tooLong',
    );
  });
});

describe('parseHostMessage', () => {
  it('takes what the host says', () => {
    const registrations = {
      components: [{ manager: 'ChatHandlerManager', id: '1' }],
      factories: [],
      refusedServices: [],
    };
    for (const message of [
      { type: 'ready' },
      { type: 'loaded' },
      { type: 'unloaded' },
      { type: 'failed', code: 'LIBRARY_REFUSED', reason: 'no' },
      { type: 'registered', registrations },
    ])
      expect(parseHostMessage(JSON.stringify(message))).toEqual(message);
  });

  it.each([
    '',
    '{}',
    'null',
    '{"type":"ready"',
    '{"type":"other"}',
    '{"type":"failed","code":"DISK_FULL","reason":""}',
    '{"type":"registered","registrations":{}}',
    JSON.stringify({
      type: 'registered',
      registrations: {
        components: [],
        factories: Array(maxRegistrations + 1).fill('x'),
        refusedServices: [],
      },
    }),
    JSON.stringify({
      type: 'registered',
      registrations: { components: [], factories: ['x'.repeat(maxNameLength + 1)], refusedServices: [] },
    }),
  ])('%#: takes nothing else', (line) => {
    expect(parseHostMessage(line)).toBeUndefined();
  });

  it('throws for no line at all', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        parseHostMessage(line);
      }),
    );
  });
});
