import { type Static, Type } from 'typebox';
import { InstallTraceHead, TraceMessage } from './install-trace.js';
import { loadChangedFact, PluginLoad, preferencesChangedFact, settingsChangedFact } from './managing-api.js';
import { Problem } from './problem.js';
import { CatalogCertificate } from './store-catalog-api.js';

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lowercase hex' });
const PluginId = Type.String({ minLength: 1, maxLength: 64 });
const Version = Type.String({ minLength: 1, maxLength: 256 });
const Instant = Type.String({ description: 'RFC 3339, UTC' });

/** Paths of the daemon's local HTTP API; all under the socket of docs/interfaces.md. */
export const daemonRoutes = {
  info: '/v1/info',
  plugins: '/v1/plugins',
  plugin: (id: string) => `/v1/plugins/${encodeURIComponent(id)}`,
  rollback: (id: string) => `/v1/plugins/${encodeURIComponent(id)}/rollback`,
  adopt: (id: string) => `/v1/plugins/${encodeURIComponent(id)}/adopt`,
  check: (id: string) => `/v1/plugins/${encodeURIComponent(id)}/check`,
  activity: '/v1/activity',
  accounts: '/v1/accounts',
  traces: '/v1/traces',
  trace: (job: string) => `/v1/traces/${encodeURIComponent(job)}`,
  events: '/v1/events',
  openapi: '/v1/openapi.json',
} as const;

/** Bytes of the largest request body the daemon reads. */
export const daemonMaxBodyBytes = 64 * 1024;

/**
 * `installed`: ours, recorded · `disabled`: its files are no longer as they were signed, or a certificate was revoked since ·
 * `unmanaged`: a folder another program left · `damaged`: its record or its files cannot be read.
 */
export const InstalledState = Type.Enum(['installed', 'disabled', 'unmanaged', 'damaged']);
export type InstalledState = Static<typeof InstalledState>;

/** What a user can do about a disabled plugin. */
export const Remedy = Type.Enum(['reinstall', 'rollback', 'uninstall']);
export type Remedy = Static<typeof Remedy>;

/** Why a plugin is `disabled`: FILES_CHANGED | CERTIFICATE_REVOKED | CERTIFICATE_STATUS_UNKNOWN. */
export const DisabledReason = Type.Object({
  code: Type.String(),
  message: Type.String(),
  since: Instant,
  /** The first file that is not as it was signed. */
  entry: Type.Optional(Type.String()),
  /** Subject of the certificate that was revoked. */
  certificate: Type.Optional(Type.String()),
  offers: Type.Array(Remedy),
});
export type DisabledReason = Static<typeof DisabledReason>;

/** Nobody could be asked whether a certificate was revoked: the plugin stays as it was, and this is said. */
export const UnansweredRevocation = Type.Object({
  code: Type.String(),
  message: Type.String(),
  /** Since when there is no answer, and until when that is no reason for concern. */
  since: Instant,
  graceEnds: Instant,
  isOverdue: Type.Boolean(),
});
export type UnansweredRevocation = Static<typeof UnansweredRevocation>;

export const PublisherSummary = Type.Object({
  name: Type.String(),
  /** SHA-256 of the organization's identity; absent where a root signs plugins directly. */
  organization: Type.Optional(Sha256),
  /** SHA-256 of the plugin certificate's public key. */
  pluginKey: Sha256,
});
export type PublisherSummary = Static<typeof PublisherSummary>;

/** `GET /v1/info` */
export const DaemonInfo = Type.Object({
  pid: Type.Integer({ minimum: 1 }),
  /** Real path of the data folder this daemon owns. */
  dataDir: Type.String(),
  platform: Type.String(),
  language: Type.String(),
  revocation: Type.Enum(['required', 'when-named', 'off']),
  /** Subjects and fingerprints of what is trusted; set when the daemon started, never by a caller. */
  anchors: Type.Array(Type.Object({ subject: Type.String(), sha256: Sha256 })),
  /** The instant every package is judged at, where the daemon was started with one. */
  judgedAt: Type.Optional(Instant),
});
export type DaemonInfo = Static<typeof DaemonInfo>;

/** One row of `GET /v1/plugins?lang=`. What another program left or what is damaged may lack a version or publisher. */
export const InstalledPlugin = Type.Object({
  id: Type.String(),
  version: Type.Union([Type.String(), Type.Null()]),
  /** Absolute install root, `<data dir>/plugins/<id>`. */
  path: Type.String(),
  publisher: Type.Union([Type.String(), Type.Null()]),
  state: InstalledState,
  /** Texts in the language asked for; absent where the manifest cannot be read. */
  name: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  /** Absolute. */
  iconPath: Type.Optional(Type.String()),
  /** Why it is `damaged` or `disabled`, or what is to be said about it otherwise. */
  reason: Type.Optional(Type.String()),
  disabled: Type.Optional(DisabledReason),
  unanswered: Type.Optional(UnansweredRevocation),
  /** SHA-256 of the package it was installed from. */
  sha256: Type.Optional(Sha256),
  /** The store it came from and takes updates from. */
  store: Type.Optional(Type.String()),
  installedAt: Type.Optional(Instant),
  /** Signed files that were verified when it was installed. */
  files: Type.Optional(Type.Integer({ minimum: 0 })),
  /** It has something for its user to set. */
  hasPreferences: Type.Optional(Type.Boolean()),
  /** Version kept for rollback. */
  previousVersion: Type.Optional(Type.String()),
  load: Type.Optional(PluginLoad),
});
export type InstalledPlugin = Static<typeof InstalledPlugin>;

export const InstalledPlugins = Type.Array(InstalledPlugin);
export type InstalledPlugins = Static<typeof InstalledPlugins>;

/** What was answered about one certificate of the path when the plugin was installed. */
export const RevocationSummary = Type.Object({
  subject: Type.String(),
  source: Type.Enum(['ocsp', 'crl', 'none']),
  status: Type.Enum(['good', 'revoked', 'unknown', 'not-offered', 'not-asked']),
  url: Type.Optional(Type.String()),
  thisUpdate: Type.Optional(Instant),
  nextUpdate: Type.Optional(Instant),
  /** When the question was asked; absent where nobody was. */
  askedAt: Type.Optional(Instant),
});
export type RevocationSummary = Static<typeof RevocationSummary>;

/** `GET /v1/plugins/:id?lang=`: texts translated, image and library paths absolute. */
export const PluginDetails = Type.Object({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  version: Type.String(),
  path: Type.String(),
  iconPath: Type.String(),
  backgroundPath: Type.String(),
  /** Where the native library stands, or would stand in a plugin that carries none. */
  soPath: Type.String(),
  /** Common name of the publisher; empty for an unmanaged folder. */
  author: Type.String(),
  state: InstalledState,
  /** Language the texts came out in. */
  language: Type.String(),
  publisher: Type.Optional(PublisherSummary),
  sha256: Type.Optional(Sha256),
  store: Type.Optional(Type.String()),
  installedAt: Type.Optional(Instant),
  /** The instant the certificate path was judged at. */
  judgedAt: Type.Optional(Instant),
  /** Signed files that were verified then. */
  files: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Plugin certificate first, trust anchor last. */
  certificatePath: Type.Optional(Type.Array(CatalogCertificate)),
  revocation: Type.Optional(Type.Array(RevocationSummary)),
  previousVersion: Type.Optional(Type.String()),
  disabled: Type.Optional(DisabledReason),
  unanswered: Type.Optional(UnansweredRevocation),
  /** When files and revocation were last looked at since the install. */
  checkedAt: Type.Optional(Instant),
  /** It has something for its user to set. */
  hasPreferences: Type.Boolean(),
  load: Type.Optional(PluginLoad),
});
export type PluginDetails = Static<typeof PluginDetails>;

/** `?lang=`: a language tag or an Accept-Language list; default is the daemon's language. */
export const LanguageQuery = Type.Object(
  { lang: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })) },
  { additionalProperties: false },
);

export const PluginParams = Type.Object({ id: PluginId }, { additionalProperties: false });

/** What an install from a store expects; a validly signed other package is `UNEXPECTED_PLUGIN`. */
export const InstallExpectation = Type.Object(
  { id: PluginId, version: Type.Optional(Version), sha256: Type.Optional(Sha256) },
  { additionalProperties: false },
);
export type InstallExpectation = Static<typeof InstallExpectation>;

/** Body of `POST /v1/plugins`. Unknown properties are refused: a caller has no say in trust. */
export const InstallRequest = Type.Object(
  {
    /** Absolute path of a package the daemon's user may read. */
    path: Type.String({ minLength: 1, maxLength: 4096 }),
    expect: Type.Optional(InstallExpectation),
    /** Allows the same and older versions; never skips a check of trust. */
    force: Type.Optional(Type.Boolean()),
    /** The new publisher's organization (or, where there is none, plugin key) the user has confirmed. */
    acceptPublisher: Type.Optional(Sha256),
    /** The store it was downloaded from. */
    store: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
    /** The caller's own name for this install; its events carry it. */
    job: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' })),
  },
  { additionalProperties: false },
);
export type InstallRequest = Static<typeof InstallRequest>;

/** Answer of `POST /v1/plugins` when installed; a refusal is a `DaemonProblem`. */
export const InstallReport = Type.Object({
  installed: Type.Literal(true),
  id: Type.String(),
  version: Type.String(),
  code: Type.Null(),
  message: Type.String(),
  /** Jami's result code: 0. */
  resultCode: Type.Integer(),
  path: Type.String(),
  /** Version it replaced. */
  from: Type.Union([Type.String(), Type.Null()]),
  publisher: PublisherSummary,
  sha256: Sha256,
  job: Type.String(),
});
export type InstallReport = Static<typeof InstallReport>;

/** Answer of `DELETE /v1/plugins/:id`. */
export const UninstallReport = Type.Object({
  uninstalled: Type.Literal(true),
  id: Type.String(),
  version: Type.Union([Type.String(), Type.Null()]),
  resultCode: Type.Integer(),
});
export type UninstallReport = Static<typeof UninstallReport>;

/** Answer of `POST /v1/plugins/:id/rollback`. */
export const RollbackReport = Type.Object({
  id: Type.String(),
  /** Version that is installed now, and the one it replaced. */
  version: Type.String(),
  from: Type.String(),
  path: Type.String(),
  publisher: PublisherSummary,
  resultCode: Type.Integer(),
});
export type RollbackReport = Static<typeof RollbackReport>;

/** Answer of `POST /v1/plugins/:id/adopt`. */
export const AdoptReport = Type.Object({
  id: Type.String(),
  version: Type.String(),
  path: Type.String(),
  publisher: PublisherSummary,
  resultCode: Type.Integer(),
});
export type AdoptReport = Static<typeof AdoptReport>;

/** Answer of `POST /v1/plugins/:id/check`: how an installed plugin stands now. */
export const CheckReport = Type.Object({
  id: Type.String(),
  version: Type.String(),
  state: Type.Enum(['installed', 'disabled']),
  checkedAt: Instant,
  disabled: Type.Optional(DisabledReason),
  unanswered: Type.Optional(UnansweredRevocation),
});
export type CheckReport = Static<typeof CheckReport>;

/** What the activity log calls what was done. `recover`: found at a start, done when the daemon was killed before writing it down. */
export const ActivityAction = Type.Enum([
  'install',
  'update',
  'rollback',
  'adopt',
  'uninstall',
  'disable',
  'heal',
  'unanswered',
  'refuse',
  'recover',
]);
export type ActivityAction = Static<typeof ActivityAction>;

/** One line of the activity log. */
export const ActivityEntry = Type.Object({
  /** Rises by one from line to line, across restarts. */
  number: Type.Integer({ minimum: 1 }),
  at: Instant,
  action: ActivityAction,
  /** Null where a refused package did not prove which plugin it is. */
  plugin: Type.Union([Type.String(), Type.Null()]),
  from: Type.Union([Type.String(), Type.Null()]),
  to: Type.Union([Type.String(), Type.Null()]),
  publisher: Type.Union([Type.String(), Type.Null()]),
  /** Exact reason of a refusal or a disabling; null where the verdict was "yes". */
  code: Type.Union([Type.String(), Type.Null()]),
  message: Type.String(),
  /** What set it off. */
  by: Type.Enum(['request', 'routine', 'load', 'start']),
});
export type ActivityEntry = Static<typeof ActivityEntry>;

/** `GET /v1/activity?after=&limit=`: entries after a number, else the newest ones; oldest first. */
export const ActivityQuery = Type.Object(
  {
    after: Type.Optional(Type.String({ pattern: '^(0|[1-9][0-9]{0,15})$' })),
    limit: Type.Optional(Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$' })),
  },
  { additionalProperties: false },
);

export const ActivityReport = Type.Object({
  entries: Type.Array(ActivityEntry),
  /** Newer entries than those were left out by the limit. */
  hasMore: Type.Boolean(),
});
export type ActivityReport = Static<typeof ActivityReport>;

/** `GET /v1/accounts`: Jami accounts that have a folder in the data folder (docs/daemon.md says what counts), sorted. */
export const AccountList = Type.Object({
  accounts: Type.Array(Type.String({ pattern: '^[A-Za-z0-9]{1,64}$' })),
});
export type AccountList = Static<typeof AccountList>;

/** `GET /v1/traces`: the installs that are remembered, newest first. */
export const InstallTraces = Type.Object({ traces: Type.Array(InstallTraceHead) });
export type InstallTraces = Static<typeof InstallTraces>;

export const TraceParams = Type.Object(
  { job: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
);

/** A refusal by the daemon: RFC 9457 with what the caller needs to go on. */
export const DaemonProblem = Type.Object({
  ...Problem.properties,
  /** The package's plugin, as far as it was proven. */
  plugin: Type.Optional(Type.Object({ id: Type.String(), version: Type.String() })),
  /** The installed version it was weighed against. */
  installedVersion: Type.Optional(Type.String()),
  /** With PUBLISHER_CHANGED: who published the package; its identity is what `acceptPublisher` takes. */
  publisher: Type.Optional(PublisherSummary),
  installedPublisher: Type.Optional(PublisherSummary),
  job: Type.Optional(Type.String()),
});
export type DaemonProblem = Static<typeof DaemonProblem>;

const stamped = {
  id: Type.String({ pattern: '^[0-9a-f]{16}-[1-9][0-9]{0,15}$', description: '<run>-<number>' }),
  at: Instant,
};

/** How far one package's verification has come, in files. */
export const VerifyingEvent = Type.Object({
  ...stamped,
  type: Type.Literal('verifying'),
  job: Type.String(),
  path: Type.String(),
  done: Type.Integer({ minimum: 0 }),
  of: Type.Integer({ minimum: 0 }),
});
export const InstalledEvent = Type.Object({
  ...stamped,
  type: Type.Literal('installed'),
  job: Type.String(),
  plugin: Type.String(),
  version: Type.String(),
  from: Type.Union([Type.String(), Type.Null()]),
  publisher: Type.String(),
  /** How it came to be the installed one, where that was no package. */
  by: Type.Optional(Type.Enum(['rollback', 'adopt'])),
});
export const RefusedEvent = Type.Object({
  ...stamped,
  type: Type.Literal('refused'),
  job: Type.String(),
  path: Type.String(),
  code: Type.String(),
  message: Type.String(),
  resultCode: Type.Integer(),
  plugin: Type.Optional(Type.String()),
});
export const UninstalledEvent = Type.Object({
  ...stamped,
  type: Type.Literal('uninstalled'),
  plugin: Type.String(),
  version: Type.Union([Type.String(), Type.Null()]),
});
/** A plugin's library was loaded, unloaded, failed or crashed. */
export const LoadEvent = Type.Object({ ...stamped, ...loadChangedFact });
export const SettingsEvent = Type.Object({ ...stamped, ...settingsChangedFact });
export const PreferencesEvent = Type.Object({ ...stamped, ...preferencesChangedFact });

/** A plugin is no longer as it was trusted; it is not loaded any more. */
export const DisabledEvent = Type.Object({
  ...stamped,
  type: Type.Literal('disabled'),
  plugin: Type.String(),
  version: Type.String(),
  disabled: DisabledReason,
});
/** A disabled plugin is as it should be again. */
export const HealedEvent = Type.Object({
  ...stamped,
  type: Type.Literal('healed'),
  plugin: Type.String(),
  version: Type.String(),
});
/** Sent when answers begin to fail, and when the grace time is over. */
export const UnansweredEvent = Type.Object({
  ...stamped,
  type: Type.Literal('unanswered'),
  plugin: Type.String(),
  version: Type.String(),
  unanswered: UnansweredRevocation,
});

/** One message of an install's trace, as it happens; the last one comes with the trace's `endedAt` and `code`. */
export const TraceEvent = Type.Object({
  ...stamped,
  type: Type.Literal('trace'),
  trace: InstallTraceHead,
  message: TraceMessage,
});

/**
 * One event of `GET /v1/events` (server-sent events; the SSE event name is `type`). The number in `id` rises by one while a
 * daemon lives; another run has another prefix. A stream resumed with a `Last-Event-ID` that the daemon no longer remembers
 * starts with an event named `reset`: read the list of plugins again.
 */
export const DaemonEvent = Type.Union([
  VerifyingEvent,
  InstalledEvent,
  RefusedEvent,
  UninstalledEvent,
  DisabledEvent,
  HealedEvent,
  UnansweredEvent,
  LoadEvent,
  SettingsEvent,
  PreferencesEvent,
  TraceEvent,
]);
export type DaemonEvent = Static<typeof DaemonEvent>;
export type DaemonEventType = DaemonEvent['type'];
