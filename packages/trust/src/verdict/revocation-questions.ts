import type { Certificate } from '../certificate/certificate.js';
import type { RevocationQuestion } from '../revocation/evidence.js';

const httpUrl = /^https?:\/\//i;

/**
 * What must be asked before a verdict: one question for each certificate below the anchor, plugin first.
 * @param path Plugin certificate first, anchor last.
 */
export function revocationQuestions(path: readonly Certificate[]): RevocationQuestion[] {
  const questions: RevocationQuestion[] = [];
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index + 1];
    if (issuer === undefined) break;
    questions.push(
      Object.freeze({
        certificate,
        issuer,
        ocspUrls: Object.freeze(certificate.ocspUrls.filter((url) => httpUrl.test(url))),
        crlUrls: Object.freeze(certificate.crlUrls.filter((url) => httpUrl.test(url))),
      }),
    );
  }
  return questions;
}
