import { type Static, Type } from 'typebox';
import { ActivityEntry, DisabledReason, RevocationSummary, UnansweredRevocation } from './daemon-api.js';
import { InstallTrace, TraceMessage } from './install-trace.js';
import { PluginLoad, PreferencesChange } from './managing-api.js';
import { PluginFailure, PluginSnapshot } from './plugin-state.js';
import { StoreRelease } from './store-api.js';
import { CatalogCertificate, CatalogPublisher, CatalogSort } from './store-catalog-api.js';

/**
 * What crosses between the client's process and the user's page, over loopback. The page decides nothing: every state,
 * action and reason is told.
 */
const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const StoreName = Type.String({ minLength: 1, maxLength: 64 });
const closed = { additionalProperties: false } as const;

/** Stands for the store of a plugin that came from a file or from a store that is not configured any more. */
export const noStore = '-';

/**
 * The address a browser is sent to. The code works once and for a minute; it stands behind the `#`, so that it is in no request and
 * in no log. The page takes it from there, hands it to `POST /page/session` and clears its own address.
 * @param origin e.g. `http://127.0.0.1:7412`
 */
export const pageAddress = (origin: string, code: string): string => `${origin}/#code=${code}`;

const plugin = (store: string, id: string) =>
  `/page/plugins/${encodeURIComponent(store)}/${encodeURIComponent(id)}`;

export const pageRoutes = {
  session: '/page/session',
  state: '/page/state',
  events: '/page/events',
  catalog: '/page/catalog',
  plugin,
  action: (store: string, id: string, action: PageAction) => `${plugin(store, id)}/${action}`,
  policy: (store: string, id: string) => `${plugin(store, id)}/policy`,
  preferences: (id: string) => `/page/preferences/${encodeURIComponent(id)}`,
  image: (store: string, id: string, which: 'icon' | 'background') => `${plugin(store, id)}/${which}`,
  settings: '/page/settings',
  check: '/page/check',
  unloadAll: '/page/unload-all',
  /** `PUT` of a package's bytes, `?name=` what the user calls it. */
  packages: '/page/packages',
  activity: '/page/activity',
  traces: '/page/traces',
  trace: (job: string) => `/page/traces/${encodeURIComponent(job)}`,
  machine: '/page/machine',
  application: '/page/application',
  applicationAction: (action: ApplicationAction) => `/page/application/${action}`,
  updates: '/page/updates',
} as const;

/**
 * How the host answers. Every refusal is a `Problem` (RFC 9457, `application/problem+json`), the daemon's own ones with all the daemon
 * told (`DaemonProblem`). Without a session all but `POST /page/session` and the page's files is 401 SESSION_REQUIRED. What changes
 * something needs the page's own `Origin`; bodies are `application/json`, packages `application/octet-stream`.
 *
 * | request | answer |
 * | --- | --- |
 * | `POST /page/session` | 204 and the cookie; 403 CODE_REFUSED |
 * | `DELETE /page/session` | 204; the session is over |
 * | `GET /page/state` | `PageState` |
 * | `GET /page/events` | server-sent `PageEvent`s |
 * | `GET /page/catalog?…` | `PageCatalog` |
 * | `GET /page/plugins/:store/:id` | `PluginPage` |
 * | `POST /page/plugins/:store/:id/:action` | `PluginView`: at once, events tell how it goes on (`cancel`, `load`, `unload`, `check`, `adopt`: when it is done) |
 * | `PATCH /page/plugins/:store/:id/policy` | `PluginView` |
 * | `GET`, `PATCH`, `DELETE /page/preferences/:id` | `PluginPreferences` |
 * | `PATCH /page/settings` | `Shell` |
 * | `POST /page/check` | `Shell`: at once, looking for updates goes on |
 * | `POST /page/unload-all` | `UnloadAllReport` |
 * | `PUT /page/packages?name=…` | `PackageReport` |
 * | `GET /page/activity?after=&limit=` | `ActivityReport` |
 * | `GET /page/traces` | `TraceList`, newest first |
 * | `GET /page/traces/:job` | `InstallTrace` |
 * | `GET /page/machine` | `MachineView` |
 * | `GET /page/updates` | `UpdateReport` |
 * | `GET /page/application`, `POST /page/application/:action` | `ApplicationView` |
 */

/** Body of `POST /page/session`: the one-time code of the opened URL, for a cookie. */
export const SessionRequest = Type.Object({ code: Type.String({ minLength: 1, maxLength: 128 }) }, closed);

/**
 * What can be asked of one plugin: `snapshot.actions` and `actions` of its view together. Others are refused with
 * ACTION_NOT_POSSIBLE.
 */
export const PageAction = Type.Enum([
  'install',
  'update',
  'cancel',
  'retry',
  'dismiss',
  'uninstall',
  'rollback',
  'load',
  'unload',
  'check',
  'adopt',
]);
export type PageAction = Static<typeof PageAction>;

/** Body of `POST /page/plugins/:store/:id/:action`. */
export const PageActionRequest = Type.Object(
  {
    /** The new publisher the user has confirmed, after PUBLISHER_CHANGED. */
    acceptPublisher: Type.Optional(Sha256),
    /** Exactly this version, an older one included; by default the newest that is offered. */
    version: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  },
  closed,
);
export type PageActionRequest = Static<typeof PageActionRequest>;

/** What the user decided about updates of one plugin. */
export const UpdatePolicy = Type.Object({
  /** Stays at its version. */
  pinned: Type.Boolean(),
  /** This version is passed over. */
  skippedVersion: Type.Union([Type.String(), Type.Null()]),
  /** New releases are taken automatically only when they are this many days old. */
  holdDays: Type.Integer({ minimum: 0, maximum: 365 }),
});
export type UpdatePolicy = Static<typeof UpdatePolicy>;

export const UpdatePolicyChange = Type.Object(
  {
    pinned: Type.Optional(Type.Boolean()),
    skippedVersion: Type.Optional(Type.Union([Type.String({ maxLength: 256 }), Type.Null()])),
    holdDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 365 })),
  },
  closed,
);
export type UpdatePolicyChange = Static<typeof UpdatePolicyChange>;

/** Why an update that was found is not made by itself. */
export const HeldBack = Type.Object({
  version: Type.String(),
  reason: Type.Enum(['pinned', 'skipped', 'too-new', 'other-publisher', 'failed']),
  /** With `too-new`: from when on it would be taken. */
  until: Type.Optional(Instant),
  /** With `failed`: why it was not installed. */
  code: Type.Optional(Type.String()),
});
export type HeldBack = Static<typeof HeldBack>;

/** What the store said of the installed version when it was last asked. */
export const InstalledNotice = Type.Object({
  yanked: Type.Optional(Type.Object({ reason: Type.String(), at: Instant })),
  revoked: Type.Optional(Type.Object({ reason: Type.String(), at: Instant })),
  /** The same version under a renewed certificate is there. */
  revision: Type.Optional(Type.Object({ sha256: Sha256, publishedAt: Instant })),
  /** True: the store offers this plugin for this platform no more. */
  isGone: Type.Optional(Type.Boolean()),
});
export type InstalledNotice = Static<typeof InstalledNotice>;

/** The seal beside a name: it says what is known, never what is hoped. */
export const Seal = Type.Enum(['none', 'signed', 'verified', 'changed', 'revoked']);
export type Seal = Static<typeof Seal>;

/** The installed half of a plugin. */
export const InstalledView = Type.Object({
  version: Type.Union([Type.String(), Type.Null()]),
  state: Type.Enum(['installed', 'disabled', 'unmanaged', 'damaged']),
  installedAt: Type.Optional(Instant),
  /** Signed files that were verified then. */
  files: Type.Optional(Type.Integer({ minimum: 0 })),
  previousVersion: Type.Optional(Type.String()),
  disabled: Type.Optional(DisabledReason),
  unanswered: Type.Optional(UnansweredRevocation),
  reason: Type.Optional(Type.String()),
  load: Type.Optional(PluginLoad),
  policy: UpdatePolicy,
  heldBack: Type.Optional(HeldBack),
  notice: Type.Optional(InstalledNotice),
  hasPreferences: Type.Boolean(),
});
export type InstalledView = Static<typeof InstalledView>;

/** Everything a row or a card shows of one plugin. */
export const PluginView = Type.Object({
  /** Name of a configured store, or {@link noStore}. */
  store: Type.String(),
  snapshot: PluginSnapshot,
  /** What else can be asked now, beside the snapshot's own actions: `load`, `unload`, `check`, `adopt`. */
  actions: Type.Array(PageAction),
  name: Type.String(),
  /** Markdown, as the plugin wrote it; never shown unsanitised. */
  description: Type.String(),
  publisher: Type.Optional(Type.String()),
  seal: Seal,
  categories: Type.Array(Type.String()),
  platforms: Type.Array(Type.String()),
  size: Type.Optional(Type.Integer({ minimum: 0 })),
  publishedAt: Type.Optional(Instant),
  /** Addresses of this host. */
  icon: Type.Optional(Type.String()),
  background: Type.Optional(Type.String()),
  deprecated: Type.Optional(Type.Object({ reason: Type.String(), successor: Type.Optional(Type.String()) })),
  /** Only in the view of the store it came from (or of {@link noStore}): each installed plugin has one row. */
  installed: Type.Optional(InstalledView),
  /** Of a plugin of the same id that is installed from elsewhere: the name of that store, or {@link noStore}. */
  installedFrom: Type.Optional(Type.String()),
  /** Job of its last install here, for its trace. */
  job: Type.Optional(Type.String()),
});
export type PluginView = Static<typeof PluginView>;

export const StoreStatus = Type.Enum(['unknown', 'asking', 'offered', 'none-for-platform', 'unavailable']);

export const StoreView = Type.Object({
  name: Type.String(),
  url: Type.String(),
  rootSha256: Sha256,
  status: StoreStatus,
  /** True: it has the documented API; false: a plain Jami store; absent: not asked yet. */
  isDocumented: Type.Optional(Type.Boolean()),
  plugins: Type.Optional(Type.Integer({ minimum: 0 })),
  askedAt: Type.Optional(Instant),
  /** With `unavailable`: why, and when it is asked again by itself. */
  failure: Type.Optional(PluginFailure),
  nextTryAt: Type.Optional(Instant),
});
export type StoreView = Static<typeof StoreView>;

/** The application this client belongs to, and what is newer. */
export const ApplicationView = Type.Object({
  current: Type.String(),
  channel: Type.Enum(['stable', 'beta']),
  status: Type.Enum(['off', 'unknown', 'up-to-date', 'announced', 'downloading', 'ready', 'failed']),
  /** The newer version. `announced` without `isVerified`: somebody said so, nobody signed it; only told. */
  version: Type.Optional(Type.String()),
  isVerified: Type.Optional(Type.Boolean()),
  notes: Type.Optional(Type.String()),
  received: Type.Optional(Type.Integer({ minimum: 0 })),
  total: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Where the verified installer lies, with `ready`. */
  installer: Type.Optional(Type.String()),
  failure: Type.Optional(PluginFailure),
  checkedAt: Type.Optional(Instant),
});
export type ApplicationView = Static<typeof ApplicationView>;

/** What is said about the whole page: small, and sent whole with every change. */
export const Shell = Type.Object({
  platform: Type.String(),
  language: Type.String(),
  daemon: Type.Object({
    status: Type.Enum(['unknown', 'connected', 'lost']),
    message: Type.Optional(Type.String()),
    nextTryAt: Type.Optional(Instant),
  }),
  network: Type.Enum(['online', 'offline']),
  stores: Type.Array(StoreView),
  pluginsEnabled: Type.Boolean(),
  autoUpdate: Type.Boolean(),
  /** Jami's accounts that have values of their own, for preferences. */
  accounts: Type.Array(Type.String()),
  updates: Type.Object({
    checkedAt: Type.Optional(Instant),
    nextCheckAt: Type.Optional(Instant),
    isChecking: Type.Boolean(),
  }),
  application: ApplicationView,
});
export type Shell = Static<typeof Shell>;

/** `GET /page/state` */
export const PageState = Type.Object({
  shell: Shell,
  /** What is installed, and what is under way or failed; the rest comes from the catalog. */
  plugins: Type.Array(PluginView),
});
export type PageState = Static<typeof PageState>;

/** `GET /page/catalog`: one page of what a store offers, whatever kind of store it is. */
export const PageCatalogQuery = Type.Object(
  {
    store: StoreName,
    q: Type.Optional(Type.String({ maxLength: 200 })),
    category: Type.Optional(Type.String({ maxLength: 32 })),
    sort: Type.Optional(CatalogSort),
    cursor: Type.Optional(Type.String({ maxLength: 512 })),
  },
  closed,
);
export type PageCatalogQuery = Static<typeof PageCatalogQuery>;

export const PageCatalog = Type.Object({
  plugins: Type.Array(PluginView),
  next: Type.Optional(Type.String()),
  /** Plugins of this store and platform in all, where known. */
  total: Type.Optional(Type.Integer({ minimum: 0 })),
  categories: Type.Array(Type.String()),
});
export type PageCatalog = Static<typeof PageCatalog>;

/** The trust panel: what this computer, or as long as it is not installed the store, knows of the path. */
export const TrustView = Type.Object({
  seal: Seal,
  /** Who says so: the daemon of this computer, or the store (not checked here yet). */
  saidBy: Type.Enum(['daemon', 'store']),
  verifiedAt: Type.Optional(Instant),
  files: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Plugin certificate first, root last. */
  path: Type.Array(CatalogCertificate),
  revocation: Type.Array(RevocationSummary),
  askedAt: Type.Optional(Instant),
});
export type TrustView = Static<typeof TrustView>;

/** `GET /page/plugins/:store/:id` */
export const PluginPage = Type.Object({
  view: PluginView,
  publisher: Type.Optional(CatalogPublisher),
  languages: Type.Array(Type.String()),
  downloads: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Newest first; a plain Jami store tells version and time only. */
  releases: Type.Array(Type.Partial(StoreRelease)),
  trust: TrustView,
  /** Why the store's half is missing: it does not answer, but the plugin is installed. */
  failure: Type.Optional(PluginFailure),
});
export type PluginPage = Static<typeof PluginPage>;

/** Body of `PATCH /page/preferences/:id`, as the daemon takes it. `GET` and `DELETE` take `?account=`. */
export const PagePreferencesChange = PreferencesChange;

/** Body of `PATCH /page/settings`. */
export const PageSettingsChange = Type.Object(
  {
    language: Type.Optional(Type.String({ pattern: '^[A-Za-z]{2,8}([_-][A-Za-z0-9]{1,8})*$' })),
    autoUpdate: Type.Optional(Type.Boolean()),
    pluginsEnabled: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type PageSettingsChange = Static<typeof PageSettingsChange>;

/** `PUT /page/packages`: the body is the file. */
export const PagePackageQuery = Type.Object(
  {
    /** What the user calls it, e.g. `GreenScreen.jpl`. */
    name: Type.String({ minLength: 1, maxLength: 255 }),
    /** The page's own name for this install, to follow its trace from the start. */
    job: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' })),
    /** The new publisher the user has confirmed, after PUBLISHER_CHANGED. */
    acceptPublisher: Type.Optional(Sha256),
    /** `true`: the same or an older version, too. */
    force: Type.Optional(Type.Enum(['true', 'false'])),
  },
  closed,
);
export type PagePackageQuery = Static<typeof PagePackageQuery>;

/** Answer of `PUT /page/packages`: the daemon's verdict on the file. A refusal is a problem. */
export const PackageReport = Type.Object({ id: Type.String(), version: Type.String(), job: Type.String() });
export type PackageReport = Static<typeof PackageReport>;

export const TraceList = Type.Object({
  traces: Type.Array(
    Type.Object({
      job: Type.String(),
      plugin: Type.Union([Type.String(), Type.Null()]),
      version: Type.Union([Type.String(), Type.Null()]),
      startedAt: Instant,
      code: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      /** The network went while it downloaded; what came of it in the end is `code`. */
      downloadBroke: Type.Boolean(),
    }),
  ),
});
export type TraceList = Static<typeof TraceList>;

/** `GET /page/machine`: the plugin's state machine, drawn as it is. */
export const MachineView = Type.Object({
  states: Type.Array(Type.Object({ name: Type.String(), isInitial: Type.Boolean() })),
  transitions: Type.Array(
    Type.Object({
      from: Type.String(),
      to: Type.String(),
      /** e.g. `install`, `download.done`, `daemon.disabled`. */
      event: Type.String(),
      /** Who sets it off; `work` is the end of what the state itself does. */
      by: Type.Optional(Type.Enum(['user', 'store', 'daemon', 'network', 'work'])),
    }),
  ),
});
export type MachineView = Static<typeof MachineView>;

/** One thing that looking for updates found or did. */
export const UpdateEntry = Type.Object({
  at: Instant,
  what: Type.Enum(['found', 'held-back', 'updated', 'failed', 'yanked', 'revoked', 'deprecated', 'gone']),
  store: Type.String(),
  plugin: Type.String(),
  from: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
  /** Why it was held back, or the exact code of the failure. */
  code: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});
export type UpdateEntry = Static<typeof UpdateEntry>;

/** `GET /page/updates`: what looking for updates found and did, newest first. */
export const UpdateReport = Type.Object({
  checkedAt: Type.Optional(Instant),
  nextCheckAt: Type.Optional(Instant),
  /** Stores that could not be asked the last time, and why. */
  failures: Type.Array(Type.Object({ store: Type.String(), failure: PluginFailure })),
  entries: Type.Array(UpdateEntry),
});
export type UpdateReport = Static<typeof UpdateReport>;

/** What can be asked about the application's own update. */
export const ApplicationAction = Type.Enum(['check', 'download', 'cancel', 'run']);
export type ApplicationAction = Static<typeof ApplicationAction>;

/** One event of `GET /page/events` (server-sent; the SSE event name is `type`). After `hello`, read the state again. */
export const PageEvent = Type.Union([
  Type.Object({ type: Type.Literal('hello') }),
  Type.Object({ type: Type.Literal('shell'), shell: Shell }),
  Type.Object({ type: Type.Literal('plugin'), plugin: PluginView }),
  /** Neither offered nor installed any more. */
  Type.Object({ type: Type.Literal('gone'), store: Type.String(), id: Type.String() }),
  /** The store's list changed: what was read of the catalog is old. */
  Type.Object({ type: Type.Literal('catalog'), store: Type.String() }),
  Type.Object({ type: Type.Literal('activity'), entry: ActivityEntry }),
  /** How far the judging of a file that was handed in has come. */
  Type.Object({
    type: Type.Literal('package'),
    job: Type.String(),
    name: Type.String(),
    done: Type.Integer({ minimum: 0 }),
    of: Type.Integer({ minimum: 0 }),
  }),
  /** Looking for updates found or did something. */
  Type.Object({ type: Type.Literal('update'), entry: UpdateEntry }),
  Type.Object({
    type: Type.Literal('trace'),
    trace: Type.Omit(InstallTrace, ['messages']),
    message: Type.Optional(TraceMessage),
  }),
]);
export type PageEvent = Static<typeof PageEvent>;
