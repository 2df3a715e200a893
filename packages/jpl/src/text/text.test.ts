import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifest } from '../manifest/manifest.js';
import { negotiateLanguage, preferredLanguages } from './language.js';
import { languagesOf, localeEntryName, parseLocale, translate, translateManifest } from './locale.js';

const locale = parseLocale(Buffer.from('{"name":"Salueur","description":"Dit bonjour.","loop":"{{loop}}"}'));

describe('texts', () => {
  it.each([
    ['{{description}}', 'Dit bonjour.'],
    ['A {{name}}: {{description}}', 'A Salueur: Dit bonjour.'],
    ['{{ name }}', 'Salueur'],
    ['{{unknown}}', ''],
    ['{{constructor}}{{__proto__}}', ''],
    ['{{loop}}', '{{loop}}'],
    ['{name} {{}} {{', '{name}  {{'],
    ['plain', 'plain'],
  ])('%j becomes %j', (text, expected) => {
    expect(translate(text, locale)).toBe(expected);
  });

  it('do not multiply: a thousand placeholders of a long text are cut off', () => {
    const long = new Map([['a', 'x'.repeat(1_000_000)]]);
    expect(translate(`${'{{a}}'.repeat(1_000)} end`, long)).toBe(`${'x'.repeat(32 * 1024)} end`);
  });

  it('stay quick however the braces stand', () => {
    expect(translate('{{'.repeat(200_000), locale)).toHaveLength(400_000);
  });

  it('of a manifest change its name and description only', () => {
    const manifest = parseManifest(
      Buffer.from('{"id":"g","name":"{{name}}","description":"{{description}}","version":"1"}'),
    );
    expect(translateManifest(manifest, locale)).toEqual({
      ...manifest,
      name: 'Salueur',
      description: 'Dit bonjour.',
    });
    expect(translateManifest(manifest, new Map())).toMatchObject({ name: 'g', description: '' });
    expect(translateManifest(manifest, new Map([['name', 'a\u202eb\nc']]))).toMatchObject({ name: 'abc' });
  });

  it.each([
    ['[]', 'LOCALE_MALFORMED'],
    ['{"a":1}', 'LOCALE_MALFORMED'],
    ['{"a":"b",}', 'LOCALE_MALFORMED'],
    ['{"a":"b","a":"c"}', 'LOCALE_DUPLICATE_KEY'],
    [' '.repeat(1024 * 1024 + 1), 'LOCALE_MALFORMED'],
  ])('%#: are not read from other than one flat object', (json, code) => {
    expect(() => parseLocale(Buffer.from(json))).toThrowError(
      expect.objectContaining({ name: 'JplError', code }),
    );
  });

  it('lie in files named for plugin and language', () => {
    expect(localeEntryName('Greeter', 'fr')).toBe('data/locale/Greeter_fr.json');
    const names = [
      'data/locale/Greeter_fr.json',
      'data/locale/Greeter_en.json',
      'data/locale/Greeter_.json',
      'data/locale/Other_de.json',
      'data/locale/Greeter_x/y.json',
    ];
    expect(
      languagesOf(
        names.map((name) => ({ name })),
        'Greeter',
      ),
    ).toEqual(['en', 'fr']);
  });
});

describe('negotiateLanguage', () => {
  const available = ['en', 'fr', 'pt_BR', 'zh-Hant-TW'];
  it.each([
    ['fr', 'fr'],
    ['fr-CA, en;q=0.5', 'fr'],
    ['FR_ca', 'fr'],
    ['en;q=0.2, fr;q=0.9', 'fr'],
    ['de, fr;q=0, en;q=0.1', 'en'],
    ['pt', 'pt_BR'],
    ['pt-br', 'pt_BR'],
    ['zh-Hant-TW-x', 'zh-Hant-TW'],
    ['de', 'en'],
    ['*', 'en'],
    ['', 'en'],
    ['fr;q=1.5, ;;;, é', 'en'],
    ['de;q=0.9,fr;q=0.8,en;q=0.7', 'fr'],
    ['de , fr ; q=0.8', 'fr'],
  ])('answers %j with %s', (header, language) => {
    expect(negotiateLanguage(header, available)).toBe(language);
  });

  it('takes a list too, and has English where there is nothing', () => {
    expect(negotiateLanguage(['de', 'fr_FR'], available)).toBe('fr');
    expect(negotiateLanguage(undefined, [])).toBe('en');
    expect(negotiateLanguage('en-GB', ['EN'])).toBe('EN');
  });

  it('always answers one of the languages or English', () => {
    fc.assert(fc.property(fc.string(), (header) => available.includes(negotiateLanguage(header, available))));
    const many = Array.from({ length: 50_000 }, (_, index) => `x${index}`).join(',');
    expect(negotiateLanguage(many, available)).toBe('en');
  });
});

describe('preferredLanguages', () => {
  it.each([
    [{ JAMI_LANG: 'fr', LANG: 'de_DE.UTF-8' }, ['fr']],
    [{ LANG: 'de_DE.UTF-8' }, ['de_DE']],
    [{ LC_ALL: 'pt_BR.UTF-8@x', LANG: 'de_DE' }, ['pt_BR']],
    [{ LANG: 'de_DE.UTF-8', LANGUAGE: 'fr:en' }, ['fr', 'en', 'de_DE']],
    [{ LANG: 'C.UTF-8', LANGUAGE: 'fr' }, []],
    [{ LANG: 'POSIX' }, []],
    [{}, []],
  ])('of %j are %j', (environment, languages) => {
    expect(preferredLanguages(environment)).toEqual(languages);
  });
});
