import type { Io } from './io.js';
import { readInput } from './options.js';
import { UsageError } from './usage-error.js';

/** A token comes from the environment or a file: arguments are visible to every user of the machine. */
const tokenVariable = 'JPL_TOKEN';

/**
 * The token for a store.
 * @throws {UsageError} TOKEN_NEEDED where there is none or it cannot be one, and the codes of `readInput`
 */
export async function readToken(io: Io, { tokenFile }: { tokenFile?: string | undefined }): Promise<string> {
  const text =
    tokenFile === undefined ? io.env[tokenVariable] : (await readInput(io, tokenFile)).toString('utf8');
  const token = text?.trim() ?? '';
  if (/^[\x21-\x7e]{1,512}$/.test(token)) return token;
  throw new UsageError(
    'TOKEN_NEEDED',
    `A token of the store is needed, in ${tokenVariable} or in the file that --token-file names`,
  );
}
