export type { EvidenceAnswer, EvidenceKind, EvidenceRequest, FetchEvidence } from './evidence-request.js';
export { createFetcher, type Fetcher, type FetcherOptions } from './fetcher.js';
