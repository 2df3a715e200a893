import type { RevocationPage, RevocationQuery } from '@jami-plugin-store/contract';
import type { Certificate } from '@jami-plugin-store/trust';
import type { PublishedCrl } from './crl/crl-file.js';
import type { OcspAnswer } from './ocsp/ocsp-service.js';

/** What everybody may see of an authority: of an open one, or of a process that follows its folder. */
export interface PublicFace {
  readonly clock: () => Date;
  readonly rootCertificate: Certificate;
  readonly rootPem: string;
  /** Makes or reads again what is due, so that clients need not wait; troubles are kept, not thrown. */
  prepare(): Promise<void>;
  /**
   * Answers an OCSP request (DER). Bad requests are answered, too; nothing is thrown for what a client sends. At once, but where a
   * signer has to be made first.
   */
  answerOcsp(requestDer: Uint8Array): OcspAnswer | Promise<OcspAnswer>;
  /** @throws {AuthorityError} ISSUER_NOT_FOUND | CRL_NOT_AVAILABLE | CRL_OUTDATED */
  crl(issuerId: string): Promise<PublishedCrl>;
  /** What was revoked, in order; a page at a time. */
  revocations(query?: RevocationQuery): RevocationPage;
  /** Calls after each revocation, when answers say so already. @returns what ends it */
  watchRevocations(listener: () => void): () => void;
  /** Nothing where answers can be given. @throws {AuthorityError} what stands against it */
  assertReady(): void;
}
