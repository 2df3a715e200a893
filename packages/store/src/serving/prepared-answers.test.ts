import { expect, test } from 'vitest';
import { Catalog } from '../catalog/catalog.js';
import { PreparedAnswers } from './prepared-answers.js';
import { linux, recordOf } from './serving-fixtures.js';

const languages = ['cs', 'da', 'de', 'el', 'es', 'fi', 'fr', 'hu', 'it', 'ja', 'ko', 'nl'];

test('listings in every order of languages are not all made: the first wish counts when there are too many', async () => {
  const catalog = new Catalog();
  const texts = [...languages, 'en'].map((language) => [language, { name: language, description: '' }]);
  catalog.add(recordOf(Buffer.from('p'), { id: 'Foo', texts: Object.fromEntries(texts) }));
  const answers = new PreparedAnswers(catalog, () => new Date('2030-01-01T00:00:00Z'));

  const bodies = new Set<unknown>();
  for (const first of languages) {
    for (const second of languages) {
      for (const third of languages) {
        if (new Set([first, second, third]).size < 3) continue;
        const body = await answers.listing(linux, `${first}, ${second};q=0.9, ${third};q=0.8`);
        bodies.add(body);
        const json = body.codings.get('identity')?.body.toString() ?? '';
        expect(JSON.parse(json)[0].name).toBe(first);
      }
    }
  }
  // 1,320 different wishes.
  expect(bodies.size).toBeLessThanOrEqual(64 + languages.length);
});
