export { type LocalTokens, type OpenTokensOptions, openTokens } from './access/open-tokens.js';
export { type AuditVerdict, type VerifyAuditOptions, verifyAudit } from './audit/verify-audit.js';
export { StoreError, type StoreErrorCode, type StoreErrorDetail } from './error.js';
export type { PublicationProblem } from './scan/publication-problem.js';
export type { LogTarget } from './serving/server.js';
export { createStore, type Store, type StoreOptions } from './store.js';
