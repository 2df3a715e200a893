import {
  acceptCrl,
  type CertificateList,
  parseCrl,
  type RevocationFinding,
  type RevocationQuestion,
  TrustError,
} from '@jami-plugin-store/trust';
import { crlAnswerKey } from './answer-key.js';
import type { Accept, EvidenceDesk } from './evidence-desk.js';

export interface CrlAsking {
  readonly at: Date;
  readonly skewMs: number | undefined;
  /** Of the distribution points that a certificate names, so many are asked. */
  readonly maxPoints: number;
}

/**
 * Fetches CRLs from the distribution points of one certificate in order, until they answer (RFC 5280 6.3.3).
 * A CRL that covers only some reasons is kept at hand for the next one to complete.
 * @returns the finding, or each distribution point's refusal in order
 */
export async function askCrl(
  question: RevocationQuestion,
  desk: EvidenceDesk,
  { at, skewMs, maxPoints }: CrlAsking,
): Promise<RevocationFinding | readonly TrustError[]> {
  const { certificate, issuer } = question;
  const earlier: CertificateList[] = [];
  const refusals: TrustError[] = [];
  for (const url of question.crlUrls.slice(0, maxPoints)) {
    const read: CertificateList[] = [];
    const accept: Accept = (bytes) => {
      read.splice(0, 1, parseCrl(bytes));
      return acceptCrl([...earlier, ...read], { certificate, issuer, at, skewMs, url });
    };
    const key = crlAnswerKey(question, url);
    try {
      return (
        (await desk.recall(key, url, accept)) ??
        (await desk.ask({ kind: 'crl', method: 'GET', url }, key, accept))
      );
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      refusals.push(error);
    }
    earlier.push(...read);
  }
  return refusals;
}
