import { type Static, Type } from 'typebox';

/** The parties of one install, as the diagram draws them. */
export const traceParties = ['client', 'store', 'daemon', 'responder', 'authority'] as const;
export const TraceParty = Type.Enum(traceParties);
export type TraceParty = Static<typeof TraceParty>;

/** One line of what was really sent: a name of the field's own, and its value as text. Never a secret. */
export const TraceFact = Type.Object({ name: Type.String(), value: Type.String() });
export type TraceFact = Static<typeof TraceFact>;

/**
 * What kind of step a message is. A page words it; `facts` and `raw` are what was sent.
 * `request` and `answer` cross a wire, `step` is what one party did by itself, `verdict` is the daemon's yes or no.
 */
export const TraceKind = Type.Enum([
  'details-request',
  'details-answer',
  'download-request',
  'download-answer',
  'download-broken',
  'install-request',
  'archive-read',
  'path-found',
  'ocsp-request',
  'ocsp-answer',
  'ocsp-failed',
  'crl-request',
  'crl-answer',
  'crl-failed',
  'signatures-verified',
  'verdict',
  'switched',
  'install-answer',
]);
export type TraceKind = Static<typeof TraceKind>;

/** One message of an install: who told whom what, and when. `from` equals `to` where a party did something by itself. */
export const TraceMessage = Type.Object({
  kind: TraceKind,
  from: TraceParty,
  to: TraceParty,
  /** Milliseconds since the first message of the trace. */
  atMs: Type.Number({ minimum: 0 }),
  /** Until when a step that took a while was under way (verifying, downloading). */
  untilMs: Type.Optional(Type.Number({ minimum: 0 })),
  outcome: Type.Enum(['sent', 'ok', 'refused', 'failed']),
  /** Exact reason where it was refused or failed. */
  code: Type.Optional(Type.String()),
  /** How much of something: files, bytes or questions, and of how many. */
  done: Type.Optional(Type.Integer({ minimum: 0 })),
  of: Type.Optional(Type.Integer({ minimum: 0 })),
  facts: Type.Array(TraceFact, { maxItems: 64 }),
  /** Start line and header fields as they were sent, or a listing of a decoded structure; at most 8 KiB of text. */
  raw: Type.Optional(Type.String({ maxLength: 8192 })),
});
export type TraceMessage = Static<typeof TraceMessage>;

/** Everything that was told during one install, in order of time. */
export const InstallTrace = Type.Object({
  /** The job of the install (`InstallRequest.job`). */
  job: Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' }),
  plugin: Type.Union([Type.String(), Type.Null()]),
  version: Type.Union([Type.String(), Type.Null()]),
  startedAt: Type.String({ description: 'RFC 3339, UTC' }),
  /** Absent while it runs. */
  endedAt: Type.Optional(Type.String()),
  /** Null when installed, else the exact reason; absent while it runs. */
  code: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  messages: Type.Array(TraceMessage, { maxItems: 512 }),
});
export type InstallTrace = Static<typeof InstallTrace>;

/** What a trace is about, and how it ended, without its messages. */
export const InstallTraceHead = Type.Omit(InstallTrace, ['messages']);
export type InstallTraceHead = Static<typeof InstallTraceHead>;
