import type { TFunction } from 'i18next';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { createFigures, type Figures } from './figures.js';

/** Puts a key into words; reasons are under `failures:`. */
export type Speak = TFunction<['page', 'failures']>;

/** Words and figures in the language of the page. */
export function useWords(): { t: Speak; language: string } & Figures {
  const { t, i18n } = useTranslation(['page', 'failures']);
  const { language } = i18n;
  const figures = useMemo(() => createFigures(language), [language]);
  return { t, language, ...figures };
}
