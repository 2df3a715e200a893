import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createKeyAndCsr, type KeyType } from '@jami-plugin-store/authority';
import { type Io, printJson } from '../io.js';
import { UsageError } from '../usage-error.js';
import { passphraseVariable, readPrivateKey } from './sign.js';

export interface CsrOptions {
  readonly cn: string;
  readonly organization?: string | undefined;
  readonly unit?: string | undefined;
  readonly locality?: string | undefined;
  readonly state?: string | undefined;
  readonly country?: string | undefined;
  readonly email?: string | undefined;
  readonly keyType?: KeyType | undefined;
  /** An existing key (renewal); else one is made and written to `keyOut`. */
  readonly key?: string | undefined;
  readonly keyOut: string;
  readonly output: string;
  readonly json?: boolean | undefined;
}

/** `jpl csr`: a key and a PKCS#10 request for it. Never overwrites a key. */
export async function csr(io: Io, options: CsrOptions): Promise<number> {
  const passphrase = io.env[passphraseVariable];
  const made = await createKeyAndCsr({
    subject: {
      CN: options.cn,
      ...(options.organization === undefined ? {} : { O: options.organization }),
      ...(options.unit === undefined ? {} : { OU: options.unit }),
      ...(options.locality === undefined ? {} : { L: options.locality }),
      ...(options.state === undefined ? {} : { ST: options.state }),
      ...(options.country === undefined ? {} : { C: options.country }),
      ...(options.email === undefined ? {} : { emailAddress: options.email }),
    },
    keyType: options.keyType,
    privateKey: options.key === undefined ? undefined : await readPrivateKey(io, options.key),
    passphrase,
  });
  const keyFile = resolve(io.cwd, options.keyOut);
  const requestFile = resolve(io.cwd, options.output);
  if (options.key === undefined) await writeNew(keyFile, made.privateKeyPem, 0o600);
  await writeNew(requestFile, made.csrPem, 0o644);
  const report = {
    csr: requestFile,
    key: options.key === undefined ? keyFile : resolve(io.cwd, options.key),
  };
  if (options.json) printJson(io, report);
  else io.stdout(`${report.csr}: the request to send\n${report.key}: the private key, to keep\n`);
  return 0;
}

/** Creates a file durably; a file that is there stays as it is. */
export async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await using file = await open(path, 'wx', mode);
    await file.writeFile(text);
    await file.sync();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new UsageError('FILE_EXISTS', `${path} exists already and is not overwritten`, { cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError('FILE_NOT_WRITABLE', `${path} cannot be written: ${reason}`, { cause: error });
  }
}
