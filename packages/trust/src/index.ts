export type {
  Certificate,
  CertificateExtension,
  DistinguishedName,
  KeyUsage,
  PublicKey,
  TrustAnchor,
} from './certificate/certificate.js';
export { namesEqual } from './certificate/name.js';
export { parseCertificate } from './certificate/parse-certificate.js';
export { parseCertificatesPem, parseTrustAnchors } from './certificate/pem.js';
export {
  assertIssuedBy,
  assertKeyAcceptable,
  assertSigned,
  type SignedData,
} from './certificate/signed-data.js';
export { acceptCrl, type CrlAcceptance, defaultCrlSkewMs } from './crl/accept-crl.js';
export type { CertificateList, IssuingDistributionPoint } from './crl/certificate-list.js';
export { parseCrl } from './crl/parse-crl.js';
export {
  type CertificateErrorCode,
  type PathErrorCode,
  type ProfileErrorCode,
  type RevocationErrorCode,
  type SignatureErrorCode,
  TrustError,
  type TrustErrorCode,
  type TrustErrorDetail,
} from './error.js';
export { listCrl } from './listing/list-crl.js';
export { listOcspRequest, listOcspResponse } from './listing/list-ocsp.js';
export { acceptOcspResponse, defaultOcspSkewMs, type OcspAcceptance } from './ocsp/accept-ocsp-response.js';
export type { CertificateIdHash } from './ocsp/certificate-id.js';
export { createOcspRequest, type OcspRequest, type OcspRequestInput } from './ocsp/ocsp-request.js';
export type { FindResponderStatus } from './ocsp/responder-status.js';
export type { PathBudget } from './path/path-budget.js';
export type { PolicyInputs } from './path/policy-check.js';
export { type PathRequest, type ValidatedPath, validatePath } from './path/validate-path.js';
export type {
  AskRevocation,
  RevocationFinding,
  RevocationMode,
  RevocationQuestion,
  RevocationSource,
} from './revocation/evidence.js';
export { isFinding, notAsked, notOffered } from './revocation/finding.js';
export { revocationQuestions } from './revocation/revocation-questions.js';
export { type JudgePackageRequest, type JudgeStep, judgePackage } from './verdict/judge-package.js';
export { judgePackagePath } from './verdict/package-path.js';
export {
  authorityMarkOid,
  organizationPublisher,
  type PublisherPath,
  publisherOf,
  samePublisher,
} from './verdict/publisher.js';
export { judgeRevocationAgain, type RevocationStanding } from './verdict/revocation-again.js';
export { judgeRevocation, type RevocationPolicy } from './verdict/revocation-verdict.js';
export {
  type ContentVerifier,
  contentVerifier,
  type SignatureEvidence,
  verifyContent,
  verifyEvidence,
} from './verdict/signature-check.js';
export {
  type EntrySink,
  type EntryWriter,
  isVerifiedPlugin,
  type Publisher,
  type VerifiedPlugin,
} from './verdict/verified-plugin.js';
