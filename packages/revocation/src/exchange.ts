import type { RevocationFinding, RevocationQuestion, TrustError } from '@jami-plugin-store/trust';
import type { EvidenceKind, WireHead } from './evidence-request.js';

/** One question to one server, or to the answers that are kept. */
export interface AskedQuestion {
  readonly kind: EvidenceKind;
  /** What is to be known: the certificate that is asked about, and its issuer. */
  readonly question: RevocationQuestion;
  readonly url: string;
  /** `CACHE`: an answer that was kept; nobody is asked. */
  readonly method: 'GET' | 'POST' | 'CACHE';
  /** DER of the OCSP request: the body of a POST, or what the URL of a GET carries. */
  readonly request?: Uint8Array | undefined;
}

/** What came of a question. */
export interface ExchangeEnd {
  /** The answer's bytes as received; absent when none arrived whole. Not to be kept: a CRL may have 10 MiB. */
  readonly answer?: Uint8Array | undefined;
  readonly elapsedMs: number;
  /** What the answer says, once it is accepted. */
  readonly finding?: RevocationFinding | undefined;
  /** Why there is no finding. */
  readonly error?: TrustError | undefined;
}

/** Hears of one exchange as it goes on. Called in the middle of the work: it must not throw. */
export interface ExchangeListener {
  /** The head of an HTTP message went over the wire; with redirects there are several. */
  onHead(head: WireHead): void;
  onEnd(end: ExchangeEnd): void;
}

/** Told of each question when it is asked; for traces. */
export type WatchExchanges = (asked: AskedQuestion) => ExchangeListener;
