import type { Certificate } from '../certificate/certificate.js';
import { TrustError } from '../error.js';
import type { AskRevocation, RevocationFinding, RevocationQuestion } from '../revocation/evidence.js';
import { notAsked, notOffered } from '../revocation/finding.js';
import { revocationQuestions } from '../revocation/revocation-questions.js';
import { judgeRevocation, type RevocationPolicy } from './revocation-verdict.js';

/** How one certificate of a path that was judged before stands now. */
export interface RevocationStanding {
  readonly certificate: Certificate;
  /**
   * `expired`: not asked, because it or its issuer is no longer valid · `unanswered`: asked, and nobody gave a valid answer · the
   * others as in a finding.
   */
  readonly status: RevocationFinding['status'] | 'expired' | 'unanswered';
  /** The reason behind `revoked`, `unknown` and `unanswered`. */
  readonly refusal?: TrustError | undefined;
}

/**
 * Asks again about a path that was judged at an earlier instant (docs/trust.md, "Time"): what expired since then is not asked about and is
 * no reason against it; a revocation of what is still valid is. Each certificate stands for itself: the silence about one hides no
 * revocation of another. A certificate that names no source stands as `not-offered`, in mode `required` too: it was accepted then.
 * @param path Plugin certificate first, anchor last.
 * @returns One standing for each certificate below the anchor, plugin first. Throws only what is no refusal: a defect, the signal's reason.
 */
export async function judgeRevocationAgain(
  path: readonly Certificate[],
  policy: RevocationPolicy,
): Promise<readonly RevocationStanding[]> {
  const at = new Date(policy.at);
  if (Number.isNaN(at.getTime())) throw new RangeError('The instant of judgement is not a time');
  return Promise.all(revocationQuestions(path).map((question) => standingOf(question, { ...policy, at })));
}

async function standingOf(
  question: RevocationQuestion,
  policy: RevocationPolicy,
): Promise<RevocationStanding> {
  const { certificate, issuer } = question;
  if (policy.revocation === 'off') return { certificate, status: notAsked(certificate).status };
  // An issuer answers for its certificates until it expires itself (RFC 5280 3.3).
  if (policy.at > certificate.notAfter || policy.at > issuer.notAfter)
    return { certificate, status: 'expired' };
  try {
    const ask = askingOnly(question, policy.ask);
    const [finding] = await judgeRevocation([certificate, issuer], {
      ...policy,
      revocation: 'when-named',
      ask,
    });
    return { certificate, status: finding?.status ?? 'unanswered' };
  } catch (refusal) {
    if (!(refusal instanceof TrustError)) throw refusal;
    return { certificate, status: statusOf(refusal), refusal };
  }
}

function statusOf({ code }: TrustError): RevocationStanding['status'] {
  if (code === 'CERTIFICATE_REVOKED') return 'revoked';
  return code === 'CERTIFICATE_STATUS_UNKNOWN' ? 'unknown' : 'unanswered';
}

/** The whole path's question about one certificate; that nothing is offered is an answer here, for the judge to weigh. */
function askingOnly(question: RevocationQuestion, ask: AskRevocation): AskRevocation {
  return async (_questions, options) => {
    try {
      return await ask([question], options);
    } catch (error) {
      if (error instanceof TrustError && error.code === 'REVOCATION_NOT_OFFERED')
        return [notOffered(question.certificate)];
      throw error;
    }
  };
}
