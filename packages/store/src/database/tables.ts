import type { Generated } from 'kysely';

/**
 * The store's tables, the same in SQLite and PostgreSQL. Times are milliseconds since 1970 (UTC), digests 64
 * lowercase hexadecimal digits, lists and objects JSON texts. Numbers that name rows (`number`) never leave the
 * store but in cursors; what leaves it is named by id, version and digest.
 */
export interface StoreTables {
  organizations: OrganizationsTable;
  plugins: PluginsTable;
  plugin_categories: PluginCategoriesTable;
  releases: ReleasesTable;
  packages: PackagesTable;
  package_texts: PackageTextsTable;
  languages: LanguagesTable;
  certificates: CertificatesTable;
  package_certificates: PackageCertificatesTable;
  offers: OffersTable;
  plugin_search: PluginSearchTable;
  downloads: DownloadsTable;
  imported_files: ImportedFilesTable;
  certificate_requests: CertificateRequestsTable;
  tokens: TokensTable;
  uploads: UploadsTable;
  audit_records: AuditRecordsTable;
  application_releases: ApplicationReleasesTable;
  application_installers: ApplicationInstallersTable;
  settings: SettingsTable;
  counters: CountersTable;
  changes: ChangesTable;
  organization_certificates: OrganizationCertificatesTable;
  upload_parts: UploadPartsTable;
  transfers: TransfersTable;
  leases: LeasesTable;
  doubted_certificates: DoubtedCertificatesTable;
}

/** Who publishes, by the identity of docs/trust.md. */
interface OrganizationsTable {
  /** Of the organization; where a root signs plugins directly, of the plugin's key. */
  identity: string;
  kind: 'organization' | 'key';
  name: string;
  /** 1: what it uploads is published without review. */
  is_trusted: Generated<number>;
  contact: string | null;
  created_at: number;
  /** The serialNumber that the authority assigned it, where it is ours. */
  authority_number: Generated<string | null>;
}

/** An id, and whose it is; kept also when nothing of it is offered. */
interface PluginsTable {
  number: Generated<number>;
  id: string;
  /** Lower-cased id: ids are unique ignoring case. */
  id_key: string;
  owner: string;
  /** Key of the plugin certificate that signed the first package: the same key is the same publisher. */
  owner_key: string;
  created_at: number;
  deprecated_at: number | null;
  deprecated_reason: string | null;
  deprecated_successor: string | null;
  /** Of all versions, ever. */
  downloads: Generated<number>;
  /** The newest package that is offered for any platform; null = nothing is, and the plugin is not listed. */
  newest_package: number | null;
  /** Place among the listed, rising with each publication; also the plugin's row in `plugin_search`. */
  listed: number | null;
  /** Folded English name, for ordering. */
  name_key: string | null;
}

/** Categories of the newest package of a listed plugin. */
interface PluginCategoriesTable {
  plugin_number: number;
  category: string;
}

/** One version of a plugin. Several packages may make it up: one a platform, and revisions under renewed certificates. */
interface ReleasesTable {
  number: Generated<number>;
  plugin_number: number;
  version: string;
  /** Text that orders as versions do (`versionKey`). */
  version_key: string;
  changelog: string | null;
  created_at: number;
  /** When its first package was published; null = none is yet. */
  published_at: number | null;
  yanked_at: number | null;
  yanked_reason: string | null;
}

/** `review` waits for a reviewer; `published` is offered unless something in its row or its release's speaks against it. */
type PackageState = 'review' | 'published' | 'declined' | 'withdrawn';

/** One package: bytes that were judged, and what was read from them. */
interface PackagesTable {
  number: Generated<number>;
  sha256: string;
  plugin_number: number;
  release_number: number;
  /** As its manifest has it; equal in precedence to its release's. */
  version: string;
  /** 1 = as first published; each one signed again under a renewed certificate counts one more. */
  revision: Generated<number>;
  /** Of its signed entries, whoever signed them: revisions of one release have the same. */
  content_sha256: string;
  state: PackageState;
  size: number;
  /** JSON array, sorted; `["*"]` = no native library, so it depends on no platform. */
  platforms: string;
  /** Files it is signed for. */
  files: number;
  publisher: string;
  publisher_name: string;
  publisher_key: string;
  /** Fingerprint of the trust anchor it was judged under. */
  anchor: string;
  revocation_mode: 'required' | 'when-named' | 'off';
  /** 0: judged under an anchor, or less strictly, than this store is configured for now. */
  is_trusted: Generated<number>;
  /** Earliest notAfter of its path. */
  expires_at: number;
  /** JSON array, sorted. */
  languages: string;
  /** JSON array, sorted. */
  categories: Generated<string>;
  /** JSON `PackageImage`, or null. */
  icon: string | null;
  background: string | null;
  submitted_at: number;
  submitted_by: string | null;
  decided_at: number | null;
  decided_by: string | null;
  decision_reason: string | null;
  published_at: number | null;
  /** A certificate of its path may have been revoked: held back until that is known. */
  suspended_at: number | null;
  revoked_at: number | null;
  revoked_reason: string | null;
}

interface PackageTextsTable {
  package_number: number;
  language: string;
  name: string;
  description: string;
}

/** Languages that some package has, or had, texts in. */
interface LanguagesTable {
  language: string;
}

/** Every certificate of a path of a package, roots included. */
interface CertificatesTable {
  /** Of the DER. */
  sha256: string;
  /** base64 */
  der: string;
  /** Common name where there is one, else the whole subject. */
  name: string;
  /** RFC 4514 */
  subject: string;
  issuer: string;
  /** Lowercase hex. */
  serial_number: string;
  not_before: number;
  not_after: number;
  /** When its responder was last asked. */
  asked_at: number | null;
  revoked_at: number | null;
  revoked_reason: string | null;
}

interface PackageCertificatesTable {
  package_number: number;
  /** 0 = the plugin certificate; the last one is the root. */
  position: number;
  certificate: string;
}

/** What each platform is offered now, worked out whenever something about the plugin changes. */
interface OffersTable {
  plugin_number: number;
  /** `*` = each platform Jami has a name for that has no row of its own. */
  platform: string;
  package_number: number;
  published_at: number;
  expires_at: number;
}

/**
 * Full text of the listed plugins, one row each. In SQLite an FTS5 table (the row is `rowid`, the words its
 * columns), in PostgreSQL a table with a `tsvector`; only `catalog/search-index.ts` and `catalog/search-match.ts` know them.
 */
interface PluginSearchTable {
  listed: number;
}

interface DownloadsTable {
  plugin_number: number;
  release_number: number;
  platform: string;
  /** Days since 1970 (UTC). */
  day: number;
  count: number;
}

/** Files of operators' folders that were taken in, so that a restart does not judge them again. */
interface ImportedFilesTable {
  /** Which folder, by the name it gave itself: processes with folders of their own do not mix. */
  folder: string;
  file: string;
  size: number;
  mtime_ms: number;
  sha256: string;
}

interface CertificateRequestsTable {
  id: string;
  /** SHA-256 of the secret it is followed with. */
  secret_hash: string;
  kind: 'organization' | 'plugin';
  /** PKCS#10, base64 as it came. */
  csr: string;
  /** SHA-256 of the key asked for. */
  key_sha256: string;
  subject: string;
  contact: string;
  terms: string | null;
  organization: string | null;
  state: 'open' | 'accepted' | 'declined' | 'withdrawn';
  created_at: number;
  decided_at: number | null;
  decided_by: string | null;
  reason: string | null;
  /** PEM of the certificate and its issuers below the root. */
  chain: string | null;
  /** SHA-256 of the request in DER: the same however it was packed. */
  request_sha256: Generated<string | null>;
  key_type: Generated<string | null>;
  /** Issuer id at the authority, for a plugin's certificate. */
  issuer: Generated<string | null>;
  /** When the organization fetched its first token; null = it has not, or there is none for it. */
  token_collected_at: Generated<number | null>;
}

interface TokensTable {
  id: string;
  secret_hash: string;
  label: string;
  role: 'publisher' | 'reviewer' | 'operator';
  organization: string | null;
  /** JSON array, or null = everything its role may do. */
  scopes: string | null;
  created_at: number;
  created_by: string | null;
  expires_at: number;
  revoked_at: number | null;
  last_used_at: number | null;
}

interface UploadsTable {
  id: string;
  organization: string;
  token: string | null;
  /** Whole length, where it was told. */
  size: number | null;
  received: Generated<number>;
  sha256: string | null;
  changelog: string | null;
  created_at: number;
  expires_at: number;
  /** Requests that went on with it so far. */
  requests: Generated<number>;
}

/** The audit log: each record's hash covers the one before. */
interface AuditRecordsTable {
  sequence: number;
  at: number;
  actor: string;
  action: string;
  plugin_id: string | null;
  version: string | null;
  publisher: string | null;
  reason: string | null;
  /** JSON object with whatever else belongs to the action. */
  detail: string;
  /** What it is about, e.g. `package/<sha256>`. */
  subject: string;
  is_public: number;
  previous_hash: string;
  hash: string;
}

interface ApplicationReleasesTable {
  channel: 'stable' | 'beta';
  version: string;
  /** As signed; base64. */
  payload: string;
  signature: string;
  key_id: string;
  published_at: number;
  expires_at: number;
}

interface ApplicationInstallersTable {
  sha256: string;
  size: number;
  file_name: string;
  created_at: number;
}

interface SettingsTable {
  name: string;
  value: string;
}

interface CountersTable {
  name: string;
  value: number;
}

/** What every process of the store has to know of: read in order, dropped after a while. */
interface ChangesTable {
  sequence: number;
  subject: string;
  plugin_number: number | null;
  at: number;
}

/** Certificates of organizations that this store has seen, so that requests for its plugins and delegations find the issuer. */
interface OrganizationCertificatesTable {
  sha256: string;
  organization: string;
  /** Lowercase hex. */
  serial_number: string;
  /** Key identifier: its issuer id at the authority. */
  issuer_id: string;
  /** Fingerprint of the trust anchor above it. */
  anchor: string;
  not_after: number;
  created_at: number;
}

/** Bytes of an unfinished upload, kept among the blobs. */
interface UploadPartsTable {
  upload: string;
  /** Where in the whole it begins. */
  position: number;
  size: number;
  /** Its number among the blob store's parts, which no other request uses. */
  number: number;
}

/** Offers to hand a plugin over to another organization. */
interface TransfersTable {
  id: string;
  plugin_number: number;
  from_organization: string;
  to_organization: string;
  state: 'offered' | 'accepted' | 'declined' | 'withdrawn';
  reason: string | null;
  created_at: number;
  expires_at: number;
  decided_at: number | null;
}

/** Work that one process at a time does. */
interface LeasesTable {
  name: string;
  holder: string;
  until: number;
}

/**
 * Certificates that may have been revoked, whether a package of them is here or not: until their responder has answered, nothing with one
 * of them in its path is offered, or published.
 */
interface DoubtedCertificatesTable {
  sha256: string;
  reason: string;
  since: number;
}
