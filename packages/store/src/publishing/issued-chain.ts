import { createHash } from 'node:crypto';
import {
  type AskRevocation,
  type Certificate,
  judgePackagePath,
  judgeRevocation,
  organizationPublisher,
  parseCertificatesPem,
  publisherOf,
  type RevocationMode,
  type TrustAnchor,
  validatePath,
} from '@jami-plugin-store/trust';
import { StoreError } from '../error.js';

export interface ChainPolicy {
  readonly anchors: readonly TrustAnchor[];
  readonly at: Date;
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  readonly signal?: AbortSignal | undefined;
}

/** An organization's certificate that holds under one of the store's roots. */
export interface OrganizationCertificate {
  readonly identity: string;
  readonly name: string;
  readonly certificate: Certificate;
  readonly anchor: TrustAnchor;
  /** Key identifier: what the authority calls it as an issuer. */
  readonly issuerId: string;
  /** The serialNumber in its name, which the authority assigned. */
  readonly authorityNumber: string | undefined;
}

const serialNumberOid = '2.5.4.5';

/**
 * Judges what is said to be an organization's certificate, directly below a root of this store: path, revocation, and that it can issue
 * plugins' certificates and nothing that issues further ones.
 * @throws {TrustError} the path's or the revocation's reason
 * @throws {StoreError} CERTIFICATE_NOT_FOR_REQUEST
 */
export async function judgeOrganizationChain(
  chainPem: string,
  policy: ChainPolicy,
): Promise<OrganizationCertificate> {
  const [certificate, ...others] = parseCertificatesPem(Buffer.from(chainPem));
  const { anchors, at } = policy;
  if (certificate === undefined) throw notForRequest('there is no certificate in it');
  const { path, anchor } = validatePath({ target: certificate, intermediates: [], anchors, at });
  if (others.some(({ fingerprint }) => fingerprint !== anchor.certificate.fingerprint))
    throw notForRequest('there are certificates in it that do not belong to it');
  if (path.length !== 2) throw notForRequest('it is not directly below a root');
  const { basicConstraints, keyUsage, subjectKeyIdentifier } = certificate;
  if (basicConstraints?.cA !== true || basicConstraints.pathLength !== 0)
    throw notForRequest('it is not one of an organization (cA with a path length of 0)');
  if (keyUsage !== undefined && !keyUsage.has('keyCertSign'))
    throw notForRequest('it may not sign certificates');
  await judgeRevocation(path, policy);
  const { name, organization } = organizationPublisher(certificate, anchor);
  const [number] = certificate.subject.attributes.filter(({ type }) => type === serialNumberOid);
  return {
    identity: organization,
    name,
    certificate,
    anchor,
    issuerId: Buffer.from(subjectKeyIdentifier ?? []).toString('hex'),
    authorityNumber: number?.value,
  };
}

/**
 * Judges what is said to be a plugin's certificate of an organization, as a package with it would be judged.
 * @throws {TrustError} the path's or the revocation's reason
 * @throws {StoreError} CERTIFICATE_NOT_FOR_REQUEST
 */
export async function judgePluginChain(
  chainPem: string,
  organization: string,
  policy: ChainPolicy,
): Promise<Certificate> {
  const validated = judgePackagePath(parseCertificatesPem(Buffer.from(chainPem)), policy.anchors, policy.at);
  const [certificate] = validated.path;
  if (certificate === undefined || publisherOf(validated).organization !== organization)
    throw notForRequest('it is of another organization');
  await judgeRevocation(validated.path, policy);
  return certificate;
}

/** @throws {StoreError} CERTIFICATE_NOT_FOR_REQUEST */
export function assertKey(certificate: Certificate, keySha256: string): void {
  const key = createHash('sha256').update(certificate.publicKey.spki).digest('hex');
  if (key !== keySha256) throw notForRequest('it is for another key');
}

export function notForRequest(why: string): StoreError {
  return new StoreError(
    'CERTIFICATE_NOT_FOR_REQUEST',
    `This is not the certificate that was asked for: ${why}.`,
  );
}

/** Lowercase hex, as `openssl x509 -serial` writes it but for the case. */
export function serialText({ serialNumber }: Certificate): string {
  return Buffer.from(serialNumber)
    .toString('hex')
    .replace(/^00(?=.)/, '');
}
