import type { Certificate } from '../certificate/certificate.js';
import type { RevocationQuestion } from './evidence.js';

const httpUrl = /^https?:\/\//i;

/**
 * What must be asked before a verdict: one question for each certificate below the anchor, plugin first.
 * @param path Plugin certificate first, anchor last.
 */
export function revocationQuestions(path: readonly Certificate[]): RevocationQuestion[] {
  return path.slice(0, -1).flatMap((certificate, index) => {
    const [issuer, ...above] = path.slice(index + 1);
    return issuer === undefined ? [] : [questionAbout(certificate, issuer, above)];
  });
}

/** What one certificate names to be asked, as far as it can be asked over HTTP. */
export function questionAbout(
  certificate: Certificate,
  issuer: Certificate,
  above: readonly Certificate[],
): RevocationQuestion {
  return Object.freeze({
    certificate,
    issuer,
    above: Object.freeze([...above]),
    ocspUrls: Object.freeze(certificate.ocspUrls.filter((url) => httpUrl.test(url))),
    crlUrls: Object.freeze(certificate.crlUrls.filter((url) => httpUrl.test(url))),
  });
}
