import type { InstallTrace, TraceMessage } from '@jami-plugin-store/contract';

const maxMessages = 512;

/** What both of them write down; the client's copy is what it really sent and got. */
const told: ReadonlySet<TraceMessage['kind']> = new Set(['install-request', 'install-answer']);

/** Whether a message of the daemon's trace says what the client's own trace says already, or will say while it goes on. */
export function isToldTwice(own: InstallTrace, { kind }: TraceMessage): boolean {
  if (!told.has(kind)) return false;
  return own.endedAt === undefined || own.messages.some((message) => message.kind === kind);
}

/**
 * One install as its client and its daemon wrote it down, in the client's time. Both clocks are of this machine and tell milliseconds:
 * what the daemon did stands between the question and the answer, whatever is lost by rounding.
 */
export function mergeTraces(own: InstallTrace, daemons: InstallTrace): InstallTrace {
  const asked = own.messages.find(({ kind }) => kind === 'install-request');
  const theirs = daemons.messages.filter((message) => !isToldTwice(own, message));
  const added = theirs.map((message) => inTimeOf(own, daemons.startedAt, message));
  const messages = [...own.messages.map((message) => withFacts(message, daemons)), ...added];
  const rank = ({ kind }: TraceMessage): number =>
    kind === 'install-request' ? 0 : kind === 'install-answer' ? 2 : 1;
  const isInstall = (message: TraceMessage): boolean => asked !== undefined && message.atMs >= asked.atMs;
  messages.sort((a, b) => {
    // A question comes before what it set off, an answer after.
    if (isInstall(a) && isInstall(b) && rank(a) !== rank(b)) return rank(a) - rank(b);
    return a.atMs - b.atMs;
  });
  const { plugin, version } = daemons;
  return {
    ...own,
    plugin: own.plugin ?? plugin,
    version: own.version ?? version,
    messages: messages.slice(0, maxMessages),
  };
}

/** A message of the daemon's, with its times counted from the beginning of the client's trace. */
export function inTimeOf(own: InstallTrace, startedAt: string, message: TraceMessage): TraceMessage {
  const offset = Date.parse(startedAt) - Date.parse(own.startedAt);
  const [first, last] = ['install-request', 'install-answer'].map(
    (kind) => own.messages.find((one) => one.kind === kind)?.atMs,
  );
  const shift = (ms: number): number =>
    Math.min(Math.max(ms + offset, first ?? 0), last ?? Number.MAX_SAFE_INTEGER);
  const { atMs, untilMs } = message;
  return { ...message, atMs: shift(atMs), ...(untilMs === undefined ? {} : { untilMs: shift(untilMs) }) };
}

/** What the daemon made of a question is worth reading beside what was sent. */
function withFacts(message: TraceMessage, { messages }: InstallTrace): TraceMessage {
  if (message.kind !== 'install-request' || message.facts.length > 0) return message;
  const facts = messages.find(({ kind }) => kind === message.kind)?.facts ?? [];
  return { ...message, facts };
}
