export type {
  Certificate,
  CertificateExtension,
  DistinguishedName,
  KeyUsage,
  PublicKey,
  TrustAnchor,
} from './certificate/certificate.js';
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
export type {
  AskRevocation,
  RevocationFinding,
  RevocationMode,
  RevocationQuestion,
  RevocationSource,
} from './revocation/evidence.js';
export { isFinding, notAsked, notOffered } from './revocation/finding.js';
export type { EntrySink, EntryWriter, Publisher, VerifiedPlugin } from './verdict/verified-plugin.js';
