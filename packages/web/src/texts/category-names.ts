import type { Speak } from './use-words.js';

/** Categories this page has words for; a store may have others. */
const known = [
  'accessibility',
  'audio',
  'background',
  'call',
  'chat',
  'development',
  'fun',
  'language',
  'other',
  'productivity',
  'sample',
  'samples',
  'security',
  'translation',
  'video',
] as const;

/** What a category is called; one without a word for it is called what it is. */
export function categoryName(category: string, t: Speak): string {
  const name = known.find((word) => word === category);
  if (name !== undefined) return t(`categories.${name}`);
  return category.charAt(0).toUpperCase() + category.slice(1).replaceAll('-', ' ');
}
