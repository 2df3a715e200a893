import { type RevocationFinding, type RevocationQuestion, TrustError } from '@jami-plugin-store/trust';
import type { AnswerCache, AnswerKey } from './answer-cache.js';
import type { EvidenceRequest, FetchEvidence } from './evidence-request.js';
import type { OnExchange } from './exchange.js';

/** `fresh`: servers are asked, whatever is kept. `cached`: kept answers serve until their nextUpdate. */
export type AskingMode = 'fresh' | 'cached';

export interface DeskOptions {
  readonly fetch: FetchEvidence;
  readonly cache?: AnswerCache | undefined;
  readonly mode: AskingMode;
  readonly onExchange?: OnExchange | undefined;
}

/** Judges bytes: a finding, or a TrustError. */
type Accept = (bytes: Buffer) => RevocationFinding | Promise<RevocationFinding>;

/** Where evidence about one question comes from: the cache, or servers. Whatever it brings is judged by `accept` each time. */
export interface EvidenceDesk {
  readonly mode: AskingMode;
  /** The finding of a kept answer; undefined when nothing is kept that still counts at `at`. */
  recall(key: AnswerKey, url: string, accept: Accept): Promise<RevocationFinding | undefined>;
  /** Asks one server, and keeps what it said under `key`. */
  ask(request: Omit<EvidenceRequest, 'signal'>, key: AnswerKey, accept: Accept): Promise<RevocationFinding>;
}

export function createEvidenceDesk(
  { fetch, cache, mode, onExchange }: DeskOptions,
  { certificate }: RevocationQuestion,
  { at, signal }: { readonly at: Date; readonly signal?: AbortSignal | undefined },
): EvidenceDesk {
  const subject = certificate.subject.text;

  async function recall(key: AnswerKey, url: string, accept: Accept): Promise<RevocationFinding | undefined> {
    if (mode !== 'cached') return undefined;
    const started = performance.now();
    const bytes = await cache?.get(key);
    if (bytes === undefined) return undefined;
    const report = { kind: key.kind, certificate: subject, url, method: 'CACHE', requestBytes: 0 } as const;
    const responseBytes = bytes.length;
    try {
      const finding = await accept(bytes);
      // No skew here: a kept answer ends at its nextUpdate.
      if (finding.nextUpdate !== undefined && at <= finding.nextUpdate) {
        onExchange?.({
          ...report,
          responseBytes,
          elapsedMs: performance.now() - started,
          status: finding.status,
        });
        return finding;
      }
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      onExchange?.({ ...report, responseBytes, elapsedMs: performance.now() - started, error });
    }
    await cache?.remove(key);
    return undefined;
  }

  async function ask(
    request: Omit<EvidenceRequest, 'signal'>,
    key: AnswerKey,
    accept: Accept,
  ): Promise<RevocationFinding> {
    const { kind, method, url, body } = request;
    const report = { kind, certificate: subject, url, method, requestBytes: body?.length ?? 0 };
    const started = performance.now();
    let responseBytes: number | undefined;
    try {
      const { bytes } = await fetch({ ...request, signal });
      responseBytes = bytes.length;
      const finding = await accept(bytes);
      onExchange?.({
        ...report,
        responseBytes,
        elapsedMs: performance.now() - started,
        status: finding.status,
      });
      await keep(key, bytes, finding);
      return finding;
    } catch (error) {
      if (!(error instanceof TrustError)) throw error;
      onExchange?.({ ...report, responseBytes, elapsedMs: performance.now() - started, error });
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
