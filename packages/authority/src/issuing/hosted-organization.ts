import type { NewOrganization } from '../authority-admin.js';
import { AuthorityError } from '../error.js';
import { createKeyAndCsr } from '../x509/create-key-and-csr.js';
import { type CertificationRequest, readRequest } from '../x509/csr.js';
import { commonName } from '../x509/subject.js';
import { type CertificationParts, recordedSubject } from './certification.js';
import { assertNameIsFree } from './request-checks.js';

/**
 * Makes and keeps a key for an organization, and the request it would send itself.
 * @throws {AuthorityError} CSR_SUBJECT_INVALID | ORGANIZATION_NAME_TAKEN | STORAGE_FAILED
 */
export async function requestForHosted(
  { registry, keys, clock }: CertificationParts,
  wanted: NewOrganization,
): Promise<CertificationRequest> {
  const { privateKey, csrPem } = await createKeyAndCsr({
    subject: { C: wanted.country, O: wanted.organizationName, CN: wanted.commonName },
    keyType: wanted.keyType ?? 'ec-p256',
  });
  const request = await readRequest(Buffer.from(csrPem), { use: 'organization' });
  assertNameIsFree(registry, commonName(request.subject), clock());
  await keys.add(request.keyId, privateKey);
  return request;
}

/**
 * A request for the key of an organization that is held here.
 * @throws {AuthorityError} ORGANIZATION_NOT_FOUND | ISSUER_HAS_NO_KEY_HERE and what opening the key throws
 */
export async function hostedKeyRequest(
  { registry, keys }: CertificationParts,
  organization: string,
): Promise<CertificationRequest> {
  const entry = registry.organizations.get(organization)?.entry;
  if (entry === undefined) {
    throw new AuthorityError(
      'ORGANIZATION_NOT_FOUND',
      `No organization has the serial number ${organization}.`,
    );
  }
  const privateKey = await keys.get(entry.record.keyId);
  const CN = commonName(recordedSubject(entry));
  const { csrPem } = await createKeyAndCsr({ subject: { CN }, privateKey });
  return readRequest(Buffer.from(csrPem), { use: 'organization' });
}
