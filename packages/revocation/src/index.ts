export {
  type AnswerCache,
  type AnswerCacheOptions,
  type AnswerKey,
  createAnswerCache,
} from './answer-cache.js';
export type { AskingMode } from './evidence-desk.js';
export type {
  EvidenceAnswer,
  EvidenceKind,
  EvidenceRequest,
  FetchEvidence,
  WireHead,
} from './evidence-request.js';
export type { AskedQuestion, ExchangeEnd, ExchangeListener, WatchExchanges } from './exchange.js';
export { createFetcher, type Fetcher, type FetcherOptions } from './fetcher.js';
export { createRevocationChecker, type RevocationCheckerOptions } from './revocation-checker.js';
