import { quote } from '../archive/header-fields.js';
import { JplError } from '../error.js';

interface Version {
  /** Decimal digits without leading zeros; compared by length, then text. */
  readonly numbers: readonly string[];
  readonly prerelease: readonly string[];
}

const maxVersionLength = 64;
const form =
  /^(\d+(?:\.\d+)*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

export function isVersion(version: string): boolean {
  return version.length <= maxVersionLength && form.test(version);
}

/** @throws {JplError} VERSION_INVALID */
export function assertVersion(version: string): void {
  parse(version);
}

/**
 * Compares numerically, any count of parts (1.0 = 1.0.0), pre-releases by semver 2.0.0 clause 11, build metadata ignored.
 * @throws {JplError} VERSION_INVALID
 */
export function compareVersions(a: string, b: string): -1 | 0 | 1 {
  const left = parse(a);
  const right = parse(b);
  const parts = Math.max(left.numbers.length, right.numbers.length);
  for (let index = 0; index < parts; index += 1) {
    const order = compareNumbers(left.numbers[index] ?? '', right.numbers[index] ?? '');
    if (order !== 0) return order;
  }
  return comparePrereleases(left.prerelease, right.prerelease);
}

function parse(version: string): Version {
  const match = version.length <= maxVersionLength ? form.exec(version) : null;
  if (match?.[1] === undefined) {
    throw new JplError('VERSION_INVALID', `${quote(version)} is not a version such as 1.2.3.`);
  }
  return {
    numbers: match[1].split('.').map(stripZeros),
    prerelease: match[2]?.split('.') ?? [],
  };
}

function stripZeros(digits: string): string {
  return digits.replace(/^0+/, '');
}

function compareNumbers(a: string, b: string): -1 | 0 | 1 {
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  return compareText(a, b);
}

function compareText(a: string, b: string): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function comparePrereleases(a: readonly string[], b: readonly string[]): -1 | 0 | 1 {
  if (a.length === 0 || b.length === 0) return compareLengths(b.length, a.length);
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const order = compareIdentifiers(a[index] ?? '', b[index] ?? '');
    if (order !== 0) return order;
  }
  return compareLengths(a.length, b.length);
}

function compareIdentifiers(a: string, b: string): -1 | 0 | 1 {
  const [aIsNumber, bIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (aIsNumber && bIsNumber) return compareNumbers(stripZeros(a), stripZeros(b));
  if (aIsNumber !== bIsNumber) return aIsNumber ? -1 : 1;
  return compareText(a, b);
}

function compareLengths(a: number, b: number): -1 | 0 | 1 {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
