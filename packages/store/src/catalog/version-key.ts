/** Ends a part; lower than anything that can follow it. */
const end = ' ';

/**
 * A text that orders, byte by byte, as versions do (`compareVersions` of the package room), so that a database can: equal versions
 * (`1.0` and `1.0.0`) have equal keys. Only for what is a version.
 */
export function versionKey(version: string): string {
  const [precedence = ''] = version.split('+');
  const dash = precedence.indexOf('-');
  const numbers = dash < 0 ? precedence : precedence.slice(0, dash);
  const parts = numbers.split('.').map(numberKey);
  while (parts.at(-1) === numberKey('0')) parts.pop();
  // A release is higher than its pre-releases (semver 2.0.0, 11.3).
  const tail = dash < 0 ? '~' : `-${prereleaseKey(precedence.slice(dash + 1))}`;
  return `${parts.join('')}${end}${tail}`;
}

/** Numbers compare by their count of digits, then by their digits. */
function numberKey(digits: string): string {
  const significant = digits.replace(/^0+/, '');
  return `${String(significant.length).padStart(2, '0')}${significant}`;
}

/** Numbers are lower than words (11.4.3); where all before is equal, fewer identifiers are lower (11.4.4). */
function prereleaseKey(prerelease: string): string {
  const identifiers = prerelease.split('.');
  return identifiers.map((id) => (/^\d+$/.test(id) ? `0${numberKey(id)}` : `1${id}${end}`)).join('');
}
