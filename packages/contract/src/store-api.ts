import { type Static, Type } from 'typebox';
import { publishingErrorTable } from './publishing-error-table.js';
import { CatalogCertificate, CatalogPublisher } from './store-catalog-api.js';

/**
 * One plugin as Jami's desktop client reads it (`GET /`, `/details/:id`, `/versions/:id`): these keys, in this
 * order, all strings. The language of `name` and `description` follows `Accept-Language`.
 */
export const StorePlugin = Type.Object({
  id: Type.String(),
  name: Type.String(),
  version: Type.String(),
  description: Type.String(),
  /** Who published it, by the identity rules of docs/trust.md. */
  author: Type.String(),
  /** Where the package keeps the image, e.g. `data/icon.png`; empty where it has none to show. Fetch `/icons/:id`. */
  iconPath: Type.String(),
  /** As `iconPath`; fetch `/backgrounds/:id`. */
  backgroundPath: Type.String(),
  /** Time of publication, RFC 3339 in UTC with milliseconds, so that sorting the strings sorts the times. */
  timestamp: Type.String(),
});
export type StorePlugin = Static<typeof StorePlugin>;

/** `GET /?arch=`: empty = none for this platform. */
export const StoreListing = Type.Array(StorePlugin);
export type StoreListing = Static<typeof StoreListing>;

/** `GET /versions/:id?arch=`: newest first, never empty (Jami's client reads the first one unguarded). */
export const StoreVersions = Type.Array(StorePlugin, { minItems: 1 });
export type StoreVersions = Static<typeof StoreVersions>;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lowercase hex' });

/** `GET /v1/store`: what this store is. Roots are named here for comparing, never for fetching. */
export const StoreInfo = Type.Object({
  name: Type.String(),
  api: Type.Array(Type.String(), { description: 'Versions of the documented API, e.g. v1' }),
  /** The trust anchors under which packages are judged. */
  roots: Type.Array(
    Type.Object({
      subject: Type.String({ description: 'RFC 4514' }),
      sha256: Sha256,
      notAfter: Type.String({ format: 'date-time' }),
    }),
  ),
  /** How revocation was asked when packages were published. */
  revocation: Type.Union([Type.Literal('required'), Type.Literal('when-named'), Type.Literal('off')]),
  plugins: Type.Integer({ minimum: 0, description: 'Plugins offered now, for any platform' }),
});
export type StoreInfo = Static<typeof StoreInfo>;

/** One published package. A version with several packages (one a platform) has several of these. */
export const StoreRelease = Type.Object({
  version: Type.String(),
  /** Platforms it is offered for; every platform where it has no native library. */
  platforms: Type.Array(Type.String()),
  /** True: no native library inside, so nothing in it depends on the platform. */
  platformIndependent: Type.Boolean(),
  sha256: Sha256,
  size: Type.Integer({ minimum: 1, description: 'Bytes of the package' }),
  publishedAt: Type.String({ format: 'date-time' }),
  /** The first instant at which a certificate of its path has expired; from then on it is not offered. */
  expiresAt: Type.String({ format: 'date-time' }),
  /** Immutable address of the bytes, relative to the store's base URL. */
  url: Type.String(),
  /** 1 = as first published; each one signed again under a renewed certificate counts one more. */
  revision: Type.Optional(Type.Integer({ minimum: 1 })),
  /** Files it is signed for. */
  files: Type.Optional(Type.Integer({ minimum: 1 })),
  changelog: Type.Optional(Type.String()),
  /** Taken back: offered to nobody, still there for those who ask for exactly this version. */
  yanked: Type.Optional(Type.Object({ reason: Type.String(), at: Type.String({ format: 'date-time' }) })),
  /** Plugin certificate first, the store's root last. */
  path: Type.Optional(Type.Array(CatalogCertificate)),
});
export type StoreRelease = Static<typeof StoreRelease>;

/** `GET /v1/plugins/:id`: what an installer says it expects (`{ id, version, sha256 }`) comes from here. */
export const StorePluginFacts = Type.Object({
  id: Type.String(),
  publisher: CatalogPublisher,
  /** In the language of `Accept-Language`, of the newest release. */
  name: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  /** Languages it has texts in. */
  languages: Type.Optional(Type.Array(Type.String())),
  categories: Type.Optional(Type.Array(Type.String())),
  downloads: Type.Optional(Type.Integer({ minimum: 0 })),
  iconUrl: Type.Optional(Type.String()),
  backgroundUrl: Type.Optional(Type.String()),
  deprecated: Type.Optional(
    Type.Object({
      reason: Type.String(),
      successor: Type.Optional(Type.String()),
      since: Type.String({ format: 'date-time' }),
    }),
  ),
  /** Platform -> SHA-256 of the package that `/download/:arch/:id` answers with. */
  offered: Type.Record(Type.String(), Sha256),
  /** Newest first. */
  releases: Type.Array(StoreRelease, { minItems: 1 }),
});
export type StorePluginFacts = Static<typeof StorePluginFacts>;

/** Paths of the store's API, relative to its base URL; values are escaped. */
export const storePaths = {
  listing: (arch: string) => `/?arch=${encodeURIComponent(arch)}`,
  details: (id: string, arch: string) => `/details/${withArch(id, arch)}`,
  versions: (id: string, arch: string) => `/versions/${withArch(id, arch)}`,
  icon: (id: string, arch: string) => `/icons/${withArch(id, arch)}`,
  background: (id: string, arch: string) => `/backgrounds/${withArch(id, arch)}`,
  /** The newest, or exactly one version. */
  download: (id: string, arch: string, version?: string) =>
    `/download/${encodeURIComponent(arch)}/${encodeURIComponent(id)}${
      version === undefined ? '' : `?version=${encodeURIComponent(version)}`
    }`,
  blob: (sha256: string) => `/blobs/sha256/${encodeURIComponent(sha256)}`,
  rootCrl: () => '/crl/root',
  info: () => '/v1/store',
  plugin: (id: string) => `/v1/plugins/${encodeURIComponent(id)}`,
} as const;

function withArch(id: string, arch: string): string {
  return `${encodeURIComponent(id)}?arch=${encodeURIComponent(arch)}`;
}

/** Every refusal of the store with its HTTP status and title (RFC 9457). Closed: a new refusal gets a new row. */
export const storeErrorTable = {
  PLUGIN_NOT_FOUND: { status: 404, title: 'No such plugin' },
  PLATFORM_NOT_OFFERED: { status: 404, title: 'Not offered for this platform' },
  PLATFORM_MISSING: { status: 400, title: 'No platform named' },
  PLATFORM_MALFORMED: { status: 400, title: 'Platform name malformed' },
  PLUGIN_ID_MALFORMED: { status: 400, title: 'Plugin id malformed' },
  DIGEST_MALFORMED: { status: 400, title: 'Digest malformed' },
  BLOB_NOT_FOUND: { status: 404, title: 'No such package' },
  IMAGE_NOT_FOUND: { status: 404, title: 'No such image' },
  ROUTE_NOT_FOUND: { status: 404, title: 'No such resource' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  PARAMETER_UNKNOWN: { status: 400, title: 'Parameter unknown' },
  PARAMETER_MALFORMED: { status: 400, title: 'Parameter malformed' },
  REQUEST_MALFORMED: { status: 400, title: 'Request malformed' },
  REQUEST_TIMEOUT: { status: 408, title: 'Request too slow' },
  REQUEST_TOO_LARGE: { status: 413, title: 'Request too large' },
  URI_TOO_LONG: { status: 414, title: 'Address too long' },
  HEADERS_TOO_LARGE: { status: 431, title: 'Header fields too large' },
  PRECONDITION_FAILED: { status: 412, title: 'Precondition failed' },
  RANGE_NOT_SATISFIABLE: { status: 416, title: 'Range not satisfiable' },
  CRL_NOT_CONFIGURED: { status: 404, title: 'No revocation list here' },
  CRL_UNAVAILABLE: { status: 503, title: 'Revocation list unavailable' },
  PACKAGE_CHANGED_ON_DISK: { status: 500, title: 'Package changed on the store’s disk' },
  INTERNAL: { status: 500, title: 'Internal error' },
  PLUGIN_ID_TAKEN: { status: 409, title: 'Plugin id owned by another publisher' },
  VERSION_TAKEN: { status: 409, title: 'Version already published' },
  PACKAGE_DUPLICATE: { status: 409, title: 'Package already published' },
  CATEGORIES_MALFORMED: { status: 422, title: 'Categories malformed' },
  TEXT_TOO_LONG: { status: 422, title: 'Text of the plugin too long' },
  DATA_FOLDER_UNUSABLE: { status: 500, title: 'Data folder unusable' },
  ...publishingErrorTable,
  DATABASE_BUSY: { status: 503, title: 'Database busy' },
  DATABASE_UNAVAILABLE: { status: 503, title: 'Database cannot be reached' },
  DATABASE_URL_MALFORMED: { status: 500, title: 'Database address malformed' },
  BLOB_CORRUPT: { status: 500, title: 'Stored bytes are not what they were' },
  BLOB_STORE_UNAVAILABLE: { status: 503, title: 'Packages cannot be reached' },
  PACKAGE_TOO_LARGE: { status: 413, title: 'Package too large' },
  S3_SETTINGS_MALFORMED: { status: 500, title: 'Settings of the object store malformed' },
  STORAGE_FULL: { status: 507, title: 'No room for more' },
  SCHEMA_TOO_NEW: { status: 500, title: 'Database of a newer version' },
  // Moving, backing up
  STORE_MOVED: { status: 503, title: 'Store moved to another database' },
  STORE_NOT_EMPTY: { status: 409, title: 'Place of a store not empty' },
  MOVE_UNDER_WAY: { status: 409, title: 'Another move is under way' },
  MOVE_UNFINISHED: { status: 500, title: 'Store moved here only in part' },
  MOVE_NOT_VERIFIED: { status: 500, title: 'What arrived is not what was there' },
  BACKUP_MALFORMED: { status: 422, title: 'Not a whole backup' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>;

export type StoreErrorCode = keyof typeof storeErrorTable;
