import { createPrivateKey, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { signPackage } from '@jami-plugin-store/jpl';
import { parseCertificatesPem } from '@jami-plugin-store/trust';
import { type Io, printJson } from '../io.js';
import { passphraseVariable, readInput } from '../options.js';
import { UsageError } from '../usage-error.js';

export interface SignOptions {
  readonly key: string;
  readonly cert: string;
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl sign FILE`: signs a package (signed before or not) with a plugin's key; in place unless `--output` says where. */
export async function sign(io: Io, file: string, options: SignOptions): Promise<number> {
  const privateKey = await readPrivateKey(io, options.key);
  const certificatePem = await readInput(io, options.cert);
  // Read as the judge will read it, so that a bad chain is refused here and not by every user.
  parseCertificatesPem(certificatePem);
  const input = resolve(io.cwd, file);
  const output = options.output === undefined ? input : resolve(io.cwd, options.output);
  const { id, version } = await signPackage(input, { privateKey, certificatePem }, output);
  if (options.json) printJson(io, { file: output, id, version, signed: true });
  else io.stdout(`${output}: ${id} ${version}, signed\n`);
  return 0;
}

export async function readPrivateKey(io: Io, path: string): Promise<KeyObject> {
  const key = await readInput(io, path);
  const passphrase = io.env[passphraseVariable];
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const hint = passphrase === undefined ? ` (an encrypted key needs ${passphraseVariable})` : '';
    throw new UsageError('KEY_NOT_READABLE', `${path} holds no private key that opens${hint}`, {
      cause: error,
    });
  }
}
