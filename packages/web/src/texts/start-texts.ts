import i18next, { type i18n } from 'i18next';
import { initReactI18next } from 'react-i18next';

/** Words by their keys; every language has those of English, with the plural endings it needs (`texts.test.ts`). */
export interface TextsLike {
  readonly [key: string]: string | TextsLike;
}

/** Languages the page speaks, by the tag it is told in. */
export const pageLanguages = ['en', 'fr'] as const;
export type PageLanguage = (typeof pageLanguages)[number];

const loaders: Readonly<Record<PageLanguage, () => Promise<{ texts: TextsLike; failures: TextsLike }>>> = {
  en: async () => {
    const [{ en }, { failuresEn }] = await Promise.all([import('./en.js'), import('./failures-en.js')]);
    return { texts: en, failures: failuresEn };
  },
  fr: async () => {
    const [{ fr }, { failuresFr }] = await Promise.all([import('./fr.js'), import('./failures-fr.js')]);
    return { texts: fr, failures: failuresFr };
  },
};

/** The language of a tag or list such as `fr_FR` or `fr-CH, en;q=0.8`: the first the page speaks, else English. */
export function pageLanguageOf(tags: string): PageLanguage {
  for (const tag of tags.split(',')) {
    const [primary] = tag.trim().toLowerCase().split(/[-_;]/);
    const spoken = pageLanguages.find((language) => language === primary);
    if (spoken !== undefined) return spoken;
  }
  return 'en';
}

async function load(texts: i18n, language: PageLanguage): Promise<void> {
  if (texts.hasResourceBundle(language, 'page')) return;
  const loaded = await loaders[language]();
  texts.addResourceBundle(language, 'page', loaded.texts);
  texts.addResourceBundle(language, 'failures', loaded.failures);
}

/** Makes the page speak a language; its words are fetched when it is first wanted. */
export async function speak(texts: i18n, language: PageLanguage): Promise<void> {
  await load(texts, language);
  await texts.changeLanguage(language);
}

/** The page's words, in the language the browser prefers until the host tells what the user has chosen. */
export async function startTexts(preferred: string): Promise<i18n> {
  const texts = i18next.createInstance().use(initReactI18next);
  await texts.init({
    lng: pageLanguageOf(preferred),
    fallbackLng: false,
    ns: ['page', 'failures'],
    defaultNS: 'page',
    resources: {},
    // React escapes what it shows; a second escaping would be seen.
    interpolation: { escapeValue: false },
    returnNull: false,
  });
  await speak(texts, pageLanguageOf(preferred));
  return texts;
}
