import { StoreError } from '../error.js';

/** Control, format, surrogate and private characters, line separators and those drawn as nothing; line breaks and tabs are text. */
const misleading = /(?![\n\t])[\p{C}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Text that people write for others to read: reasons, contacts, labels, changelogs. Whoever shows it must not be fooled by it.
 * @returns it without space around it, lines ending in `\n`
 * @throws {StoreError} TEXT_NOT_ALLOWED
 */
export function plainText(what: string, text: string): string {
  const plain = text.replaceAll('\r\n', '\n').trim();
  if (plain === '') throw new StoreError('TEXT_NOT_ALLOWED', `The ${what} is empty.`);
  if (misleading.test(plain)) {
    throw new StoreError('TEXT_NOT_ALLOWED', `The ${what} has control, direction or invisible characters.`);
  }
  return plain;
}

/** As {@link plainText}, on one line. @throws {StoreError} TEXT_NOT_ALLOWED */
export function plainLine(what: string, text: string): string {
  const plain = plainText(what, text);
  if (/[\n\t]/.test(plain)) throw new StoreError('TEXT_NOT_ALLOWED', `The ${what} is one line.`);
  return plain;
}
