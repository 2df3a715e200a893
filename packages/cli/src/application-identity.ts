import type { ApplicationOptions } from '@jami-plugin-store/client';
import { ApplicationChannel } from '@jami-plugin-store/contract';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Io } from './io.js';
import { readInput } from './options.js';
import { UsageError } from './usage-error.js';

/** What an application is delivered with, as a file: its name, version and channel, where it looks, and the public keys it believes. */
const IdentityFile = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$' }),
    version: Type.String({ minLength: 1, maxLength: 256 }),
    channel: ApplicationChannel,
    /** Base URL of a store of ours, or of Jami's: https, or http on this machine. */
    url: Type.String({ minLength: 1, maxLength: 2048 }),
    /** Ed25519 or EC P-256, PEM. */
    keys: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), { minItems: 1, maxItems: 16 }),
  },
  { additionalProperties: false },
);

/**
 * Reads the identity of an application.
 * @throws {UsageError} APPLICATION_FILE_INVALID, and the codes of `readInput`
 */
export async function readApplicationIdentity(io: Io, path: string): Promise<ApplicationOptions> {
  const text = (await readInput(io, path)).toString();
  const identity = parse(text);
  if (identity === undefined)
    throw new UsageError(
      'APPLICATION_FILE_INVALID',
      `${path} is not the identity of an application: { name, version, channel, url, keys }`,
    );
  return identity;
}

function parse(text: string): Static<typeof IdentityFile> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Value.Check(IdentityFile, value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
