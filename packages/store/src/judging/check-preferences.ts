import {
  accountPreferencesName,
  JplError,
  maxPreferencesBytes,
  parsePreferences,
  preferencesName,
} from '@jami-plugin-store/jpl';

/**
 * Reads the preferences a package brings as a daemon will read them. Broken ones do not hold it back (installers take it without them), but
 * its author should hear of them.
 */
export async function checkPreferences(
  read: (name: string) => Promise<Buffer | undefined>,
  onFlaw: (what: string) => void,
): Promise<void> {
  for (const name of [preferencesName, accountPreferencesName]) {
    const bytes = await read(name);
    if (bytes === undefined) continue;
    if (bytes.length > maxPreferencesBytes)
      onFlaw(`preferences "${name}": more than ${maxPreferencesBytes} bytes`);
    else tellBroken(name, bytes, onFlaw);
  }
}

function tellBroken(name: string, bytes: Buffer, onFlaw: (what: string) => void): void {
  try {
    parsePreferences(bytes);
  } catch (error) {
    if (!(error instanceof JplError)) throw error;
    onFlaw(`preferences "${name}": ${error.message}`);
  }
}
