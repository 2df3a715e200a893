export { type LocalTokens, type OpenTokensOptions, openTokens } from './access/open-tokens.js';
export { type AuditVerdict, type VerifyAuditOptions, verifyAudit } from './audit/verify-audit.js';
export { readS3Settings, type S3Settings } from './blobs/s3-settings.js';
export { StoreError, type StoreErrorCode, type StoreErrorDetail } from './error.js';
export { type BackUpOptions, type BackupReport, backUpStore } from './operating/back-up-store.js';
export { type CheckOptions, type CheckReport, checkStore } from './operating/check-store.js';
export type { Finding, FindingCode } from './operating/finding.js';
export {
  abandonMove,
  type MoveOptions,
  type MoveProgress,
  type MoveReport,
  moveStore,
} from './operating/move-store.js';
export { type RestoreOptions, type RestoreReport, restoreStore } from './operating/restore-store.js';
export { openEmptyPlace, openStoreData, type StoreData, type StorePlace } from './operating/store-data.js';
export type { PublishingSettings } from './publishing/open-publishing.js';
export type { PublicationProblem } from './scan/publication-problem.js';
export type { LogTarget } from './serving/request-log.js';
export { createStore, type Store, type StoreOptions } from './store.js';
