import { createHash } from 'node:crypto';
import type { CertificateRecord, IssuedCertificate } from '@jami-plugin-store/contract';
import { type Certificate, parseCertificate } from '@jami-plugin-store/trust';
import { CredentialRegister } from '../administration/credential-register.js';
import { AuthorityError } from '../error.js';
import { toPem } from '../pem.js';
import type { RevocationReason } from '../x509/revocation-reason.js';
import type { IssuedRecord, LedgerRecord, RevokedRecord } from './record.js';

interface Revocation {
  readonly at: Date;
  readonly reason: RevocationReason;
}

/** One certificate and its status. */
export interface Entry {
  readonly record: IssuedRecord;
  /** Position among the issued, from 1. */
  readonly sequence: number;
  revocation: Revocation | undefined;
}

export interface RevokedCertificate {
  readonly record: IssuedRecord;
  readonly revocation: Revocation;
}

/** A key that signs certificates, under one name; renewed certificates of the same key are the same issuer. */
export interface IssuerState {
  readonly id: string;
  /** The newest certificate of this key. */
  certificate: Certificate;
  /** The newest certificate's entry. */
  entry: Entry;
  /** By serial number, hex. */
  readonly issued: Map<string, Entry>;
  revokedCount: number;
  /** True: somebody was delegated to answer for it, then or now. */
  hadResponder: boolean;
}

export interface Organization {
  /** The assigned serialNumber. */
  readonly id: string;
  /** Its newest certificate. */
  entry: Entry;
}

/** Everything the ledger says, by what it is looked up by. Only records that are on the disk are applied. */
export class Registry {
  readonly issuers = new Map<string, IssuerState>();
  readonly organizations = new Map<string, Organization>();
  readonly entries: Entry[] = [];
  /** Key identifiers revoked with keyCompromise or cACompromise. */
  readonly compromisedKeys = new Set<string>();
  /** In order of revoking. */
  readonly revoked: RevokedCertificate[] = [];
  readonly credentials = new CredentialRegister();
  readonly #byFingerprint = new Map<string, Entry>();
  readonly #bySerial = new Map<string, Entry[]>();
  readonly #byKey = new Map<string, Entry[]>();
  readonly #byRequestId = new Map<string, Entry>();
  readonly #byCertId = new Map<string, IssuerState>();

  get revokedCount(): number {
    return this.revoked.length;
  }

  apply(record: LedgerRecord): void {
    if (record.type === 'issued') this.issue(record);
    else if (record.type === 'revoked') this.revoke(record);
    else if (record.type === 'credential') this.credentials.issue(record);
    else this.credentials.revoke(record);
  }

  /** Entries of certificates for this key. */
  forKey(keyId: string): readonly Entry[] {
    return this.#byKey.get(keyId) ?? [];
  }

  byFingerprint(fingerprint: string): Entry | undefined {
    return this.#byFingerprint.get(fingerprint);
  }

  bySerial(serial: string): readonly Entry[] {
    return this.#bySerial.get(serial) ?? [];
  }

  /** What was issued under a name that the wish was given. */
  byRequestId(requestId: string): Entry | undefined {
    return this.#byRequestId.get(requestId);
  }

  /** The issuer that an OCSP CertID names by the hashes of its name and key (RFC 6960 4.1.1). */
  issuerOfCertId(hash: 'sha1' | 'sha256', nameAndKeyHash: string): IssuerState | undefined {
    return this.#byCertId.get(`${hash}:${nameAndKeyHash}`);
  }

  /** @throws {AuthorityError} ISSUER_NOT_FOUND */
  issuer(id: string): IssuerState {
    const issuer = this.issuers.get(id);
    if (issuer !== undefined) return issuer;
    throw new AuthorityError('ISSUER_NOT_FOUND', `There is no issuer "${id}" here.`);
  }

  get root(): IssuerState {
    return this.issuer('root');
  }

  issue(record: IssuedRecord): Entry {
    const entry: Entry = { record, sequence: this.entries.length + 1, revocation: undefined };
    this.entries.push(entry);
    this.#byFingerprint.set(record.fingerprint, entry);
    append(this.#bySerial, record.serial, entry);
    append(this.#byKey, record.keyId, entry);
    if (record.requestId !== undefined) this.#byRequestId.set(record.requestId, entry);
    if (record.kind === 'root' || record.kind === 'organization') this.#addIssuer(entry);
    const issuer = this.issuers.get(record.issuer);
    issuer?.issued.set(record.serial, entry);
    if (issuer !== undefined && record.kind === 'responder') issuer.hadResponder = true;
    if (record.organization !== undefined) {
      const known = this.organizations.get(record.organization);
      if (known === undefined) {
        this.organizations.set(record.organization, { id: record.organization, entry });
      } else {
        known.entry = entry;
      }
    }
    return entry;
  }

  #addIssuer(entry: Entry): void {
    const { record } = entry;
    const certificate = parseCertificate(certificateDer(entry));
    const id = record.kind === 'root' ? 'root' : record.keyId;
    const known = this.issuers.get(id);
    if (known !== undefined) {
      known.certificate = certificate;
      known.entry = entry;
      return;
    }
    const issuer: IssuerState = {
      id,
      certificate,
      entry,
      issued: new Map(),
      revokedCount: 0,
      hadResponder: false,
    };
    this.issuers.set(id, issuer);
    for (const hash of ['sha1', 'sha256'] as const) {
      const digest = (bytes: Uint8Array): string =>
        createHash(hash).update(bytes).digest().toString('latin1');
      const { subject, publicKey } = certificate;
      this.#byCertId.set(`${hash}:${digest(subject.der)}${digest(publicKey.bits)}`, issuer);
    }
  }

  revoke(record: RevokedRecord): Entry {
    const issuer = this.issuer(record.issuer);
    const entry = issuer.issued.get(record.serial);
    if (entry === undefined) {
      throw new AuthorityError(
        'LEDGER_DAMAGED',
        `The ledger revokes a certificate it never issued (${record.serial}).`,
      );
    }
    if (entry.revocation !== undefined) return entry;
    const revocation = { at: new Date(record.at), reason: record.reason };
    entry.revocation = revocation;
    issuer.revokedCount += 1;
    this.revoked.push({ record: entry.record, revocation });
    if (record.reason === 'keyCompromise' || record.reason === 'cACompromise') {
      this.compromisedKeys.add(entry.record.keyId);
    }
    return entry;
  }
}

export function certificateDer(entry: Entry): Buffer {
  return Buffer.from(entry.record.certificate, 'base64');
}

/** With the certificate itself and its issuers below the root. */
export function describeIssued(registry: Registry, entry: Entry): IssuedCertificate {
  const pem = toPem('CERTIFICATE', certificateDer(entry));
  const { issuer } = entry.record;
  const issuers = issuer === 'root' ? '' : toPem('CERTIFICATE', registry.issuer(issuer).certificate.der);
  return { ...describeEntry(entry), pem, chainPem: pem + issuers };
}

/** As the administrative listener shows it. */
export function describeEntry({ record, sequence, revocation }: Entry): CertificateRecord {
  return {
    sequence,
    kind: record.kind,
    issuer: record.issuer,
    serialNumber: record.serial,
    subject: record.subject,
    notBefore: record.notBefore,
    notAfter: record.notAfter,
    fingerprint: record.fingerprint,
    keyId: record.keyId,
    ...(record.organization === undefined ? {} : { organization: record.organization }),
    signedHere: record.signedHere,
    issuedAt: record.at,
    ...(revocation === undefined
      ? {}
      : { revocation: { at: revocation.at.toISOString(), reason: revocation.reason } }),
  };
}

function append<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
