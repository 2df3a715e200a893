import { resolve } from 'node:path';
import { createKeyAndCsr, type KeyType } from '@jami-plugin-store/authority';
import { type Io, printJson } from '../io.js';
import { createNew } from '../new-file.js';
import { passphraseVariable } from '../options.js';
import { readPrivateKey } from './sign.js';

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
  const keyFile = resolve(io.cwd, options.key ?? options.keyOut);
  const requestFile = resolve(io.cwd, options.output);
  const privateKey = options.key === undefined ? undefined : await readPrivateKey(io, options.key);
  await using newKey = options.key === undefined ? await createNew(keyFile, 0o600) : undefined;
  await using newRequest = await createNew(requestFile, 0o644);
  const made = await createKeyAndCsr({
    subject: subjectOf(options),
    keyType: options.keyType,
    privateKey,
    passphrase,
  });
  await newKey?.fill(made.privateKeyPem);
  await newRequest.fill(made.csrPem);
  if (options.json) printJson(io, { csr: requestFile, key: keyFile });
  else io.stdout(`${requestFile}: the request to send\n${keyFile}: the private key, to keep\n`);
  return 0;
}

function subjectOf(options: CsrOptions) {
  return {
    CN: options.cn,
    ...(options.organization === undefined ? {} : { O: options.organization }),
    ...(options.unit === undefined ? {} : { OU: options.unit }),
    ...(options.locality === undefined ? {} : { L: options.locality }),
    ...(options.state === undefined ? {} : { ST: options.state }),
    ...(options.country === undefined ? {} : { C: options.country }),
    ...(options.email === undefined ? {} : { emailAddress: options.email }),
  };
}
