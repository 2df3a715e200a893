import { randomBytes } from 'node:crypto';

const idCharacters = 16;
const idsAtOnce = 1024;
let digits = '';
let used = 0;

/** 16 hexadecimal digits, by which a request is found in the log: unique enough for that, and they tell nothing of how many there were. */
export function requestId(): string {
  if (used === digits.length) {
    digits = randomBytes((idCharacters / 2) * idsAtOnce).toString('hex');
    used = 0;
  }
  used += idCharacters;
  return digits.slice(used - idCharacters, used);
}
