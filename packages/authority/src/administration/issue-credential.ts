import { type Credential, credentialNamePattern } from '@jami-plugin-store/contract';
import { parseCertificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';
import { daysToMs } from '../issuing/validity.js';
import type { CredentialRecord } from '../ledger/record.js';
import type { Registry } from '../ledger/registry.js';
import { toPem } from '../pem.js';
import { readRequest } from '../x509/csr.js';
import { exportPrivateKey, generateKey, spkiOf } from '../x509/key.js';
import type { AdministrationCa } from './administration-ca.js';

const yearMs = 365 * 24 * 60 * 60 * 1000;

export interface NewCredential {
  readonly name: string;
  readonly role: Credential['role'];
  /** PKCS#10 of the holder's own key, PEM, DER or gzipped; else a key is made. */
  readonly csr?: Uint8Array | undefined;
  readonly validityDays?: number | undefined;
  readonly actor?: string | undefined;
}

export interface PreparedCredential {
  readonly record: CredentialRecord;
  /** The file for the holder; it may leave only after the record is written. */
  readonly bundlePem: string;
}

/**
 * Signs a credential. The request's name is not read: the operator names the holder.
 * @throws {AuthorityError} ARGUMENT_INVALID | CREDENTIAL_NAME_TAKEN | ISSUER_EXPIRED | CSR_KEY_ALREADY_CERTIFIED and the codes of
 *   `readRequest`
 */
export async function prepareCredential(
  ca: AdministrationCa,
  registry: Registry,
  wanted: NewCredential,
  at: Date,
): Promise<PreparedCredential> {
  const { name, role, actor } = wanted;
  if (!new RegExp(credentialNamePattern).test(name)) {
    throw new AuthorityError(
      'ARGUMENT_INVALID',
      'The name of a credential is letters, digits, dot, hyphen and underscore, at most 64.',
    );
  }
  if (registry.credentials.inForce(name, at) !== undefined) {
    throw new AuthorityError(
      'CREDENTIAL_NAME_TAKEN',
      `A credential named ${name} is in force: revoke it, or choose another name.`,
    );
  }
  const { spki, privateKeyPem } = await keyOf(registry, wanted.csr);
  const der = await ca.certifyClient({
    subject: [
      { name: 'OU', value: role },
      { name: 'CN', value: name },
    ],
    spki,
    lengthMs: daysToMs(wanted.validityDays, yearMs),
  });
  const { notBefore, notAfter, fingerprint } = parseCertificate(der);
  const record: CredentialRecord = {
    type: 'credential',
    at: at.toISOString(),
    ...(actor === undefined ? {} : { actor }),
    name,
    role,
    fingerprint,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  };
  return { record, bundlePem: toPem('CERTIFICATE', der) + privateKeyPem + ca.pem };
}

interface HolderKey {
  readonly spki: Uint8Array;
  /** Empty where the holder has it. */
  readonly privateKeyPem: string;
}

async function keyOf(registry: Registry, csr: Uint8Array | undefined): Promise<HolderKey> {
  if (csr === undefined) {
    const key = await generateKey('ec-p256');
    // Not under the authority's own passphrase: the holder is somebody else.
    return { spki: spkiOf(key), privateKeyPem: exportPrivateKey(key, undefined) };
  }
  const { spki, keyId } = await readRequest(csr, { use: 'credential' });
  if (registry.forKey(keyId).length > 0) {
    throw new AuthorityError(
      'CSR_KEY_ALREADY_CERTIFIED',
      'This key has a certificate under the plugin root: a credential needs a key of its own.',
    );
  }
  return { spki, privateKeyPem: '' };
}
