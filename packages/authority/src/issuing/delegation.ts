import type { KeyObject } from 'node:crypto';
import type { DelegationRequest } from '@jami-plugin-store/contract';
import type { Certificate } from '@jami-plugin-store/trust';
import { AuthorityError } from '../error.js';
import type { IssuedRecord } from '../ledger/record.js';
import type { Entry, Registry } from '../ledger/registry.js';
import { responderSubject } from '../ocsp/responder-keys.js';
import { readText, readWhole, writeDurably } from '../storage/durable-file.js';
import type { AuthorityFolder } from '../storage/folder.js';
import { createKeyAndCsr } from '../x509/create-key-and-csr.js';
import { readPrivateKey } from '../x509/key.js';
import { assertDelegates, issuerOf, readForeignCertificate } from './adoption.js';
import type { IssuerKeys } from './issuer-keys.js';
import { issuedRecord } from './sign-certificate.js';

export interface DelegationParts {
  readonly folder: AuthorityFolder;
  readonly registry: Registry;
  readonly keys: IssuerKeys;
  readonly clock: () => Date;
  readonly passphrase: string | undefined;
}

/**
 * Makes (once) a responder key for an organization with its own key, and the request that it is to sign.
 * @throws {AuthorityError} ISSUER_NOT_FOUND | DELEGATION_INVALID where the key is held here and nothing is needed
 */
export async function requestDelegation(
  { folder, registry, keys, passphrase }: DelegationParts,
  issuerId: string,
): Promise<DelegationRequest> {
  const issuer = registry.issuer(issuerId);
  if (keys.has(issuerId)) {
    throw new AuthorityError(
      'DELEGATION_INVALID',
      'The key of this issuer is held here: nothing is to be delegated.',
    );
  }
  const path = folder.pendingResponder(issuerId);
  const pending = await readWhole(path);
  const privateKey =
    pending === undefined ? undefined : readPrivateKey(pending.toString('utf8'), passphrase, path);
  const [{ value: CN }] = responderSubject(issuer);
  const made = await createKeyAndCsr({ subject: { CN }, keyType: 'ec-p256', privateKey, passphrase });
  if (pending === undefined) await writeDurably(path, made.privateKeyPem);
  return { issuer: issuerId, csrPem: made.csrPem };
}

export interface AdoptedDelegation {
  readonly issuerId: string;
  readonly key: KeyObject;
  readonly certificate: Certificate;
  /** Absent where the ledger has it already: adopting again finishes what a crash cut off. */
  readonly record: IssuedRecord | undefined;
}

/**
 * Checks a responder certificate against the key that was requested.
 * @throws {AuthorityError} DELEGATION_INVALID | DELEGATION_NOT_REQUESTED | CERTIFICATE_NOT_ISSUED_BY
 */
export async function adoptDelegation(
  { folder, registry, clock, passphrase }: DelegationParts,
  bytes: Uint8Array,
  actor: string | undefined,
): Promise<AdoptedDelegation> {
  const certificate = readForeignCertificate(bytes, 'DELEGATION_INVALID');
  const issuer = issuerOf(registry, certificate);
  if (issuer === undefined) throw notIssued(certificate);
  const path = folder.pendingResponder(issuer.id);
  if ((await readWhole(path)) === undefined) {
    throw new AuthorityError('DELEGATION_NOT_REQUESTED', 'Request the delegation first.', {
      certificate: issuer.certificate.subject.text,
    });
  }
  const key = readPrivateKey(await readText(path), passphrase, path);
  const at = clock();
  assertDelegates(certificate, key, at);
  const found = { issuerId: issuer.id, key, certificate };
  if (registry.byFingerprint(certificate.fingerprint) !== undefined) return { ...found, record: undefined };
  const record = issuedRecord(certificate.der, {
    at,
    kind: 'responder',
    issuer: issuer.id,
    name: '',
    signedHere: false,
    actor,
  });
  assertSerialIsFree(issuer.issued.get(record.serial), record);
  return { ...found, record };
}

/**
 * The record of a plugin certificate that an organization issued with its own key, or the entry where it is known.
 * @throws {AuthorityError} CERTIFICATE_NOT_ISSUED_BY | CERTIFICATE_ALREADY_REGISTERED
 */
export function registerCertificate(
  { registry, clock }: DelegationParts,
  bytes: Uint8Array,
  actor: string | undefined,
): { readonly known: Entry } | { readonly record: IssuedRecord } {
  const certificate = readForeignCertificate(bytes, 'CERTIFICATE_NOT_ISSUED_BY');
  const known = registry.byFingerprint(certificate.fingerprint);
  if (known !== undefined) return { known };
  const issuer = issuerOf(registry, certificate);
  // What the root or a hosted organization signed was recorded when it was signed: anything else is a forgery or a leak.
  if (issuer === undefined || issuer.id === 'root' || certificate.basicConstraints?.cA === true) {
    throw notIssued(certificate);
  }
  const record = issuedRecord(certificate.der, {
    at: clock(),
    kind: 'plugin',
    issuer: issuer.id,
    name: '',
    signedHere: false,
    actor,
  });
  assertSerialIsFree(issuer.issued.get(record.serial), record);
  return { record };
}

/** RFC 5280 4.1.2.2: one number, one certificate; else revoking one would be answered for the other. */
function assertSerialIsFree(holder: Entry | undefined, { fingerprint, subject }: IssuedRecord): void {
  if (holder === undefined || holder.record.fingerprint === fingerprint) return;
  throw new AuthorityError(
    'CERTIFICATE_ALREADY_REGISTERED',
    'The organization gave this serial number to another certificate before.',
    { certificate: subject },
  );
}

const notIssued = ({ subject }: Certificate): AuthorityError =>
  new AuthorityError('CERTIFICATE_NOT_ISSUED_BY', 'No organization known here has issued this certificate.', {
    certificate: subject.text,
  });
