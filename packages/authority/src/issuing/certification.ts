import { randomBytes } from 'node:crypto';
import { parseCertificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';
import { certificateDer, type Entry, type IssuerState, type Registry } from '../ledger/registry.js';
import type { Settings } from '../settings.js';
import { type CertificationRequest, readRequest } from '../x509/csr.js';
import { commonName, readSubject, type Subject } from '../x509/subject.js';
import type { IssuerKeys } from './issuer-keys.js';
import { keyIdOf } from './issuer-material.js';
import { organizationExtensions, pluginExtensions } from './profiles.js';
import {
  assertKeyIsFree,
  assertNameIsFree,
  assertNotRevoked,
  organizationToRenew,
} from './request-checks.js';
import type { SigningOrder } from './sign-certificate.js';
import { statusUrls } from './status-urls.js';
import { assertValidAt, daysToMs } from './validity.js';

export interface CertificationParts {
  readonly registry: Registry;
  readonly settings: Settings;
  readonly keys: IssuerKeys;
  readonly clock: () => Date;
}

/** A request that nothing speaks against, and what would be signed for it. */
export interface Certification {
  readonly request: CertificationRequest;
  readonly order: SigningOrder;
}

export interface OrganizationWish {
  /** The assigned serialNumber of the organization that is renewed or replaced. */
  readonly organization?: string | undefined;
  readonly validityDays?: number | undefined;
}

/**
 * Decides about an organization's request: everything that issuing checks, and nothing is signed.
 * @param csr  PKCS#10 as it came, or read already
 * @throws {AuthorityError} the codes of `readRequest` and of request-checks; ORGANIZATION_NOT_FOUND | ISSUER_EXPIRED |
 *   ARGUMENT_INVALID
 */
export async function certifyOrganization(
  parts: CertificationParts,
  csr: Uint8Array | CertificationRequest,
  { organization: renewed, validityDays }: OrganizationWish,
): Promise<Certification> {
  const { registry, settings, clock } = parts;
  const request = csr instanceof Uint8Array ? await readRequest(csr, { use: 'organization' }) : csr;
  assertKeyIsFree(registry, request, { kind: 'organization', organization: renewed });
  const { id, subject } =
    renewed === undefined
      ? newOrganization(request)
      : { id: renewed, subject: recordedSubject(organizationToRenew(registry, renewed, request).entry) };
  if (renewed === undefined) assertNameIsFree(registry, commonName(subject), clock());
  const { root } = registry;
  const order = signingOrder(parts, root, {
    kind: 'organization',
    subject,
    spki: request.spki,
    extensions: organizationExtensions(
      request.spki,
      keyIdOf(root.certificate),
      statusUrls(settings.baseUrl, root.id),
    ),
    lengthMs: daysToMs(validityDays, settings.validity.organizationMs),
    organization: id,
  });
  return { request, order };
}

/**
 * What holds for a plugin's request whoever issues the certificate.
 * @throws {AuthorityError} the codes of `readRequest`; CSR_KEY_COMPROMISED | CSR_KEY_OF_AN_AUTHORITY |
 *   CSR_KEY_ALREADY_CERTIFIED
 */
export async function readPluginRequest(registry: Registry, csr: Uint8Array): Promise<CertificationRequest> {
  const request = await readRequest(csr, { use: 'plugin' });
  assertKeyIsFree(registry, request, { kind: 'plugin' });
  return request;
}

/**
 * Decides about a plugin's request to an organization whose key is held here, as `certifyOrganization`.
 * @throws {AuthorityError} those of `readPluginRequest`; ISSUER_NOT_FOUND | ISSUER_REVOKED | ISSUER_EXPIRED |
 *   ISSUER_HAS_NO_KEY_HERE | ARGUMENT_INVALID
 */
export async function certifyPlugin(
  parts: CertificationParts,
  csr: Uint8Array,
  wish: { readonly issuer: string; readonly validityDays?: number | undefined },
): Promise<Certification> {
  const { registry, settings } = parts;
  const issuer = registry.issuer(wish.issuer);
  if (issuer.id === 'root') {
    throw new AuthorityError(
      'ARGUMENT_INVALID',
      'Plugin certificates are issued by an organization, not by the root.',
    );
  }
  assertNotRevoked(issuer);
  const request = await readPluginRequest(registry, csr);
  const order = signingOrder(parts, issuer, {
    kind: 'plugin',
    subject: request.subject,
    spki: request.spki,
    extensions: pluginExtensions(
      request.spki,
      keyIdOf(issuer.certificate),
      statusUrls(settings.baseUrl, issuer.id),
    ),
    lengthMs: daysToMs(wish.validityDays, settings.validity.pluginMs),
  });
  return { request, order };
}

function signingOrder(
  { keys, clock }: CertificationParts,
  issuer: IssuerState,
  fields: Omit<SigningOrder, 'issuer' | 'at'>,
): SigningOrder {
  const at = clock();
  keys.assertHeld(issuer.id);
  assertValidAt(issuer.certificate, at);
  return { ...fields, issuer, at };
}

/** Random, not counted: a restored old copy of the folder must not assign a number again. */
function newOrganization(request: CertificationRequest): { id: string; subject: Subject } {
  const id = randomBytes(16).toString('hex').toUpperCase();
  return { id, subject: [...request.subject, { name: 'serialNumber', value: id }] };
}

/** The name of an organization stays, octet by octet: it is what its CRL and certificates chain to. */
export function recordedSubject(entry: Entry): Subject {
  const name = parseCertificate(certificateDer(entry)).subject.der;
  return readSubject(nameContent(name));
}

/** Content of a Name's outer SEQUENCE. */
function nameContent(der: Uint8Array): Uint8Array {
  const first = der[1] ?? 0;
  return der.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f));
}
