import { randomBytes as systemRandomBytes } from 'node:crypto';
import {
  type AskRevocation,
  type CertificateIdHash,
  notAsked,
  notOffered,
  type RevocationFinding,
  type RevocationMode,
  type RevocationQuestion,
  TrustError,
} from '@jami-plugin-store/trust';
import { askCrl } from './ask-crl.js';
import { askOcsp } from './ask-ocsp.js';
import { createEvidenceDesk, type DeskOptions } from './evidence-desk.js';

export interface RevocationCheckerOptions extends DeskOptions {
  /** What a certificate without responder and CRL means; see docs/trust.md. */
  readonly revocation: RevocationMode;
  /** How far a server's clock may be off. Default: five minutes. */
  readonly skewMs?: number | undefined;
  /** Hash of the CertID in questions. Default `sha1` (RFC 5019 2.1.1). */
  readonly hash?: CertificateIdHash | undefined;
  /** Source of nonces. Default: the system's. */
  readonly randomBytes?: ((length: number) => Uint8Array) | undefined;
  /** Responders, and distribution points, that are asked for one certificate. Default 3 each. */
  readonly maxServers?: number | undefined;
}

type Settings = RevocationCheckerOptions & { readonly maxServers: number };
type Options = Parameters<AskRevocation>[1];

/**
 * Answers all revocation questions of a path at once. Each: the responders in order, and where none of them
 * gives an acceptable answer, the CRL. `revoked` and `unknown` are answers; the CRL is then not asked.
 * @throws {TrustError} REVOCATION_NOT_OFFERED; the first responder's reason when no CRL answers either; the CRL's
 *   where no responder is named; CERTIFICATE_REVOKED or CERTIFICATE_STATUS_UNKNOWN when another question has no answer
 */
export function createRevocationChecker(options: RevocationCheckerOptions): AskRevocation {
  const settings: Settings = { ...options, maxServers: options.maxServers ?? 3 };
  return async (questions, asked) => {
    asked.signal?.throwIfAborted();
    const outcomes = await Promise.allSettled(questions.map((question) => answer(question, settings, asked)));
    asked.signal?.throwIfAborted();
    const findings: RevocationFinding[] = [];
    const failures: unknown[] = [];
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') findings.push(outcome.value);
      else failures.push(outcome.reason);
    }
    const [failure] = failures;
    if (failures.length === 0) return findings;
    throw finalAnswer(findings, failure) ?? failure;
  };
}

async function answer(
  question: RevocationQuestion,
  settings: Settings,
  asked: Options,
): Promise<RevocationFinding> {
  const { certificate, ocspUrls, crlUrls } = question;
  if (settings.revocation === 'off') return notAsked(certificate);
  if (ocspUrls.length === 0 && crlUrls.length === 0) return withoutSource(question, settings.revocation);
  const { at } = asked;
  const { skewMs, hash, maxServers, randomBytes = systemRandomBytes } = settings;
  const desk = createEvidenceDesk(settings, question, asked);
  const askResponderStatus = (about: RevocationQuestion) => responderStatus(about, settings, asked);
  const asking = { at, skewMs, hash, randomBytes, maxResponders: maxServers, askResponderStatus };
  const ocsp = await askOcsp(question, desk, asking);
  if ('status' in ocsp) return ocsp;
  const crl = await askCrl(question, desk, { at, skewMs, maxPoints: maxServers });
  if ('status' in crl) return crl;
  throw unanswered(question, ocsp, crl);
}

/** By CRL alone, and from one distribution point: this is a question about a question. */
async function responderStatus(
  question: RevocationQuestion,
  settings: Settings,
  asked: Options,
): Promise<RevocationFinding | undefined> {
  const desk = createEvidenceDesk(settings, question, asked);
  const found = await askCrl(question, desk, { at: asked.at, skewMs: settings.skewMs, maxPoints: 1 });
  return 'status' in found ? found : undefined;
}

function withoutSource({ certificate }: RevocationQuestion, mode: RevocationMode): RevocationFinding {
  if (mode === 'when-named') return notOffered(certificate);
  const subject = certificate.subject.text;
  throw new TrustError(
    'REVOCATION_NOT_OFFERED',
    `The certificate "${subject}" names no place to ask whether it is revoked`,
    { certificate: subject },
  );
}

/** The first responder's reason speaks for all; the others are kept as causes. */
function unanswered(
  { certificate }: RevocationQuestion,
  ocsp: readonly TrustError[],
  crl: readonly TrustError[],
): TrustError {
  const all = [...ocsp, ...crl];
  const [first] = all;
  if (first === undefined) throw new RangeError('a certificate that names a source was not asked about');
  const [instead] = ocsp.length > 0 ? crl : [];
  const ending =
    instead === undefined ? 'and there is no CRL to ask instead' : `and so does the CRL: ${instead.message}`;
  const message = ocsp.length > 0 ? `${first.message}; ${ending}` : first.message;
  return new TrustError(first.code, message, {
    certificate: certificate.subject.text,
    url: first.url,
    cause: all.length > 1 ? new AggregateError(all, 'no acceptable answer') : first,
  });
}

/** What is known for certain outranks what could not be learnt. */
function finalAnswer(findings: readonly RevocationFinding[], cause: unknown): TrustError | undefined {
  const final =
    findings.find(({ status }) => status === 'revoked') ??
    findings.find(({ status }) => status === 'unknown');
  if (final === undefined) return undefined;
  const detail = { certificate: final.certificate.subject.text, url: final.url, cause };
  const subject = `The certificate "${final.certificate.subject.text}"`;
  return final.status === 'revoked'
    ? new TrustError('CERTIFICATE_REVOKED', `${subject} was revoked`, detail)
    : new TrustError(
        'CERTIFICATE_STATUS_UNKNOWN',
        `${subject} is unknown to the responder of its issuer`,
        detail,
      );
}
