/** Words taken of one text; what comes later is not found by. */
const maxWords = 4_000;
const maxWordCharacters = 40;

/** Scripts written without spaces: each of their characters counts as a word. */
const unspaced =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const wordOrCharacter = new RegExp(`[${unspaced}]|(?:(?![${unspaced}])[\\p{L}\\p{N}])+`, 'gu');

/** Where a name written in one piece has its words: `GreenScreen`, `HTTPServer2`. */
const inside = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u;

/** Marks, and what was one when SQLite's tokenizer was made (Unicode 6.1): it would split words there. */
const marks = /[\p{M}\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]/gu;

/** Without case, accents and other marks, so that `Écran` is found by `ecran`. */
export function fold(text: string): string {
  return text.normalize('NFKD').replace(marks, '').toLowerCase();
}

/** The words of a text as they are kept and looked for, the same in every database. */
export function wordsOf(text: string): string[] {
  const words = fold(text).match(wordOrCharacter) ?? [];
  return words.slice(0, maxWords).map((word) => word.slice(0, maxWordCharacters));
}

/** The words of a name: of all of it, and of the parts it is put together from. */
export function wordsOfName(name: string): string[] {
  return [...new Set([...wordsOf(name), ...name.split(inside).flatMap(wordsOf)])];
}

/** Words of a text that count when it is looked for; more would only make it slow. */
const maxWanted = 10;
const oneOfMany = new RegExp(`^[^${unspaced}]$`, 'u');

/**
 * The words to look for. A single letter begins so many words that it narrows nothing down: it counts only where there is nothing longer,
 * and then the first one. Empty = the text has nothing that anything could be found by.
 */
export function wantedWords(text: string): string[] {
  const words = [...new Set(wordsOf(text))];
  const telling = words.filter((word) => !oneOfMany.test(word));
  return (telling.length > 0 ? telling : words.slice(0, 1)).slice(0, maxWanted);
}
