import { describe, expect, it } from 'vitest';
import { pageLanguageOf, speak, startTexts } from './start-texts.js';

describe('the language of the page', () => {
  it.each([
    ['fr', 'fr'],
    ['fr_FR', 'fr'],
    ['FR-ca', 'fr'],
    ['de, fr;q=0.8, en;q=0.5', 'fr'],
    ['en-GB', 'en'],
    ['de', 'en'],
    ['', 'en'],
    ['fry', 'en'],
  ])('of %j is %s', (tags, language) => {
    expect(pageLanguageOf(tags)).toBe(language);
  });

  it('is changed without anything being read twice', async () => {
    const texts = await startTexts('en');
    expect(texts.t('frame.plugins')).toBe('Plugins');
    expect(texts.hasResourceBundle('fr', 'page')).toBe(false);
    await speak(texts, 'fr');
    expect(texts.t('frame.plugins')).toBe('Extensions');
    expect(texts.t('states.files', { count: 1_000_000, done: '1', of: '1 000 000' })).toContain(
      'de fichiers',
    );
    await speak(texts, 'en');
    expect(texts.t('frame.plugins')).toBe('Plugins');
  });
});
