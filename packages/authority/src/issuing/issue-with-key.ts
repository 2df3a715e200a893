import type { KeyObject } from 'node:crypto';
import { AuthorityError } from '../error.js';
import { toPem } from '../pem.js';
import { buildCertificate, nameDer, randomSerial } from '../x509/certificate-builder.js';
import { buildCrl, type RevokedEntry } from '../x509/crl-builder.js';
import { readRequest } from '../x509/csr.js';
import { keyIdentifier } from '../x509/key.js';
import { assertReason } from '../x509/revocation-reason.js';
import { readForeignCertificate } from './adoption.js';
import { assertCanIssue, type IssuerMaterial, keyIdOf } from './issuer-material.js';
import { pluginExtensions, responderExtensions } from './profiles.js';
import { assertHttpUrl } from './status-urls.js';
import { assertValidAt, daysToMs, defaultValidity, periodWithin, wholeSecond } from './validity.js';

/** An organization that signs with its own key, away from the authority. */
export interface OwnIssuer {
  readonly issuerKey: KeyObject;
  /** PEM or DER. */
  readonly issuerCertificate: Uint8Array;
  readonly at: Date;
}

export interface SignedCertificate {
  readonly der: Buffer;
  readonly pem: string;
  /** The certificate, then the issuer's: the order a package wants. */
  readonly chainPem: string;
}

export interface IssuePluginWithOptions extends OwnIssuer {
  /** PKCS#10, PEM or DER. */
  readonly csr: Uint8Array;
  /** Responder that answers for this organization, after delegating. Default: the one its own certificate names. */
  readonly ocspUrl?: string | undefined;
  readonly crlUrl?: string | undefined;
  readonly validityDays?: number | undefined;
}

/**
 * The id under which the authority knows an organization.
 * @param certificate  PEM (the first one in it) or DER
 * @throws {AuthorityError} ISSUER_CERTIFICATE_INVALID
 */
export function issuerIdOf(certificate: Uint8Array): string {
  const { publicKey } = readForeignCertificate(certificate, 'ISSUER_CERTIFICATE_INVALID');
  return keyIdentifier(publicKey.spki).toString('hex');
}

/**
 * Issues a plugin certificate with an organization's own key (`jpl ca issue --issuer-key`).
 * @throws {AuthorityError} the codes of `readRequest`; ISSUER_CERTIFICATE_INVALID | ISSUER_KEY_MISMATCH |
 *   ISSUER_EXPIRED | CSR_KEY_OF_AN_AUTHORITY | ARGUMENT_INVALID
 */
export async function issuePluginWith(options: IssuePluginWithOptions): Promise<SignedCertificate> {
  const issuer = materialOf(options);
  const request = await readRequest(options.csr, { use: 'plugin' });
  if (Buffer.from(issuer.certificate.publicKey.spki).equals(request.spki)) {
    throw new AuthorityError(
      'CSR_KEY_OF_AN_AUTHORITY',
      'The request is for the key of the organization itself.',
    );
  }
  const { ocspUrl = issuer.certificate.ocspUrls[0], crlUrl } = options;
  if (ocspUrl === undefined) {
    throw new AuthorityError(
      'ARGUMENT_INVALID',
      'The organization’s certificate names no responder: say which one answers for the plugin.',
    );
  }
  assertHttpUrl(ocspUrl);
  if (crlUrl !== undefined) assertHttpUrl(crlUrl);
  const lengthMs = daysToMs(options.validityDays, defaultValidity.pluginMs);
  return signWith(issuer, {
    subjectName: nameDer(request.subject),
    spki: request.spki,
    ...periodWithin(issuer.certificate, options.at, lengthMs),
    extensions: pluginExtensions(request.spki, keyIdOf(issuer.certificate), { ocspUrl, crlUrl }),
  });
}

export interface IssueResponderWithOptions extends OwnIssuer {
  /** The authority's request (`authority.requestDelegation`). */
  readonly csr: Uint8Array;
  /** Default 90 days: a delegate cannot be revoked, but somebody has to renew it by hand. */
  readonly validityDays?: number | undefined;
}

/**
 * Lets the authority's responder answer for what this organization signs (RFC 6960 4.2.2.2; `jpl ca delegate`).
 * @throws {AuthorityError} as `issuePluginWith`
 */
export async function issueResponderWith(options: IssueResponderWithOptions): Promise<SignedCertificate> {
  const issuer = materialOf(options);
  const request = await readRequest(options.csr, { use: 'responder' });
  const lengthMs = daysToMs(options.validityDays ?? 90, 0);
  return signWith(issuer, {
    subjectName: nameDer(request.subject),
    spki: request.spki,
    ...periodWithin(issuer.certificate, options.at, lengthMs),
    extensions: responderExtensions(request.spki, keyIdOf(issuer.certificate)),
  });
}

export interface IssueCrlWithOptions extends OwnIssuer {
  /** Above the number of every CRL before it (RFC 5280 5.2.3). */
  readonly number: number;
  readonly nextUpdate: Date;
  readonly entries: readonly { serialNumber: string; revokedAt: Date; reason: string }[];
}

/**
 * Makes an organization's own CRL, for `authority.adoptCrl` or a server of its own. Returns DER.
 * @throws {AuthorityError} ISSUER_CERTIFICATE_INVALID | ISSUER_KEY_MISMATCH | ISSUER_EXPIRED | ARGUMENT_INVALID |
 *   REVOCATION_REASON_NOT_ALLOWED
 */
export async function issueCrlWith(options: IssueCrlWithOptions): Promise<Buffer> {
  const issuer = materialOf(options);
  if (!Number.isSafeInteger(options.number) || options.number < 0) {
    throw new AuthorityError('ARGUMENT_INVALID', 'A CRL number is a whole number that is not negative.');
  }
  const entries = options.entries.map(({ serialNumber, revokedAt, reason }): RevokedEntry => {
    assertReason(reason);
    if (!/^(?:[0-9a-f]{2}){1,21}$/i.test(serialNumber)) {
      throw new AuthorityError('ARGUMENT_INVALID', `"${serialNumber}" is not a serial number in hex.`);
    }
    return { serialNumber: Buffer.from(serialNumber, 'hex'), revokedAt, reason };
  });
  return buildCrl(
    {
      issuerName: issuer.certificate.subject.der,
      issuerKeyId: keyIdOf(issuer.certificate),
      number: options.number,
      thisUpdate: wholeSecond(options.at.getTime()),
      nextUpdate: options.nextUpdate,
      entries,
    },
    issuer.key,
  );
}

function materialOf({ issuerKey, issuerCertificate, at }: OwnIssuer): IssuerMaterial {
  const issuer = {
    certificate: readForeignCertificate(issuerCertificate, 'ISSUER_CERTIFICATE_INVALID'),
    key: issuerKey,
  };
  assertCanIssue(issuer);
  assertValidAt(issuer.certificate, at);
  return issuer;
}

interface LeafFields {
  readonly subjectName: Uint8Array;
  readonly spki: Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly Uint8Array[];
}

async function signWith(issuer: IssuerMaterial, fields: LeafFields): Promise<SignedCertificate> {
  const der = await buildCertificate(
    { ...fields, serialNumber: randomSerial(), issuerName: issuer.certificate.subject.der },
    issuer.key,
  );
  const pem = toPem('CERTIFICATE', der);
  return { der, pem, chainPem: pem + toPem('CERTIFICATE', issuer.certificate.der) };
}
