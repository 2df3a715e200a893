import { type ArchiveEntry, parseManifest } from '@jami-plugin-store/jpl';
import { expect, test } from 'vitest';
import { readTexts } from './read-texts.js';

const manifest = parseManifest(Buffer.from('{"name":"Foo","version":"1"}'));

test('a thousand locales that cannot be read cost no more than a hundred', async () => {
  const entries = Array.from({ length: 1_000 }, (_, index): ArchiveEntry => {
    const name = `data/locale/Foo_aa-${index}.json`;
    return { name, kind: 'file', size: 9, compressedSize: 9, method: 'stored', crc32: 0, offset: index };
  });
  const read: string[] = [];
  const flaws: string[] = [];
  const texts = await readTexts(
    { entries },
    manifest,
    async (name) => {
      read.push(name);
      return Buffer.from('no locale');
    },
    (flaw) => flaws.push(flaw),
  );
  expect(texts).toEqual({ en: { name: 'Foo', description: '' } });
  expect([read.length, flaws.length, flaws[0]]).toEqual([100, 101, 'locales: more than 100']);
});
