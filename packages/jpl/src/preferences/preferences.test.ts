import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePreferenceValues, encodePreferenceValues } from './preference-values.js';
import { defaultPreferenceValues, parsePreferences, translatePreference } from './preferences.js';

const parse = (json: unknown) => parsePreferences(Buffer.from(JSON.stringify(json)));

describe('parsePreferences', () => {
  it('turns every field into text, lists comma-joined', () => {
    const [preference] = parse([
      {
        type: 'SeekBar',
        key: 'volume',
        min: 1,
        adjustable: true,
        entries: ['a', 'b'],
        title: '{{title}}',
        summary: null,
      },
    ]);
    expect(preference).toMatchObject({ type: 'SeekBar', key: 'volume' });
    expect(Object.fromEntries(preference?.fields ?? [])).toEqual({
      type: 'SeekBar',
      key: 'volume',
      min: '1',
      adjustable: 'true',
      entries: 'a,b',
      title: '{{title}}',
      summary: '',
    });
    if (preference === undefined) return;
    const translated = translatePreference(preference, new Map([['title', 'Lautstärke']]));
    expect(translated.fields.get('title')).toBe('Lautstärke');
    expect(translated.fields.get('key')).toBe('volume');
  });

  it('does not multiply a long text: the fields of one preference share its room', () => {
    const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`f${index}`, '{{a}}']));
    const [preference] = parse([{ type: 'Switch', key: 'k', ...fields }]);
    if (preference === undefined) throw new Error('nothing read');
    const translated = translatePreference(preference, new Map([['a', 'x'.repeat(30_000)]]));
    expect([...translated.fields.values()].join('').length).toBe('Switchk'.length + 32 * 1024);
  });

  it('lets the first of two with one key count', () => {
    const preferences = parse([
      { type: 'EditText', key: 'a', defaultValue: 'first' },
      { type: 'Switch', key: 'a', defaultValue: 'second' },
    ]);
    expect(preferences.map(({ type }) => type)).toEqual(['EditText']);
  });

  it('completes the default of a path', () => {
    const preferences = parse([
      { type: 'Path', key: 'model', defaultValue: 'data/models/a.bin' },
      { type: 'Switch', key: 'on', defaultValue: '1' },
      { type: 'Switch', key: 'none' },
    ]);
    expect(Object.fromEntries(defaultPreferenceValues(preferences, '/plugins/p'))).toEqual({
      model: '/plugins/p/data/models/a.bin',
      on: '1',
    });
  });

  it.each([
    ['{}', 'PREFERENCES_MALFORMED'],
    ['[1]', 'PREFERENCES_MALFORMED'],
    ['[{"type":"Switch"}]', 'PREFERENCES_MALFORMED'],
    ['[{"key":"a"}]', 'PREFERENCES_MALFORMED'],
    ['[{"type":"Switch","key":"a","x":{}}]', 'PREFERENCES_MALFORMED'],
    ['[{"type":"SeekBar","key":"a","max":1e999}]', 'PREFERENCES_MALFORMED'],
    ['[{"type":"Switch","key":"a\\ud800"}]', 'PREFERENCES_MALFORMED'],
    ['[{"type":"Switch","key":"a"},]', 'PREFERENCES_MALFORMED'],
    ['[{"type":"Switch","key":"a","key":"b"}]', 'PREFERENCES_DUPLICATE_KEY'],
    [
      JSON.stringify(Array.from({ length: 1001 }, (_, i) => ({ type: 'Switch', key: `${i}` }))),
      'PREFERENCES_MALFORMED',
    ],
    [' '.repeat(1024 * 1024 + 1), 'PREFERENCES_MALFORMED'],
  ])('%#: refuses what is none', (json, code) => {
    expect(() => parsePreferences(Buffer.from(json))).toThrowError(
      expect.objectContaining({ name: 'JplError', code }),
    );
  });
});

describe('preference values', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })),
        (record) => {
          const values = new Map(Object.entries(record));
          expect(decodePreferenceValues(encodePreferenceValues(values))).toEqual(values);
        },
      ),
    );
  });

  it.each([
    ['', 'PREFERENCES_MALFORMED'],
    ['90', 'PREFERENCES_MALFORMED'],
    ['81a16101', 'PREFERENCES_MALFORMED'],
    ['81a161c40100', 'PREFERENCES_MALFORMED'],
    ['8000', 'PREFERENCES_MALFORMED'],
    ['82a161a162a161a163', 'PREFERENCES_DUPLICATE_KEY'],
  ])('are not %j', (hex, code) => {
    expect(() => decodePreferenceValues(Buffer.from(hex, 'hex'))).toThrowError(
      expect.objectContaining({ name: 'JplError', code }),
    );
  });
});
