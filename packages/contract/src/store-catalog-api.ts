import { type Static, Type } from 'typebox';

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lowercase hex' });
const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });
const PluginId = Type.String({ minLength: 1, maxLength: 64 });
const Version = Type.String({ minLength: 1, maxLength: 256 });
const Platform = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$', description: 'e.g. x86_64-linux-gnu' });
const Category = Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' });
const Cursor = Type.String({ pattern: '^[A-Za-z0-9_-]{1,512}$', description: 'Opaque; from `next`' });

/** Paths of the documented reading API, relative to the store's base URL. */
export const catalogPaths = {
  store: '/v1/store',
  plugins: '/v1/plugins',
  plugin: (id: string) => `/v1/plugins/${encodeURIComponent(id)}`,
  statistics: (id: string) => `/v1/plugins/${encodeURIComponent(id)}/statistics`,
  updates: '/v1/updates',
  categories: '/v1/categories',
  organization: (id: string) => `/v1/organizations/${encodeURIComponent(id)}`,
  feed: '/v1/feed',
  openapi: '/openapi.json',
  documentation: '/docs',
  image: (sha256: string) => `/images/sha256/${encodeURIComponent(sha256)}`,
  live: '/health/live',
  ready: '/health/ready',
  metrics: '/metrics',
} as const;

/** Who publishes a plugin. */
export const CatalogPublisher = Type.Object({
  name: Type.String(),
  /** SHA-256 of the organization's identity (docs/trust.md); absent where a root signs plugins directly. */
  organization: Type.Optional(Sha256),
});
export type CatalogPublisher = Static<typeof CatalogPublisher>;

/** Orders of a search. `relevance` needs a text; without one it is `newest`. */
export const CatalogSort = Type.Enum(['relevance', 'newest', 'name', 'downloads']);
export type CatalogSort = Static<typeof CatalogSort>;

/** `GET /v1/plugins`. Texts follow `Accept-Language`. */
export const CatalogQuery = Type.Object(
  {
    /** Words to be found in id, name, description or publisher; the beginning of a word is enough. */
    q: Type.Optional(Type.String({ maxLength: 200 })),
    platform: Type.Optional(Platform),
    category: Type.Optional(Category),
    organization: Type.Optional(Sha256),
    sort: Type.Optional(CatalogSort),
    cursor: Type.Optional(Cursor),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  { additionalProperties: false },
);
export type CatalogQuery = Static<typeof CatalogQuery>;

/** One plugin of a search: its newest release that is offered for the platform asked for, or for any. */
export const CatalogPlugin = Type.Object({
  id: PluginId,
  name: Type.String(),
  description: Type.String(),
  version: Version,
  publisher: CatalogPublisher,
  categories: Type.Array(Category),
  platforms: Type.Array(Platform),
  /** True: no native library inside, so it runs on every platform. */
  platformIndependent: Type.Boolean(),
  size: Type.Integer({ minimum: 1, description: 'bytes of the package' }),
  publishedAt: Instant,
  downloads: Type.Integer({ minimum: 0, description: 'of all versions, ever' }),
  /** Relative to the store's base URL, content-addressed; absent where there is none to show. */
  iconUrl: Type.Optional(Type.String()),
  backgroundUrl: Type.Optional(Type.String()),
  deprecated: Type.Optional(
    Type.Object({ reason: Type.String(), successor: Type.Optional(PluginId), since: Instant }),
  ),
});
export type CatalogPlugin = Static<typeof CatalogPlugin>;

export const CatalogPage = Type.Object({
  plugins: Type.Array(CatalogPlugin),
  /** `cursor` of the next page; absent on the last. Stays right while others publish. */
  next: Type.Optional(Cursor),
});
export type CatalogPage = Static<typeof CatalogPage>;

/** Query of `GET /v1/categories`. */
export const CategoryQuery = Type.Object(
  { platform: Type.Optional(Platform) },
  { additionalProperties: false },
);
export type CategoryQuery = Static<typeof CategoryQuery>;

/** `GET /v1/categories?platform=`: those in use. */
export const CategoryList = Type.Object({
  categories: Type.Array(Type.Object({ name: Category, plugins: Type.Integer({ minimum: 0 }) })),
});
export type CategoryList = Static<typeof CategoryList>;

/** One certificate of a release's path, as people can read it. */
export const CatalogCertificate = Type.Object({
  /** Common name where there is one, else the whole subject. */
  name: Type.String(),
  subject: Type.String({ description: 'RFC 4514' }),
  issuer: Type.String({ description: 'RFC 4514' }),
  serialNumber: Type.String({ description: 'hex' }),
  sha256: Sha256,
  notBefore: Instant,
  notAfter: Instant,
});
export type CatalogCertificate = Static<typeof CatalogCertificate>;

/** Query of `GET /v1/plugins/:id/statistics`: so many days up to today. */
export const StatisticsQuery = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, description: 'default 30' })) },
  { additionalProperties: false },
);
export type StatisticsQuery = Static<typeof StatisticsQuery>;

/** `GET /v1/plugins/:id/statistics?days=`: downloads a day, counted without keeping addresses. */
export const PluginStatistics = Type.Object({
  id: PluginId,
  total: Type.Integer({ minimum: 0 }),
  /** Oldest first; days without a download are left out. */
  days: Type.Array(
    Type.Object({
      day: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'UTC' }),
      downloads: Type.Integer({ minimum: 1 }),
    }),
  ),
});
export type PluginStatistics = Static<typeof PluginStatistics>;

/** `GET /v1/organizations/:id`: an organization that has published something here. */
export const CatalogOrganization = Type.Object({
  organization: Sha256,
  name: Type.String(),
  /** When this store first heard of it. */
  since: Instant,
  plugins: Type.Integer({ minimum: 0, description: 'Plugins of its that are offered now, for any platform' }),
});
export type CatalogOrganization = Static<typeof CatalogOrganization>;

/** Body of `POST /v1/updates`: everything installed from this store, in one question. */
export const UpdateQuestion = Type.Object(
  {
    platform: Platform,
    plugins: Type.Array(
      Type.Object(
        {
          id: PluginId,
          /** Empty where it is not known. */
          version: Type.String({ maxLength: 256 }),
          /** Of the package it was installed from. */
          sha256: Type.Optional(Sha256),
        },
        { additionalProperties: false },
      ),
      { maxItems: 1000 },
    ),
  },
  { additionalProperties: false },
);
export type UpdateQuestion = Static<typeof UpdateQuestion>;

/** What the store has to say about one installed plugin; those with nothing to say are left out. */
export const UpdateNotice = Type.Object({
  id: PluginId,
  /** A higher version, or a revision of the same one (a renewed certificate over the same entries). */
  update: Type.Optional(
    Type.Object({
      version: Version,
      sha256: Sha256,
      size: Type.Integer({ minimum: 1 }),
      publishedAt: Instant,
      publisher: CatalogPublisher,
      changelog: Type.Optional(Type.String()),
      /** True: the same version under a renewed certificate. */
      isRevision: Type.Boolean(),
    }),
  ),
  /** The installed version was taken back since. */
  yanked: Type.Optional(Type.Object({ reason: Type.String(), at: Instant })),
  /** A certificate of the installed package was revoked since. */
  revoked: Type.Optional(Type.Object({ reason: Type.String(), at: Instant })),
  deprecated: Type.Optional(
    Type.Object({ reason: Type.String(), successor: Type.Optional(PluginId), since: Instant }),
  ),
  /** This store does not know the plugin, or offers it for the platform no more. */
  isOffered: Type.Boolean(),
});
export type UpdateNotice = Static<typeof UpdateNotice>;

export const UpdateAnswer = Type.Object({ at: Instant, notices: Type.Array(UpdateNotice) });
export type UpdateAnswer = Static<typeof UpdateAnswer>;

/** One public event of the store's history, out of its audit log. */
export const FeedEntry = Type.Object({
  /** Number in the audit log; rises. */
  sequence: Type.Integer({ minimum: 1 }),
  at: Instant,
  action: Type.Enum([
    'published',
    'revised',
    'yanked',
    'unyanked',
    'revoked',
    'deprecated',
    'undeprecated',
    'transferred',
  ]),
  plugin: Type.Optional(PluginId),
  version: Type.Optional(Version),
  publisher: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  /** Hash of the audit record, for checking against an export. */
  hash: Sha256,
});
export type FeedEntry = Static<typeof FeedEntry>;

/** Query of `GET /v1/feed`. */
export const FeedQuery = Type.Object(
  {
    /** `sequence` of the last entry known. */
    after: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'default 100' })),
  },
  { additionalProperties: false },
);
export type FeedQuery = Static<typeof FeedQuery>;

/** `GET /v1/feed?after=&limit=`: oldest first after a number, else the newest. */
export const Feed = Type.Object({ entries: Type.Array(FeedEntry), hasMore: Type.Boolean() });
export type Feed = Static<typeof Feed>;

/** `GET /health/live` and `GET /health/ready`: refusals are problem details with what is wrong. */
export const Health = Type.Object({ status: Type.Literal('ok') });
export type Health = Static<typeof Health>;
