import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePreferences } from '@jami-plugin-store/jpl';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertPreferenceValue } from './preference-value.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-values-'));
  for (const name of ['a.png', 'a.txt', 'model.onnx']) await writeFile(join(folder, name), '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function preference(type: string, fields: object = {}) {
  const [parsed] = parsePreferences(Buffer.from(JSON.stringify([{ type, key: 'k', ...fields }])));
  if (parsed === undefined) throw new Error('no preference');
  return parsed;
}

/** Where a default is named, leaving it empty is no value. */
const defaultValue = '5';
const list = { entries: ['One', 'Two'], entryValues: ['1', '2'] };
const bar = { min: 0, max: 10, increment: 3 };

describe('assertPreferenceValue', () => {
  it.each<[string, object, string]>([
    ['Switch', {}, 'true'],
    ['CheckBox', {}, '0'],
    ['Switch', { defaultValue: 'on' }, 'on'],
    ['List', list, '2'],
    ['DropDown', list, '1'],
    ['DropDown', { entries: ['One'] }, 'One'],
    ['DropDown', {}, 'anything'],
    ['MultiSelectList', list, '2,1'],
    ['MultiSelectList', list, ''],
    ['SeekBar', bar, '3'],
    ['SeekBar', bar, '10'],
    ['SeekBar', { min: 0, max: 1, increment: 0.1 }, '0.3'],
    ['SeekBar', { min: -5 }, '-5'],
    ['SeekBar', { min: 'x', max: '' }, '1000'],
    ['EditText', {}, 'Grüße 👋'],
    ['EditText', {}, ''],
    ['Switch', {}, ''],
    ['Future', {}, 'anything'],
    ['constructor', {}, 'anything'],
  ])('takes for a %s %j the value %j', async (type, fields, value) => {
    await assertPreferenceValue(preference(type, fields), value);
  });

  it.each<[string, object, string]>([
    ['Switch', {}, 'yes'],
    ['CheckBox', { defaultValue }, ''],
    ['CheckBox', {}, 'TRUE'],
    ['List', list, 'One'],
    ['DropDown', list, '1,2'],
    ['DropDown', { ...list, defaultValue }, ''],
    ['MultiSelectList', list, '1,3'],
    ['MultiSelectList', list, '1,1'],
    ['MultiSelectList', list, '1,'],
    ['SeekBar', bar, '11'],
    ['SeekBar', bar, '-1'],
    ['SeekBar', bar, '4'],
    ['SeekBar', { ...bar, defaultValue }, ''],
    ['SeekBar', bar, '0x3'],
    ['SeekBar', bar, '3e0'],
    ['SeekBar', bar, 'NaN'],
    ['SeekBar', bar, ' 3'],
    ['EditText', {}, 'x'.repeat(4_097)],
    ['EditText', {}, 'a\0b'],
    ['EditText', {}, '\ud800'],
    ['Future', {}, 'é'.repeat(8_193)],
    ['List', {}, 'x'.repeat(16_385)],
    ['Path', {}, 'relative.png'],
    ['Path', {}, '/nothing/there'],
    ['Path', { defaultValue }, ''],
  ])('refuses for a %s %j a value', async (type, fields, value) => {
    await expect(assertPreferenceValue(preference(type, fields), value)).rejects.toMatchObject({
      name: 'DaemonError',
      code: 'PREFERENCE_VALUE_INVALID',
    });
  });

  it.each<[string, string, boolean]>([
    ['', 'a.png', true],
    ['image/*', 'a.png', true],
    ['image/jpeg, image/png', 'a.png', true],
    ['*/*', 'a.txt', true],
    ['application/octet-stream', 'model.onnx', true],
    ['inode/directory', '', true],
    ['image/*', 'a.txt', false],
    ['image/*', '', false],
    ['inode/directory', 'a.png', false],
  ])('judges a path of type %j to %j', async (mimeType, name, isTaken) => {
    const judged = assertPreferenceValue(preference('Path', { mimeType }), join(folder, name));
    if (isTaken) await judged;
    else await expect(judged).rejects.toMatchObject({ code: 'PREFERENCE_VALUE_INVALID' });
  });

  it('has one answer or one refusal for any text', async () => {
    const types = fc.constantFrom('Switch', 'List', 'MultiSelectList', 'SeekBar', 'EditText', 'Path', 'X');
    const fields = fc.dictionary(
      fc.constantFrom('min', 'max', 'increment', 'entries', 'entryValues', 'mimeType', 'defaultValue'),
      fc.oneof(fc.string(), fc.double(), fc.array(fc.string())),
    );
    await fc.assert(
      fc.asyncProperty(types, fields, fc.string({ unit: 'binary' }), async (type, wanted, value) => {
        const judged = await assertPreferenceValue(preference(type, wanted), value).catch((error) => error);
        expect([undefined, 'PREFERENCE_VALUE_INVALID']).toContain(judged?.code);
      }),
      { numRuns: 300 },
    );
  });
});
