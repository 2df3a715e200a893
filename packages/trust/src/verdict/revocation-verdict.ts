import type { Certificate } from '../certificate/certificate.js';
import { TrustError } from '../error.js';
import type {
  AskRevocation,
  RevocationFinding,
  RevocationMode,
  RevocationQuestion,
} from '../revocation/evidence.js';
import { isFinding, isJudgedFor, notAsked } from '../revocation/finding.js';
import { revocationQuestions } from '../revocation/revocation-questions.js';

const crlDistributionPoints = '2.5.29.31';

export interface RevocationPolicy {
  readonly at: Date;
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks about every certificate below the anchor and judges the answers by the mode (docs/trust.md, "Revocation").
 * In mode `off` nothing is asked, and every finding says so.
 * @param path Plugin certificate first, anchor last.
 * @returns One finding for each certificate below the anchor, plugin first.
 * @throws {TrustError} CERTIFICATE_REVOKED | CERTIFICATE_STATUS_UNKNOWN | REVOCATION_NOT_OFFERED | REVOCATION_NOT_ASKED |
 *   REVOCATION_FINDING_OUTDATED | whatever reason `ask` gives
 */
export async function judgeRevocation(
  path: readonly Certificate[],
  { at, revocation: mode, ask, signal }: RevocationPolicy,
): Promise<readonly RevocationFinding[]> {
  const questions = revocationQuestions(path);
  if (mode === 'off') return questions.map(({ certificate }) => notAsked(certificate));
  if (questions.length === 0) return [];
  const answers: unknown = await ask(questions, { at: new Date(at), signal });
  const findings = Array.isArray(answers) ? (answers as readonly unknown[]) : [];
  return questions.map((question, index) => judgeFinding(question, findings[index], { at, mode }));
}

function judgeFinding(
  question: RevocationQuestion,
  finding: unknown,
  { at, mode }: { readonly at: Date; readonly mode: Exclude<RevocationMode, 'off'> },
): RevocationFinding {
  const subject = question.certificate.subject.text;
  const refusal = (
    code: ConstructorParameters<typeof TrustError>[0],
    reason: string,
    url?: string,
  ): TrustError => new TrustError(code, reason, { certificate: subject, url });
  // A finding counts only when this room made it, about this very certificate.
  if (!isFinding(finding) || finding.certificate.fingerprint !== question.certificate.fingerprint) {
    throw refusal(
      'REVOCATION_NOT_ASKED',
      `Nobody has answered whether the certificate "${subject}" is revoked.`,
    );
  }
  // Evidence was judged at one instant; a good answer of yesterday is none of today.
  if (finding.source !== 'none' && !isJudgedFor(finding, { issuer: question.issuer, at })) {
    throw refusal(
      'REVOCATION_FINDING_OUTDATED',
      `Whether the certificate "${subject}" is revoked was judged at another time or under another issuer.`,
      finding.url,
    );
  }
  switch (finding.status) {
    case 'good':
      return finding;
    case 'revoked':
      throw refusal(
        'CERTIFICATE_REVOKED',
        `The certificate "${subject}" was revoked${why(finding)}.`,
        finding.url,
      );
    case 'unknown':
      throw refusal(
        'CERTIFICATE_STATUS_UNKNOWN',
        `The responder does not know the certificate "${subject}".`,
        finding.url,
      );
    case 'not-offered':
      if (mode === 'when-named' && !namesSource(question.certificate)) return finding;
      throw refusal(
        'REVOCATION_NOT_OFFERED',
        `The revocation status of the certificate "${subject}" is needed, and there is no usable source for it.`,
      );
    case 'not-asked':
      throw refusal(
        'REVOCATION_NOT_ASKED',
        `The revocation status of the certificate "${subject}" was not asked.`,
      );
  }
}

function namesSource(certificate: Certificate): boolean {
  // A distribution point without a URL names a CRL all the same: an answer stays mandatory.
  return (
    certificate.ocspUrls.length > 0 ||
    certificate.crlUrls.length > 0 ||
    certificate.extensions.has(crlDistributionPoints)
  );
}

function why({ revokedAt, reason }: RevocationFinding): string {
  return `${revokedAt ? ` on ${revokedAt.toISOString()}` : ''}${reason ? ` (${reason})` : ''}`;
}
