/**
 * Foreign text for a terminal: control characters and the ones that turn the direction of writing become visible, so that no
 * package and no store can move the cursor, hide a word or print a line of its own. Line breaks of a description stay.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) =>
    character === '\n' ? character : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
