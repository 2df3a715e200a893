import type { InstallTrace, InstallTraceHead, TraceFact, TraceMessage } from '@jami-plugin-store/contract';

/** A message as it is told: its time is taken when it is told, unless it began earlier. */
export interface Told extends Omit<TraceMessage, 'atMs' | 'untilMs' | 'facts' | 'raw'> {
  /** From `elapsedMs()`: when a step that took a while began. */
  readonly beganMs?: number | undefined;
  /** Names and values in order; what is undefined is left out. */
  readonly facts?: readonly (readonly [name: string, value: string | number | boolean | undefined])[];
  readonly raw?: string | undefined;
}

/** Writes down one install as it goes on. */
export interface TraceRecorder {
  /** Milliseconds since the trace began. */
  elapsedMs(): number;
  /** Which plugin it is, as far as that is proven. */
  about(plugin: { readonly id: string; readonly version: string }): void;
  tell(message: Told): void;
  /** Tells the last message. @param code  null when installed, else the exact reason */
  end(code: string | null, message: Told): void;
  readonly head: InstallTraceHead;
  /** Everything told so far, in order of time. */
  read(): InstallTrace;
}

export interface TraceRecorderOptions {
  readonly job: string;
  readonly clock: () => Date;
  /** Milliseconds of a clock that nobody sets. */
  readonly stopwatch: () => number;
  readonly onMessage: (head: InstallTraceHead, message: TraceMessage) => void;
}

/** What the contract allows of one message, and what one trace may hold in all. */
const limits = {
  facts: 64,
  nameLength: 64,
  valueLength: 1_024,
  rawLength: 8_192,
  messages: 512,
  traceLength: 512 * 1_024,
};
/** Kept free for what ends a trace: the verdict, the switch, the answer. */
const lastMessages = 8;

/** Bounded whatever servers and packages say: texts are cut, and where a trace holds enough, what was sent is left out. */
export function createTraceRecorder({
  job,
  clock,
  stopwatch,
  onMessage,
}: TraceRecorderOptions): TraceRecorder {
  const began = stopwatch();
  let head: InstallTraceHead = { job, plugin: null, version: null, startedAt: clock().toISOString() };
  const messages: TraceMessage[] = [];
  let length = 0;
  const elapsedMs = (): number => Math.max(0, Math.round((stopwatch() - began) * 1_000) / 1_000);

  const add = (told: Told): void => {
    const { beganMs, facts = [], raw, ...rest } = told;
    const now = elapsedMs();
    const shown = facts.flatMap(([name, value]) => (value === undefined ? [] : [factOf(name, value)]));
    const isRoom = length < limits.traceLength;
    const message: TraceMessage = {
      ...rest,
      atMs: beganMs ?? now,
      ...(beganMs === undefined ? {} : { untilMs: now }),
      facts: isRoom ? shown.slice(0, limits.facts) : [],
      ...(raw === undefined || !isRoom ? {} : { raw: cut(printable(raw), limits.rawLength) }),
    };
    length += JSON.stringify(message).length;
    messages.push(message);
    onMessage(head, message);
  };

  return {
    elapsedMs,
    about: ({ id, version }) => {
      head = { ...head, plugin: id, version };
    },
    tell: (told) => {
      if (messages.length < limits.messages - lastMessages || closing.has(told.kind)) add(told);
    },
    end: (code, told) => {
      head = { ...head, endedAt: clock().toISOString(), code };
      add(told);
    },
    get head() {
      return head;
    },
    read: () => ({ ...head, messages: messages.toSorted((a, b) => a.atMs - b.atMs) }),
  };
}

const closing: ReadonlySet<TraceMessage['kind']> = new Set(['verdict', 'switched']);

function factOf(name: string, value: string | number | boolean): TraceFact {
  return {
    name: cut(name, limits.nameLength),
    value: cut(printable(String(value)).replaceAll('\n', ' '), limits.valueLength),
  };
}

/** Line breaks stay; what else a screen would not show, or show misleadingly, becomes its number. */
function printable(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
