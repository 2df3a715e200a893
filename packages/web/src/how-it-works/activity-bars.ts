import { type TraceMessage, type TraceParty, traceParties } from '@jami-plugin-store/contract';

/** In which rows a party is at work, and in which it verifies files beside all else. */
export interface LaneWork {
  readonly party: TraceParty;
  readonly isVerifying: boolean;
}

interface Span {
  readonly party: TraceParty;
  readonly first: number;
  readonly last: number;
}

const firstOf = (messages: readonly TraceMessage[], kinds: readonly TraceMessage['kind'][]): number =>
  messages.findIndex(({ kind }) => kinds.includes(kind));
const lastOf = (messages: readonly TraceMessage[], kinds: readonly TraceMessage['kind'][]): number =>
  messages.findLastIndex(({ kind }) => kinds.includes(kind));

/** For each message the parties that are at work while it is told: what their lifelines are thick for. */
export function laneWork(messages: readonly TraceMessage[]): LaneWork[][] {
  const spans: Span[] = [];
  const span = (party: TraceParty, first: number, last: number): void => {
    if (first !== -1) spans.push({ party, first, last: last === -1 ? messages.length - 1 : last });
  };
  const download = [
    firstOf(messages, ['download-request']),
    lastOf(messages, ['download-answer', 'download-broken']),
  ] as const;
  span('client', ...download);
  span('store', ...download);
  span('daemon', firstOf(messages, ['install-request']), lastOf(messages, ['install-answer']));
  span('responder', firstOf(messages, ['ocsp-request']), lastOf(messages, ['ocsp-answer', 'ocsp-failed']));
  span('authority', firstOf(messages, ['crl-request']), lastOf(messages, ['crl-answer', 'crl-failed']));
  const verified = messages.find(({ kind }) => kind === 'signatures-verified');
  return messages.map((message, index) =>
    traceParties
      .filter((party) =>
        spans.some(
          (candidate) => candidate.party === party && candidate.first <= index && index <= candidate.last,
        ),
      )
      .map((party) => ({
        party,
        isVerifying:
          party === 'daemon' &&
          verified !== undefined &&
          message.atMs >= verified.atMs &&
          message.atMs < (verified.untilMs ?? verified.atMs),
      })),
  );
}
