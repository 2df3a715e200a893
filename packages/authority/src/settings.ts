import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AuthorityError } from './error.js';
import { defaultValidity, type ValidityPeriods } from './issuing/validity.js';
import { readWhole, writeDurably } from './storage/durable-file.js';
import type { AuthorityFolder } from './storage/folder.js';

const Milliseconds = Type.Integer({ minimum: 60_000 });

/** `authority.json`: written last by `initAuthority`, so that a folder that has it is whole. */
const Settings = Type.Object({
  format: Type.Literal(1),
  name: Type.String(),
  /** Public URL that stands in the certificates. */
  baseUrl: Type.String(),
  createdAt: Type.String(),
  validity: Type.Object({
    rootMs: Milliseconds,
    organizationMs: Milliseconds,
    pluginMs: Milliseconds,
    responderMs: Milliseconds,
    crlMs: Milliseconds,
    ocspMs: Milliseconds,
  }),
});
export type Settings = Static<typeof Settings>;

/** @throws {AuthorityError} AUTHORITY_NOT_FOUND | AUTHORITY_DAMAGED | STORAGE_FAILED */
export async function readSettings(folder: AuthorityFolder): Promise<Settings> {
  const path = folder.settings;
  const bytes = await readWhole(path);
  if (bytes === undefined) {
    throw new AuthorityError('AUTHORITY_NOT_FOUND', `There is no authority in ${folder.root}.`, { path });
  }
  try {
    const settings: unknown = JSON.parse(bytes.toString('utf8'));
    if (Value.Check(Settings, settings)) return settings;
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path);
}

export async function writeSettings(folder: AuthorityFolder, settings: Settings): Promise<void> {
  await writeDurably(folder.settings, `${JSON.stringify(settings, null, 2)}\n`);
}

/** @throws {AuthorityError} ARGUMENT_INVALID for a period under a minute */
export function completeValidity(chosen: Partial<ValidityPeriods> | undefined): ValidityPeriods {
  const validity = { ...defaultValidity, ...chosen };
  for (const [name, value] of Object.entries(validity)) {
    if (Number.isInteger(value) && value >= 60_000) continue;
    throw new AuthorityError(
      'ARGUMENT_INVALID',
      `${name} is not a whole number of at least 60000 milliseconds.`,
    );
  }
  return validity;
}

const damaged = (path: string, cause?: unknown): AuthorityError =>
  new AuthorityError('AUTHORITY_DAMAGED', 'authority.json cannot be read.', { path, cause });
