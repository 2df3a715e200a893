import {
  acceptOcspResponse,
  type CertificateIdHash,
  createOcspRequest,
  type OcspAcceptance,
  type RevocationFinding,
  type RevocationQuestion,
  TrustError,
} from '@jami-plugin-store/trust';
import { ocspAnswerKey } from './answer-key.js';
import type { EvidenceDesk } from './evidence-desk.js';

export interface OcspAsking {
  readonly at: Date;
  readonly skewMs: number | undefined;
  readonly hash: CertificateIdHash | undefined;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Of the responders that a certificate names, so many are asked. */
  readonly maxResponders: number;
  /** Asks whether a responder is itself revoked; undefined when nothing acceptable is said. */
  readonly askResponderStatus: (question: RevocationQuestion) => Promise<RevocationFinding | undefined>;
}

const nonceLength = 32;
/** RFC 5019 5: what a GET may take in all. */
const maxGetUrlLength = 255;

/**
 * Asks the responders of one certificate in order, until one gives an acceptable answer of any status.
 * @returns the finding, or each responder's refusal in order
 */
export async function askOcsp(
  question: RevocationQuestion,
  desk: EvidenceDesk,
  asking: OcspAsking,
): Promise<RevocationFinding | readonly TrustError[]> {
  const responders = question.ocspUrls.slice(0, asking.maxResponders);
  const [first = ''] = responders;
  const about = { ...aboutOf(question, asking), requireFresh: false, url: first };
  const kept = await desk.recall(ocspAnswerKey(question), first, (bytes) => accept(bytes, about, asking));
  if (kept !== undefined) return kept;
  const refusals: TrustError[] = [];
  for (const url of responders) {
    try {
      return await askResponder(url, question, desk, asking);
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      refusals.push(error);
    }
  }
  return refusals;
}

async function askResponder(
  url: string,
  question: RevocationQuestion,
  desk: EvidenceDesk,
  asking: OcspAsking,
): Promise<RevocationFinding> {
  const { hash, randomBytes } = asking;
  const { certificate, issuer } = question;
  const fresh = desk.mode === 'fresh';
  // A nonce makes an answer ours alone; without one, responders and proxies may give what they have at hand.
  const nonce = fresh ? randomBytes(nonceLength) : undefined;
  const { der, nonceExtensionValue } = createOcspRequest({ certificate, issuer, hash, nonce });
  const about = { ...aboutOf(question, asking), nonceExtensionValue, requireFresh: fresh, url };
  const judge = (bytes: Buffer) => accept(bytes, about, asking);
  const key = ocspAnswerKey(question);
  const getUrl = fresh ? undefined : getUrlOf(url, der);
  if (getUrl !== undefined) {
    try {
      return await desk.ask({ kind: 'ocsp', method: 'GET', url: getUrl }, key, judge, der);
    } catch (error) {
      // A responder may serve POST only.
      if (!(error instanceof TrustError && error.code === 'OCSP_HTTP_STATUS')) throw error;
    }
  }
  return await desk.ask({ kind: 'ocsp', method: 'POST', url, body: der }, key, judge);
}

function aboutOf({ certificate, issuer, above }: RevocationQuestion, { at, skewMs }: OcspAsking) {
  return { certificate, issuer, above, at, skewMs };
}

/**
 * Judges an answer; where all of it holds but its responder may be revoked (RFC 6960 4.2.2.2.1), asks about that once
 * and judges again. Garbage never gets so far: the responder's certificate is signed by the issuer.
 */
async function accept(bytes: Buffer, about: OcspAcceptance, asking: OcspAsking): Promise<RevocationFinding> {
  let open: RevocationQuestion | undefined;
  const noteQuestion = (question: RevocationQuestion) => {
    open = question;
    return undefined;
  };
  try {
    return acceptOcspResponse(bytes, { ...about, findResponderStatus: noteQuestion });
  } catch (error) {
    if (open === undefined) throw error;
    const finding = await asking.askResponderStatus(open);
    return acceptOcspResponse(bytes, { ...about, findResponderStatus: () => finding });
  }
}

/** RFC 5019 5, RFC 6960 A.1: {url}/{url-encoding of base64 encoding of the DER request}. */
function getUrlOf(url: string, der: Uint8Array): string | undefined {
  if (/[?#]/.test(url)) return undefined;
  const get = `${url.replace(/\/$/, '')}/${encodeURIComponent(Buffer.from(der).toString('base64'))}`;
  return get.length <= maxGetUrlLength ? get : undefined;
}
