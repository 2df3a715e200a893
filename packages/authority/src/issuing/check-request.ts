import { createHash, type KeyObject } from 'node:crypto';
import type { RequestCheck } from '@jami-plugin-store/contract';
import type { RequestCheckOptions } from '../authority-admin.js';
import type { CertificationRequest } from '../x509/csr.js';
import { commonName, subjectText } from '../x509/subject.js';
import {
  type CertificationParts,
  certifyOrganization,
  certifyPlugin,
  readPluginRequest,
} from './certification.js';

/**
 * What issuing would make of a request; it goes the same way and stops before the signature.
 * @throws {AuthorityError} exactly what issuing would throw
 */
export async function checkRequest(
  parts: CertificationParts,
  csr: Uint8Array,
  { use, issuer, organization }: RequestCheckOptions,
): Promise<RequestCheck> {
  const { validity } = parts.settings;
  if (use === 'organization') {
    const { request, order } = await certifyOrganization(parts, csr, { organization });
    // A new organization's serialNumber is assigned when it is issued; a renewed one keeps its whole name.
    const subject = organization === undefined ? request.subject : order.subject;
    return describeRequest({ ...request, subject }, use, validity.organizationMs);
  }
  const request =
    issuer === undefined
      ? await readPluginRequest(parts.registry, csr)
      : (await certifyPlugin(parts, csr, { issuer })).request;
  return describeRequest(request, use, validity.pluginMs);
}

const dayMs = 24 * 60 * 60 * 1000;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function describeRequest(
  { der, subject, publicKey, spki, keyId }: CertificationRequest,
  use: RequestCheck['use'],
  validityMs: number,
): RequestCheck {
  return {
    use,
    subject: subjectText(subject),
    commonName: commonName(subject),
    ...describeKey(publicKey),
    keyId,
    publicKeySha256: sha256(spki),
    requestSha256: sha256(der),
    validityDays: Math.max(1, Math.floor(validityMs / dayMs)),
  };
}

const curves: Readonly<Record<string, { keyType: RequestCheck['keyType']; keyBits: number }>> = {
  prime256v1: { keyType: 'ec-p256', keyBits: 256 },
  secp384r1: { keyType: 'ec-p384', keyBits: 384 },
  secp521r1: { keyType: 'ec-p521', keyBits: 521 },
};

/** Only kinds that `readRequest` lets through come here. */
function describeKey(key: KeyObject): Pick<RequestCheck, 'keyType' | 'keyBits'> {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined) return { keyType: 'rsa', keyBits: modulusLength };
  return curves[namedCurve ?? ''] ?? { keyType: 'ed25519', keyBits: 256 };
}
