import { parseCertificate } from '@jami-plugin-store/trust';
import type { IssuedRecord } from '../ledger/record.js';
import type { IssuerState } from '../ledger/registry.js';
import { buildCertificate, nameDer, randomSerial } from '../x509/certificate-builder.js';
import { keyIdentifier } from '../x509/key.js';
import { commonName, comparableName, type Subject } from '../x509/subject.js';
import type { IssuerKeys } from './issuer-keys.js';
import { assertValidAt, periodWithin } from './validity.js';

export interface SigningOrder {
  readonly issuer: IssuerState;
  readonly kind: Exclude<IssuedRecord['kind'], 'root'>;
  readonly subject: Subject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly extensions: readonly Uint8Array[];
  readonly at: Date;
  readonly lengthMs: number;
  readonly organization?: string | undefined;
  readonly actor?: string | undefined;
}

/**
 * Signs one certificate with a key held here and gives the record for the ledger. The certificate may leave this
 * process only after the record is written.
 * @throws {AuthorityError} ISSUER_EXPIRED | ISSUER_HAS_NO_KEY_HERE
 */
export async function signCertificate(order: SigningOrder, keys: IssuerKeys): Promise<IssuedRecord> {
  const { issuer, at } = order;
  assertValidAt(issuer.certificate, at);
  const der = await buildCertificate(
    {
      serialNumber: freshSerial(issuer),
      issuerName: issuer.certificate.subject.der,
      subjectName: nameDer(order.subject),
      spki: order.spki,
      extensions: order.extensions,
      ...periodWithin(issuer.certificate, at, order.lengthMs),
    },
    await keys.get(issuer.id),
  );
  return issuedRecord(der, {
    at,
    kind: order.kind,
    issuer: issuer.id,
    name: comparableName(commonName(order.subject)),
    signedHere: true,
    organization: order.organization,
    actor: order.actor,
  });
}

function freshSerial(issuer: IssuerState): Buffer {
  for (;;) {
    const serial = randomSerial();
    if (!issuer.issued.has(serial.toString('hex'))) return serial;
  }
}

interface RecordFacts {
  readonly at: Date;
  readonly kind: IssuedRecord['kind'];
  readonly issuer: string;
  readonly name: string;
  readonly signedHere: boolean;
  readonly organization?: string | undefined;
  readonly actor?: string | undefined;
}

/** The ledger's record of a certificate. Reading it back with the judge's own parser proves that clients can. */
export function issuedRecord(der: Uint8Array, facts: RecordFacts): IssuedRecord {
  const certificate = parseCertificate(der);
  const { organization, actor } = facts;
  return {
    type: 'issued',
    at: facts.at.toISOString(),
    ...(actor === undefined ? {} : { actor }),
    kind: facts.kind,
    issuer: facts.issuer,
    serial: Buffer.from(certificate.serialNumber).toString('hex'),
    subject: certificate.subject.text,
    name: facts.name,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    fingerprint: certificate.fingerprint,
    keyId: keyIdentifier(certificate.publicKey.spki).toString('hex'),
    ...(organization === undefined ? {} : { organization }),
    signedHere: facts.signedHere,
    certificate: Buffer.from(der).toString('base64'),
  };
}
