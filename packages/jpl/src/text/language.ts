import { fallbackLanguage } from './locale.js';

const maxRanges = 32;
const maxHeaderCharacters = 2048;

/**
 * Chooses among the languages there are: exact, then ever shorter prefixes (RFC 4647 3.4), then any variant of the
 * same language, else `en`.
 * @param wanted  an Accept-Language header (RFC 9110 12.5.4, weights honoured) or a list, best first
 * @param available  languages as files name them, e.g. `en`, `fr`, `pt_BR`
 */
export function negotiateLanguage(
  wanted: string | readonly string[] | undefined,
  available: Iterable<string>,
): string {
  const byTag = new Map<string, string>();
  for (const language of available) byTag.set(canonicalTag(language), language);
  const ranges = typeof wanted === 'string' ? acceptedRanges(wanted) : (wanted ?? []).slice(0, maxRanges);
  for (const range of ranges) {
    const found = range === '*' ? undefined : lookup(canonicalTag(range), byTag);
    if (found !== undefined) return found;
  }
  return byTag.get(fallbackLanguage) ?? fallbackLanguage;
}

/**
 * The user's languages, best first: `JAMI_LANG` alone where set, else the system's (gettext order).
 * @param environment  e.g. `process.env`
 */
export function preferredLanguages(environment: Readonly<Record<string, string | undefined>>): string[] {
  const own = environment.JAMI_LANG;
  if (own !== undefined && own !== '') return [own];
  const system = environment.LC_ALL || environment.LC_MESSAGES || environment.LANG || '';
  const listed = isPlainLocale(system) ? [] : (environment.LANGUAGE ?? '').split(':');
  return [...listed, system].map(withoutCharset).filter((tag) => tag !== '' && !isPlainLocale(tag));
}

/** The ranges of an Accept-Language header, best first; refused ones (`q=0`) and malformed ones left out. */
function acceptedRanges(header: string): string[] {
  const ranges: { range: string; weight: number }[] = [];
  for (const part of header.slice(0, maxHeaderCharacters).split(',').slice(0, maxRanges)) {
    const match =
      /^\s*(\*|[A-Za-z]{1,8}(?:[-_][A-Za-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i.exec(
        part,
      );
    if (match?.[1] === undefined) continue;
    const weight = match[2] === undefined ? 1 : Number(match[2]);
    if (weight > 0) ranges.push({ range: match[1], weight });
  }
  return ranges.sort((a, b) => b.weight - a.weight).map(({ range }) => range);
}

function lookup(range: string, byTag: ReadonlyMap<string, string>): string | undefined {
  const subtags = range.split('-');
  for (let length = subtags.length; length > 0; length -= 1) {
    const found = byTag.get(subtags.slice(0, length).join('-'));
    if (found !== undefined) return found;
  }
  const primary = `${subtags[0]}-`;
  for (const [tag, language] of byTag) if (tag.startsWith(primary)) return language;
  return undefined;
}

/** `fr_FR` and `fr-FR` are one tag to everybody but file names. */
function canonicalTag(tag: string): string {
  return tag.toLowerCase().replaceAll('_', '-');
}

/** `fr_FR.UTF-8@euro` -> `fr_FR` */
function withoutCharset(locale: string): string {
  return locale.replace(/[.@].*$/, '');
}

function isPlainLocale(locale: string): boolean {
  return /^(C|POSIX)(\.|$)/.test(locale);
}
