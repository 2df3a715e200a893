import { type Static, Type } from 'typebox';
import { DisabledReason, PublisherSummary } from './daemon-api.js';

/**
 * Where one plugin stands for its user. The first six are Jami's names; `uninstalling` and `restoring` are the times between
 * asking the daemon to remove a plugin, or to go back to its previous version, and the answer. `waiting` is a download in a
 * break, `disabled` an installed plugin that is no longer as it was trusted.
 */
export const pluginStates = [
  'installable',
  'downloading',
  'installing',
  'installed',
  'updatable',
  'failed',
  'uninstalling',
  'waiting',
  'disabled',
  'restoring',
] as const;
export type PluginState = (typeof pluginStates)[number];

/** States in which a plugin is shown among the user's own although it is not installed. */
export const statesUnderWay: ReadonlySet<PluginState> = new Set<PluginState>([
  'downloading',
  'waiting',
  'installing',
  'uninstalling',
  'restoring',
  'failed',
]);

/** What a user may ask for; which of them a plugin takes right now stands in its snapshot. */
export const pluginActions = [
  'install',
  'update',
  'cancel',
  'retry',
  'dismiss',
  'uninstall',
  'rollback',
] as const;
export type PluginAction = (typeof pluginActions)[number];

/** Jami's six kinds of network error. */
export const networkErrorKinds = [
  'DISCONNECTED',
  'CONTENT_NOT_FOUND',
  'ACCESS_DENIED',
  'SSL_ERROR',
  'CANCELED',
  'NETWORK_ERROR',
] as const;
export type NetworkErrorKind = (typeof networkErrorKinds)[number];

const literals = <const T extends string[]>(names: readonly [...T]) => Type.Enum(names);

/** Why a plugin is `failed`. */
export const PluginFailure = Type.Object({
  /** Who refused: the way to the store, the daemon, or this client (its disk, its own checks). */
  source: literals(['network', 'daemon', 'client'] as const),
  /** Exact reason in UPPER_SNAKE_CASE. */
  code: Type.String(),
  /** A sentence a user understands. */
  message: Type.String(),
  network: Type.Optional(literals(networkErrorKinds)),
  /** Jami's outer result code, where the daemon answered. */
  resultCode: Type.Optional(Type.Integer()),
  entry: Type.Optional(Type.String()),
  certificate: Type.Optional(Type.String()),
  /** With PUBLISHER_CHANGED: who published the package, and the installed one; the user may confirm the change. */
  publisher: Type.Optional(PublisherSummary),
  installedPublisher: Type.Optional(PublisherSummary),
});
export type PluginFailure = Static<typeof PluginFailure>;

/** A release the store offers, as far as the store told. */
export const OfferedRelease = Type.Object({
  version: Type.String(),
  /** Hex digest of the package. */
  sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
  size: Type.Optional(Type.Integer({ minimum: 0, description: 'bytes' })),
});
export type OfferedRelease = Static<typeof OfferedRelease>;

/** What the daemon says of an installed plugin. */
export const InstalledRelease = Type.Object({
  version: Type.String(),
  /** Version kept for going back. */
  previousVersion: Type.Optional(Type.String()),
  /** Why it is `disabled`. */
  disabled: Type.Optional(DisabledReason),
});
export type InstalledRelease = Static<typeof InstalledRelease>;

/** A break the download is waiting out before it asks again. */
export const DownloadBreak = Type.Object({
  code: Type.String(),
  network: literals(networkErrorKinds),
  /** Number of the attempt that will follow, from 2. */
  attempt: Type.Integer({ minimum: 2 }),
  delayMs: Type.Integer({ minimum: 0 }),
  /** True: the way to the server is lost; it goes on by itself when it is back, whenever that is. */
  isOffline: Type.Optional(Type.Boolean()),
});
export type DownloadBreak = Static<typeof DownloadBreak>;

/** One plugin as a page sees it: state, progress, reason, and what may be asked of it. */
export const PluginSnapshot = Type.Object({
  id: Type.String(),
  state: literals(pluginStates),
  actions: Type.Array(literals(pluginActions)),
  offered: Type.Optional(OfferedRelease),
  installed: Type.Optional(InstalledRelease),
  /** The release being downloaded or installed. */
  target: Type.Optional(OfferedRelease),
  /** Bytes received, and of how many where that is known; while `downloading` or `waiting`. */
  download: Type.Optional(
    Type.Object({
      received: Type.Integer({ minimum: 0 }),
      total: Type.Optional(Type.Integer({ minimum: 0 })),
      broken: Type.Optional(DownloadBreak),
    }),
  ),
  /** Files verified, of how many; while `installing`. */
  verification: Type.Optional(
    Type.Object({ done: Type.Integer({ minimum: 0 }), of: Type.Integer({ minimum: 0 }) }),
  ),
  failure: Type.Optional(PluginFailure),
});
export type PluginSnapshot = Static<typeof PluginSnapshot>;
