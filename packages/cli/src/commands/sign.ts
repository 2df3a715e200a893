import { createPrivateKey, type KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { findCertificateEntry, openArchive, openFileSource, signPackage } from '@jami-plugin-store/jpl';
import { type Certificate, judgePackage, parseCertificatesPem } from '@jami-plugin-store/trust';
import { type Io, printJson } from '../io.js';
import { passphraseVariable, readInput } from '../options.js';
import { UsageError } from '../usage-error.js';

export interface SignOptions {
  readonly key: string;
  readonly cert: string;
  readonly output?: string | undefined;
  /** The package is signed already, and keeps its content: only its certificate is a new one. */
  readonly renew?: boolean | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl sign FILE`: signs a package (signed before or not) with a plugin's key; in place unless `--output` says where. */
export async function sign(io: Io, file: string, options: SignOptions): Promise<number> {
  const privateKey = await readPrivateKey(io, options.key);
  const certificatePem = await readInput(io, options.cert);
  // Read as the judge will read it, so that a bad chain is refused here and not by every user.
  const [certificate] = parseCertificatesPem(certificatePem);
  const input = resolve(io.cwd, file);
  if (options.renew === true) await assertRenewal(input, certificate);
  const output = options.output === undefined ? input : resolve(io.cwd, options.output);
  const { id, version } = await signPackage(input, { privateKey, certificatePem }, output);
  if (options.json) printJson(io, { file: output, id, version, signed: true });
  else io.stdout(`${output}: ${id} ${version}, signed\n`);
  return 0;
}

/**
 * Makes sure that a package holds exactly what its certificate signed, also where that has expired by now, and that the new certificate is
 * another one: the store takes the result as a revision of the same release.
 * @throws {UsageError} CERTIFICATE_NOT_RENEWED · the judge's reasons where its content is not what was signed
 */
async function assertRenewal(path: string, renewed: Certificate | undefined): Promise<void> {
  await using source = await openFileSource(path);
  const archive = await openArchive(source);
  const [before] = parseCertificatesPem(await archive.read(findCertificateEntry(archive)));
  if (before === undefined || before.fingerprint === renewed?.fingerprint) {
    throw new UsageError('CERTIFICATE_NOT_RENEWED', `${path} is signed with this very certificate already`);
  }
  // Who signed it is not asked here, only whether everything in it is signed: the certificate vouches for itself, while it was valid.
  await judgePackage(archive, {
    anchors: [{ certificate: before }],
    at: new Date(before.notAfter.getTime() - 1000),
    revocation: 'off',
    ask: async () => [],
  });
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
