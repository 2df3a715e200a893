// RFC 4518 2.2: code points without meaning for comparing (format and control characters, variation selectors,
// combining grapheme joiner, object replacement); white space among the controls has become a space before.
const mappedToNothing = /[\p{Cc}\p{Cf}\p{Variation_Selector}\ufffc]|\u034f/gu;
const byteOrderMarks = /\ufeff/g;
const whiteSpace = /[\s\p{Z}]+/gu;

// What would end an attribute, reverse the text around it or not be seen at all.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The form in which two attribute values are compared (RFC 5280 7.1, RFC 4518): case and spare white space are gone. */
export function canonicalText(value: string): string {
  if (/^[\x21-\x7e]*$/.test(value)) return value.toLowerCase();
  return value
    .replace(byteOrderMarks, '')
    .replace(whiteSpace, ' ')
    .replace(mappedToNothing, '')
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .replace(whiteSpace, ' ')
    .replace(/^ | $/g, '');
}

/** RFC 4514 2.4 text of an attribute value; control, bidirectional and invisible characters are written as octets. */
export function escapeAttribute(value: string): string {
  return value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]| $/g, '\\$&')
    .replace(unseen, (character) => Buffer.from(character, 'utf8').toString('hex').replace(/../g, '\\$&'));
}
