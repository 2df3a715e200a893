import { type RevocationFinding, type RevocationQuestion, TrustError } from '@jami-plugin-store/trust';
import type { AnswerCache, AnswerKey } from './answer-cache.js';
import type { EvidenceRequest, FetchEvidence } from './evidence-request.js';
import type { ExchangeEnd, WatchExchanges } from './exchange.js';

/** `fresh`: servers are asked, whatever is kept. `cached`: kept answers serve until their nextUpdate. */
export type AskingMode = 'fresh' | 'cached';

export interface DeskOptions {
  readonly fetch: FetchEvidence;
  readonly cache?: AnswerCache | undefined;
  readonly mode: AskingMode;
  readonly watch?: WatchExchanges | undefined;
}

/** Judges bytes: a finding, or a TrustError. */
type Accept = (bytes: Buffer) => RevocationFinding | Promise<RevocationFinding>;

/** Where evidence about one question comes from: the cache, or servers. Whatever it brings is judged by `accept` each time. */
export interface EvidenceDesk {
  readonly mode: AskingMode;
  /** The finding of a kept answer; undefined when nothing is kept that still counts at `at`. */
  recall(key: AnswerKey, url: string, accept: Accept): Promise<RevocationFinding | undefined>;
  /**
   * Asks one server, and keeps what it said under `key`.
   * @param question  DER of the OCSP request, where it does not go in the body
   */
  ask(
    request: Omit<EvidenceRequest, 'signal' | 'onHead'>,
    key: AnswerKey,
    accept: Accept,
    question?: Uint8Array,
  ): Promise<RevocationFinding>;
}

export function createEvidenceDesk(
  { fetch, cache, mode, watch }: DeskOptions,
  question: RevocationQuestion,
  { at, signal }: { readonly at: Date; readonly signal?: AbortSignal | undefined },
): EvidenceDesk {
  async function recall(key: AnswerKey, url: string, accept: Accept): Promise<RevocationFinding | undefined> {
    if (mode !== 'cached') return undefined;
    const started = performance.now();
    const answer = await cache?.get(key);
    if (answer === undefined) return undefined;
    const tell = (end: Pick<ExchangeEnd, 'finding' | 'error'>): void =>
      watch?.({ kind: key.kind, question, url, method: 'CACHE' }).onEnd({
        answer,
        elapsedMs: performance.now() - started,
        ...end,
      });
    try {
      const finding = await accept(answer);
      // No skew here: a kept answer ends at its nextUpdate.
      if (finding.nextUpdate !== undefined && at <= finding.nextUpdate) {
        tell({ finding });
        return finding;
      }
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      tell({ error });
    }
    await cache?.remove(key);
    return undefined;
  }

  async function ask(
    request: Omit<EvidenceRequest, 'signal' | 'onHead'>,
    key: AnswerKey,
    accept: Accept,
    asked = request.body,
  ): Promise<RevocationFinding> {
    const { kind, url, method } = request;
    const started = performance.now();
    const listener = watch?.({ kind, question, url, method, request: asked });
    const onHead = listener === undefined ? undefined : listener.onHead.bind(listener);
    let answer: Buffer | undefined;
    try {
      answer = (await fetch({ ...request, signal, onHead })).bytes;
      const finding = await accept(answer);
      listener?.onEnd({ answer, elapsedMs: performance.now() - started, finding });
      await keep(key, answer, finding);
      return finding;
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      listener?.onEnd({ answer, elapsedMs: performance.now() - started, error });
      throw error;
    }
  }

  /** "Unknown" is not kept: the responder may learn of the certificate at any moment. */
  async function keep(
    key: AnswerKey,
    bytes: Buffer,
    { status, nextUpdate }: RevocationFinding,
  ): Promise<void> {
    if (status === 'unknown' || nextUpdate === undefined || nextUpdate < at) return;
    await cache?.put(key, bytes);
  }

  return { mode, recall, ask };
}
