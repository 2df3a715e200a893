import { createPublicKey, type KeyObject } from 'node:crypto';
import { Attributes, CertificationRequest, CertificationRequestInfo } from '@peculiar/asn1-csr';
import { AsnConvert } from '@peculiar/asn1-schema';
import { SubjectPublicKeyInfo } from '@peculiar/asn1-x509';
import { toPem } from '../pem.js';
import { exportPrivateKey, generateKey, type KeyType, spkiOf } from './key.js';
import { algorithmIdentifier, schemeOf, signBytes } from './signature.js';
import { assertSubject, encodeName, type Subject } from './subject.js';

export interface KeyAndCsr {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** PKCS#8, encrypted where a passphrase was given. */
  readonly privateKeyPem: string;
  readonly csrPem: string;
}

export interface KeyAndCsrOptions {
  /** Order is kept; at least `CN`. */
  readonly subject: Partial<
    Record<'CN' | 'O' | 'OU' | 'L' | 'ST' | 'C' | 'emailAddress', string | undefined>
  >;
  /** Default: `rsa-4096`, what a plugin key should be. */
  readonly keyType?: KeyType | undefined;
  /** An existing key to ask a certificate for (renewal); `keyType` is ignored. */
  readonly privateKey?: KeyObject | undefined;
  readonly passphrase?: string | undefined;
}

/**
 * Makes a key and a PKCS#10 request for it (RFC 2986).
 * @throws {AuthorityError} CSR_SUBJECT_INVALID
 */
export async function createKeyAndCsr(options: KeyAndCsrOptions): Promise<KeyAndCsr> {
  const subject = assertSubject(subjectOf(options.subject));
  const privateKey = options.privateKey ?? (await generateKey(options.keyType ?? 'rsa-4096'));
  return {
    privateKey,
    publicKey: createPublicKey(privateKey),
    privateKeyPem: exportPrivateKey(privateKey, options.passphrase),
    csrPem: toPem('CERTIFICATE REQUEST', await buildRequest(subject, privateKey)),
  };
}

function subjectOf(named: KeyAndCsrOptions['subject']): Subject {
  return Object.entries(named).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name: name as keyof typeof named, value }],
  );
}

async function buildRequest(subject: Subject, key: KeyObject): Promise<Buffer> {
  const scheme = schemeOf(key);
  const info = new CertificationRequestInfo({
    version: 0,
    subject: encodeName(subject),
    subjectPKInfo: AsnConvert.parse(spkiOf(key), SubjectPublicKeyInfo),
    attributes: new Attributes(),
  });
  const signature = await signBytes(key, Buffer.from(AsnConvert.serialize(info)));
  const request = new CertificationRequest({
    certificationRequestInfo: info,
    signatureAlgorithm: algorithmIdentifier(scheme),
    signature: new Uint8Array(signature).buffer,
  });
  return Buffer.from(AsnConvert.serialize(request));
}
