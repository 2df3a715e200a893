import { fallbackLanguage, negotiateLanguage } from '@jami-plugin-store/jpl';

/** Languages of one answer; more would let requests ask for endless different answers. */
const maxLanguages = 3;

/**
 * The languages of an answer that holds texts of several plugins, best first, out of those that exist: each plugin
 * then shows the first one it has. Ends with the fallback, so equal wishes give equal lists.
 */
export function preferredLanguages(
  acceptLanguage: string | undefined,
  available: readonly string[],
): string[] {
  const remaining = new Set(available);
  const chosen: string[] = [];
  while (chosen.length < maxLanguages && remaining.size > 0) {
    const best = negotiateLanguage(acceptLanguage, remaining);
    if (!remaining.delete(best) || best === fallbackLanguage) break;
    chosen.push(best);
  }
  return [...chosen, fallbackLanguage];
}

/** The language in which one plugin's texts are shown: the first wish it has, else the fallback, else any. */
export function chooseLanguage(preferred: readonly string[], available: readonly string[]): string {
  return preferred.find((language) => available.includes(language)) ?? available[0] ?? fallbackLanguage;
}
