import type { RevocationFinding, TrustError } from '@jami-plugin-store/trust';
import type { EvidenceKind } from './evidence-request.js';

/** One question to one server or to the cache, and what came of it; for traces. */
export interface Exchange {
  readonly kind: EvidenceKind;
  /** Subject of the certificate that was asked about, RFC 4514. */
  readonly certificate: string;
  readonly url: string;
  /** `CACHE`: an answer that was kept; nobody was asked. */
  readonly method: 'GET' | 'POST' | 'CACHE';
  readonly requestBytes: number;
  /** Absent when no answer arrived. */
  readonly responseBytes?: number | undefined;
  readonly elapsedMs: number;
  readonly status?: RevocationFinding['status'] | undefined;
  /** Why there is no status. */
  readonly error?: TrustError | undefined;
}

export type OnExchange = (exchange: Exchange) => void;
