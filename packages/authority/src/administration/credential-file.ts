import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { AuthorityError } from '../error.js';
import { fromPem, toPem } from '../pem.js';
import { readPrivateKey } from '../x509/key.js';

/** What a credential file holds, as TLS wants it. */
export interface CredentialFile {
  readonly certificatePem: string;
  readonly key: KeyObject;
  /** The administration CA, which alone vouches for the server. */
  readonly caPem: string;
}

const privateKeyBlock =
  /-----BEGIN (?:ENCRYPTED |EC |RSA )?PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g;

/**
 * Reads a credential file: certificate, private key, administration CA.
 * @param passphrase  opens an encrypted key
 * @throws {AuthorityError} CREDENTIAL_FILE_INVALID | PASSPHRASE_REQUIRED | PASSPHRASE_WRONG
 */
export function readCredentialFile(bytes: Uint8Array, passphrase: string | undefined): CredentialFile {
  const text = Buffer.from(bytes).toString('latin1');
  const [certificate, ca, ...more] = fromPem(text, ['CERTIFICATE']) ?? [];
  if (certificate === undefined || ca === undefined || more.length > 0) {
    throw invalid('It must hold two certificates in PEM: the credential and the administration CA.');
  }
  const keys = text.match(privateKeyBlock) ?? [];
  const [keyPem] = keys;
  if (keyPem === undefined || keys.length > 1) {
    throw invalid(
      'It must hold one private key in PEM. Where the holder made the key, it is added to the file by the holder.',
    );
  }
  const key = openKey(keyPem, passphrase);
  if (!isHolder(certificate, key)) throw invalid('Its private key does not belong to its first certificate.');
  return { certificatePem: toPem('CERTIFICATE', certificate), key, caPem: toPem('CERTIFICATE', ca) };
}

function openKey(pem: string, passphrase: string | undefined): KeyObject {
  // Also the older form, which says so in a header within the block.
  if (pem.includes('ENCRYPTED')) return readPrivateKey(pem, passphrase);
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw invalid('Its private key cannot be read.', cause);
  }
}

function isHolder(certificate: Uint8Array, key: KeyObject): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(key);
  } catch (cause) {
    throw invalid('Its first certificate cannot be read.', cause);
  }
}

const invalid = (message: string, cause?: unknown): AuthorityError =>
  new AuthorityError('CREDENTIAL_FILE_INVALID', `The credential file cannot be used. ${message}`, { cause });
