import { readFile } from 'node:fs/promises';

/** A suite that cannot be run at all: no file, no JSON, no array. */
export class SuiteError extends Error {}

/** A case whose inputs are not of the suites' form; it is refused by itself and says nothing about the judge. */
export class CaseError extends Error {
  readonly code = 'CASE_MALFORMED';
}

/** One case as it stands in a file; its fields are read one by one, and only those that are wanted. */
export type CaseFields = Readonly<Record<string, unknown>>;

/** @throws {SuiteError} a file that is no JSON array */
export async function readCases(file: string): Promise<readonly CaseFields[]> {
  let cases: unknown;
  try {
    // JSON has no byte order mark, but some editors write one.
    cases = JSON.parse((await readFile(file, 'utf8')).replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SuiteError(`${file} cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    });
  }
  if (!Array.isArray(cases)) throw new SuiteError(`${file} is no array of cases`);
  return cases.map((one: unknown) => (isRecord(one) ? one : {}));
}

export function isRecord(value: unknown): value is CaseFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `id`, else `name`, else the place in the file. */
export function idOf({ id, name }: CaseFields, index: number): string {
  const given = [id, name].find((one) => typeof one === 'string' || typeof one === 'number');
  return given === undefined ? String(index) : String(given);
}

/** A missing or null field, or else one of the type. @throws {CaseError} another type */
export function optional<T>(
  fields: CaseFields,
  name: string,
  isOfType: (value: unknown) => value is T,
): T | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!isOfType(value)) throw new CaseError(`${name} is not of the suites' form`);
  return value;
}

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

/** @throws {CaseError} */
export function requiredText(fields: CaseFields, name: string): string {
  const text = optional(fields, name, isText);
  if (text === undefined) throw new CaseError(`${name} is missing`);
  return text;
}

/** DER in base64, with or without padding, in lines or not. What is no base64 is refused by the judge as what it decodes to. */
export function bytesOf(base64: string): Buffer {
  return Buffer.from(base64, 'base64');
}

/** `time`; now, where none is given. A time without zone is UTC. @throws {CaseError} what is no time */
export function timeOf(fields: CaseFields): Date {
  const text = optional(fields, 'time', isText);
  if (text === undefined) return new Date();
  const time = new Date(/T[\d:.]+$/.test(text) ? `${text}Z` : text);
  if (Number.isNaN(time.getTime())) throw new CaseError(`time is none: ${text}`);
  return time;
}
