import {
  acceptCrl,
  type CertificateList,
  parseCrl,
  type RevocationFinding,
  type RevocationQuestion,
  TrustError,
} from '@jami-plugin-store/trust';
import { crlAnswerKey } from './answer-key.js';
import type { EvidenceDesk } from './evidence-desk.js';

export interface CrlAsking {
  readonly at: Date;
  readonly skewMs: number | undefined;
  /** Of the distribution points that a certificate names, so many are asked. */
  readonly maxPoints: number;
}

/**
 * Fetches CRLs from the distribution points of one certificate in order, until they answer (RFC 5280 6.3.3).
 * A CRL that covers only some reasons is kept at hand for the next one to complete. One that says `good` is brought
 * up to date by a delta CRL where there is one.
 * @returns the finding, or each distribution point's refusal in order
 */
export async function askCrl(
  question: RevocationQuestion,
  desk: EvidenceDesk,
  asking: CrlAsking,
): Promise<RevocationFinding | readonly TrustError[]> {
  const earlier: CertificateList[] = [];
  const refusals: TrustError[] = [];
  for (const url of question.crlUrls.slice(0, asking.maxPoints)) {
    const read: CertificateList[] = [];
    try {
      const finding = await askPoint(question, desk, url, (bytes) => {
        read.splice(0, 1, parseCrl(bytes));
        return accept([...earlier, ...read], question, asking, url);
      });
      if (finding.status !== 'good') return finding;
      return (await askDelta([...earlier, ...read], question, desk, asking)) ?? finding;
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      refusals.push(error);
    }
    earlier.push(...read);
  }
  return refusals;
}

async function askPoint(
  question: RevocationQuestion,
  desk: EvidenceDesk,
  url: string,
  judge: (bytes: Buffer) => RevocationFinding,
): Promise<RevocationFinding> {
  const key = crlAnswerKey(question, url);
  return (
    (await desk.recall(key, url, judge)) ?? (await desk.ask({ kind: 'crl', method: 'GET', url }, key, judge))
  );
}

/**
 * RFC 5280 6.3.3 (c): one delta CRL, named by the certificate or else by the complete CRL. Without it the complete
 * one holds until its own nextUpdate, as its issuer promised; so a delta that does not come changes nothing.
 */
async function askDelta(
  lists: readonly CertificateList[],
  question: RevocationQuestion,
  desk: EvidenceDesk,
  asking: CrlAsking,
): Promise<RevocationFinding | undefined> {
  const named = [question.certificate, ...lists].flatMap(({ freshestCrlUrls }) => freshestCrlUrls);
  const url = named.find((text) => /^https?:/i.test(text));
  if (url === undefined) return undefined;
  try {
    return await askPoint(question, desk, url, (bytes) => {
      const delta = parseCrl(bytes);
      if (delta.baseCrlNumber === undefined)
        throw new TrustError('CRL_SCOPE_MISMATCH', 'The CRL is no delta CRL', { url });
      return accept([...lists, delta], question, asking, url);
    });
  } catch (error) {
    if (!(error instanceof TrustError)) throw error;
    return undefined;
  }
}

function accept(
  lists: readonly CertificateList[],
  { certificate, issuer, above }: RevocationQuestion,
  { at, skewMs }: CrlAsking,
  url: string,
): RevocationFinding {
  return acceptCrl(lists, { certificate, issuer, above, at, skewMs, url });
}
