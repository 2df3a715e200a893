const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

const visible = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`;

/**
 * Foreign text for one line of a terminal: control characters, line breaks and the characters that turn the direction of
 * writing become visible, so that no package and no store can move the cursor, hide a word or print a line of its own.
 */
export function printable(text: string): string {
  return text.replace(unprintable, visible);
}

/** Foreign text that may have several lines, such as a description; each begins with `indent`, so that none looks like ours. */
export function printableLines(text: string, indent: string): string {
  return text
    .split('\n')
    .map((line) => indent + printable(line))
    .join('\n');
}

/** JSON for a terminal: the same value, with the characters escaped that JSON leaves as they are. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
