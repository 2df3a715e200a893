import { type Static, Type } from 'typebox';
import type { ApplicationChannel } from './application-api.js';
import { IssuerId } from './authority-api.js';

/** Paths of the store's writing API, relative to its base URL; values are escaped. */
export const publishingPaths = {
  session: '/v1/session',
  tokens: '/v1/tokens',
  token: (id: string) => `/v1/tokens/${encodeURIComponent(id)}`,
  terms: '/v1/terms',
  certificateRequests: '/v1/certificate-requests',
  certificateRequest: (id: string) => `/v1/certificate-requests/${encodeURIComponent(id)}`,
  certificateRequestStep: (id: string, step: 'accept' | 'decline' | 'withdraw' | 'token') =>
    `/v1/certificate-requests/${encodeURIComponent(id)}/${step}`,
  organizations: '/v1/organizations',
  organizationTrust: (id: string) => `/v1/organizations/${encodeURIComponent(id)}/trust`,
  packages: '/v1/packages',
  uploads: '/v1/uploads',
  upload: (id: string) => `/v1/uploads/${encodeURIComponent(id)}`,
  submissions: '/v1/submissions',
  submission: (sha256: string) => `/v1/submissions/${encodeURIComponent(sha256)}`,
  submissionPackage: (sha256: string) => `/v1/submissions/${encodeURIComponent(sha256)}/package`,
  submissionStep: (sha256: string, step: 'accept' | 'decline' | 'withdraw') =>
    `/v1/submissions/${encodeURIComponent(sha256)}/${step}`,
  versionStep: (id: string, version: string, step: 'yank' | 'unyank') =>
    `/v1/plugins/${encodeURIComponent(id)}/versions/${encodeURIComponent(version)}/${step}`,
  deprecation: (id: string) => `/v1/plugins/${encodeURIComponent(id)}/deprecation`,
  pluginTransfers: (id: string) => `/v1/plugins/${encodeURIComponent(id)}/transfers`,
  transfers: '/v1/transfers',
  transferStep: (id: string, step: 'accept' | 'decline' | 'withdraw') =>
    `/v1/transfers/${encodeURIComponent(id)}/${step}`,
  delegationRequests: '/v1/delegation-requests',
  delegations: '/v1/delegations',
  registrations: '/v1/registrations',
  audit: '/v1/audit',
  application: (channel: ApplicationChannel) => `/v1/application/${channel}`,
  installer: (sha256: string) => `/v1/application/installers/${encodeURIComponent(sha256)}`,
} as const;

/** Media type of an audit export: one JSON object a line. */
export const auditMediaType = 'application/x-ndjson';
/** Media type of a part of a resumable upload (draft-ietf-httpbis-resumable-upload). */
export const partialUploadMediaType = 'application/partial-upload';

// A misspelt member of a request is refused, not ignored.
const closed = { additionalProperties: false } as const;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lowercase hex' });
const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC' });
const PluginId = Type.String({ minLength: 1, maxLength: 64 });
const Version = Type.String({ minLength: 1, maxLength: 256 });
const RecordId = Type.String({ pattern: '^[0-9a-f]{16}$', description: '16 hex digits' });
const Reason = Type.String({ minLength: 1, maxLength: 2000 });
const Changelog = Type.String({ minLength: 1, maxLength: 16_384 });
/** After which page of a list; opaque. */
const After = Type.Optional(Type.String({ pattern: '^[A-Za-z0-9_-]{1,128}$' }));
const Limit = Type.Optional(Type.Integer({ minimum: 1, maximum: 200 }));
const Certificate = Type.String({
  minLength: 1,
  maxLength: 65_536,
  description: 'PEM, or base64 of DER',
});
const Chain = Type.String({
  minLength: 1,
  maxLength: 65_536,
  description: 'PEM: the certificate, then its issuers below the root',
});

// Who may do what

export const StoreRole = Type.Enum(['publisher', 'reviewer', 'operator']);
export type StoreRole = Static<typeof StoreRole>;

/** Parts of what a role may do; a token has some of its role's, or all. */
export const TokenScope = Type.Enum([
  'publish',
  'manage',
  'certificates',
  'tokens',
  'review',
  'audit',
  'operate',
]);
export type TokenScope = Static<typeof TokenScope>;

/** `GET /v1/session`: whom the store takes the caller for. */
export const Session = Type.Object({
  role: StoreRole,
  token: RecordId,
  label: Type.String(),
  scopes: Type.Array(TokenScope),
  expiresAt: Instant,
  organization: Type.Optional(Type.Object({ id: Sha256, name: Type.String(), trusted: Type.Boolean() })),
});
export type Session = Static<typeof Session>;

/** Body of `POST /v1/tokens`. Operators make any; publishers only further ones of their own organization. */
export const TokenWish = Type.Object(
  {
    label: Type.String({ minLength: 1, maxLength: 100 }),
    role: StoreRole,
    /** Needed for publishers, impossible for the others. */
    organization: Type.Optional(Sha256),
    /** Default: everything the role may do. */
    scopes: Type.Optional(Type.Array(TokenScope, { minItems: 1, maxItems: 7, uniqueItems: true })),
    validityDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650, description: 'default 365' })),
  },
  closed,
);
export type TokenWish = Static<typeof TokenWish>;

export const TokenRecord = Type.Object({
  id: RecordId,
  label: Type.String(),
  role: StoreRole,
  organization: Type.Optional(Sha256),
  scopes: Type.Array(TokenScope),
  createdAt: Instant,
  createdBy: Type.Optional(Type.String()),
  expiresAt: Instant,
  revokedAt: Type.Optional(Instant),
  /** To the hour. */
  lastUsedAt: Type.Optional(Instant),
});
export type TokenRecord = Static<typeof TokenRecord>;

/** A token, shown this once: the store keeps only its digest. */
export const NewToken = Type.Object({
  ...TokenRecord.properties,
  token: Type.String({ pattern: '^jpl_[0-9a-f]{16}_[0-9a-f]{64}$' }),
});
export type NewToken = Static<typeof NewToken>;

export const TokenList = Type.Object({ tokens: Type.Array(TokenRecord) });
export type TokenList = Static<typeof TokenList>;

// Certificate requests

/** `GET /v1/terms`: what an organization agrees to when it asks for a certificate. */
export const Terms = Type.Object({
  /** SHA-256 of the text. */
  version: Sha256,
  text: Type.String(),
});
export type Terms = Static<typeof Terms>;

export const CertificateUse = Type.Enum(['organization', 'plugin']);
export type CertificateUse = Static<typeof CertificateUse>;

/** Body of `POST /v1/certificate-requests`. */
export const CertificateWish = Type.Object(
  {
    csr: Type.String({
      minLength: 1,
      maxLength: 32_768,
      description: 'PKCS#10 request, base64 of its PEM, DER or gzipped bytes',
    }),
    use: CertificateUse,
    /** How the reviewer reaches the organization, e.g. an address of mail. Not public. */
    contact: Type.String({ minLength: 3, maxLength: 200 }),
    /** `version` of the terms agreed to; needed where the store has terms. */
    terms: Type.Optional(Sha256),
    /**
     * With a publisher's token only. `use: organization`: renews or replaces this organization's certificate.
     * `use: plugin` (always needed there): the organization that issues it, whose key the authority holds.
     */
    organization: Type.Optional(Sha256),
  },
  closed,
);
export type CertificateWish = Static<typeof CertificateWish>;

export const CertificateRequestState = Type.Enum(['open', 'accepted', 'declined', 'withdrawn']);
export type CertificateRequestState = Static<typeof CertificateRequestState>;

/** A request as those see it who may: the organization by its secret, reviewers by their token. */
export const CertificateRequest = Type.Object({
  id: RecordId,
  use: CertificateUse,
  state: CertificateRequestState,
  /** What the certificate will say of whom. */
  subject: Type.String({ description: 'RFC 4514' }),
  key: Type.String({ description: 'e.g. ec-p256, rsa-4096' }),
  /** SHA-256 of the requested key (SubjectPublicKeyInfo): what the certificate must carry. */
  keySha256: Sha256,
  organization: Type.Optional(Sha256),
  contact: Type.String(),
  createdAt: Instant,
  decidedAt: Type.Optional(Instant),
  decidedBy: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  /** Of an accepted one. */
  chainPem: Type.Optional(Type.String()),
  /** True: the organization's first token can still be fetched, once. */
  tokenWaiting: Type.Boolean(),
});
export type CertificateRequest = Static<typeof CertificateRequest>;

/** Answer to `POST /v1/certificate-requests`; `secret` is shown this once. */
export const FiledCertificateRequest = Type.Object({
  request: CertificateRequest,
  secret: Type.String({ pattern: '^jpr_[0-9a-f]{16}_[0-9a-f]{64}$' }),
});
export type FiledCertificateRequest = Static<typeof FiledCertificateRequest>;

/** A request with what the reviewer's command hands to the authority. */
export const ReviewedCertificateRequest = Type.Object({
  ...CertificateRequest.properties,
  /** PKCS#10, base64 as it was sent. */
  csr: Type.String(),
  /** What `POST /v1/organizations` or `/v1/plugins` of the authority needs with it. */
  authorityOrganization: Type.Optional(
    Type.String({ description: 'assigned serialNumber of the organization that is renewed' }),
  ),
  authorityIssuer: Type.Optional(Type.String({ description: 'issuer id for a plugin’s certificate' })),
});
export type ReviewedCertificateRequest = Static<typeof ReviewedCertificateRequest>;

export const CertificateRequestQuery = Type.Object(
  { state: Type.Optional(CertificateRequestState), after: After, limit: Limit },
  closed,
);
export type CertificateRequestQuery = Static<typeof CertificateRequestQuery>;

export const CertificateRequestPage = Type.Object({
  requests: Type.Array(CertificateRequest),
  next: Type.Optional(Type.String()),
});
export type CertificateRequestPage = Static<typeof CertificateRequestPage>;

/** Body of `…/accept`: what the authority issued under the reviewer's own credential. */
export const IssuedChain = Type.Object({ chainPem: Chain, reason: Type.Optional(Reason) }, closed);
export type IssuedChain = Static<typeof IssuedChain>;

/** Body of every step that needs a reason. */
export const Decision = Type.Object({ reason: Reason }, closed);
export type Decision = Static<typeof Decision>;

/** Body of every step that may have one. */
export const OptionalDecision = Type.Object({ reason: Type.Optional(Reason) }, closed);
export type OptionalDecision = Static<typeof OptionalDecision>;

// Organizations

export const OrganizationRecord = Type.Object({
  id: Sha256,
  name: Type.String(),
  trusted: Type.Boolean(),
  contact: Type.Optional(Type.String()),
  createdAt: Instant,
  plugins: Type.Integer({ minimum: 0 }),
  /** Certificates known here, newest first. */
  certificates: Type.Array(
    Type.Object({
      sha256: Sha256,
      serialNumber: Type.String(),
      notAfter: Instant,
      issuer: Type.String({ description: 'key identifier: its issuer id at the authority' }),
    }),
  ),
});
export type OrganizationRecord = Static<typeof OrganizationRecord>;

export const OrganizationList = Type.Object({
  organizations: Type.Array(OrganizationRecord),
  next: Type.Optional(Type.String()),
});
export type OrganizationList = Static<typeof OrganizationList>;

/** Body of `POST /v1/organizations`: makes an organization known by its certificate, for roots of other authorities. */
export const OrganizationWish = Type.Object(
  { chainPem: Chain, contact: Type.Optional(Type.String({ minLength: 3, maxLength: 200 })) },
  closed,
);
export type OrganizationWish = Static<typeof OrganizationWish>;

/** Body of `PUT /v1/organizations/:id/trust`: trusted ones publish without review. */
export const TrustWish = Type.Object({ trusted: Type.Boolean(), reason: Reason }, closed);
export type TrustWish = Static<typeof TrustWish>;

// Uploads and submissions

/** Body of `POST /v1/uploads`. */
export const UploadWish = Type.Object(
  {
    size: Type.Integer({ minimum: 1, description: 'bytes of the whole package' }),
    sha256: Sha256,
    changelog: Type.Optional(Changelog),
  },
  closed,
);
export type UploadWish = Static<typeof UploadWish>;

/** An unfinished upload. The last part's answer is a {@link Submission}. */
export const UploadRecord = Type.Object({
  id: RecordId,
  size: Type.Integer({ minimum: 1 }),
  sha256: Sha256,
  /** Bytes that are safe here: where the next part begins. */
  offset: Type.Integer({ minimum: 0 }),
  expiresAt: Instant,
  maxPartBytes: Type.Integer({ minimum: 1 }),
});
export type UploadRecord = Static<typeof UploadRecord>;

/** Query of `PUT /v1/packages`. */
export const PackageQuery = Type.Object({ changelog: Type.Optional(Changelog) }, closed);
export type PackageQuery = Static<typeof PackageQuery>;

export const SubmissionState = Type.Enum([
  'review',
  'published',
  'declined',
  'withdrawn',
  'suspended',
  'revoked',
]);
export type SubmissionState = Static<typeof SubmissionState>;

/** One step in the life of a package. */
export const SubmissionStep = Type.Object({
  at: Instant,
  action: Type.String(),
  actor: Type.String(),
  reason: Type.Optional(Type.String()),
});
export type SubmissionStep = Static<typeof SubmissionStep>;

/** One uploaded package and what became of it. */
export const Submission = Type.Object({
  sha256: Sha256,
  plugin: PluginId,
  version: Version,
  name: Type.String(),
  publisher: Type.Object({ name: Type.String(), organization: Type.Optional(Sha256) }),
  state: SubmissionState,
  revision: Type.Integer({
    minimum: 1,
    description: '1 = first; more: the same content under a renewed certificate',
  }),
  size: Type.Integer({ minimum: 1 }),
  files: Type.Integer({ minimum: 1 }),
  platforms: Type.Array(Type.String()),
  categories: Type.Array(Type.String()),
  languages: Type.Array(Type.String()),
  changelog: Type.Optional(Type.String()),
  expiresAt: Instant,
  submittedAt: Instant,
  decidedAt: Type.Optional(Instant),
  reason: Type.Optional(Type.String()),
  yanked: Type.Optional(Type.Object({ reason: Type.String(), at: Instant })),
  /** What of a good package is not shown, e.g. an icon that cannot be decoded. Only in the answer to the upload. */
  flaws: Type.Optional(Type.Array(Type.String())),
  /** Oldest first; only where one submission is asked for. */
  steps: Type.Optional(Type.Array(SubmissionStep)),
});
export type Submission = Static<typeof Submission>;

export const SubmissionQuery = Type.Object(
  { state: Type.Optional(SubmissionState), plugin: Type.Optional(PluginId), after: After, limit: Limit },
  closed,
);
export type SubmissionQuery = Static<typeof SubmissionQuery>;

export const SubmissionPage = Type.Object({
  submissions: Type.Array(Submission),
  next: Type.Optional(Type.String()),
});
export type SubmissionPage = Static<typeof SubmissionPage>;

// Afterwards

/** Answer to yanking and un-yanking. */
export const YankedVersion = Type.Object({
  plugin: PluginId,
  version: Version,
  yanked: Type.Optional(Type.Object({ reason: Type.String(), at: Instant })),
});
export type YankedVersion = Static<typeof YankedVersion>;

/** Body of `PUT /v1/plugins/:id/deprecation`. */
export const DeprecationWish = Type.Object({ reason: Reason, successor: Type.Optional(PluginId) }, closed);
export type DeprecationWish = Static<typeof DeprecationWish>;

export const Deprecation = Type.Object({
  plugin: PluginId,
  deprecated: Type.Optional(
    Type.Object({ reason: Type.String(), successor: Type.Optional(PluginId), since: Instant }),
  ),
});
export type Deprecation = Static<typeof Deprecation>;

/** Body of `POST /v1/plugins/:id/transfers`. */
export const TransferWish = Type.Object({ to: Sha256, reason: Type.Optional(Reason) }, closed);
export type TransferWish = Static<typeof TransferWish>;

export const TransferState = Type.Enum(['offered', 'accepted', 'declined', 'withdrawn', 'expired']);
export type TransferState = Static<typeof TransferState>;

/** An offer to hand a plugin over; nothing changes until the other organization accepts. */
export const Transfer = Type.Object({
  id: RecordId,
  plugin: PluginId,
  from: Sha256,
  to: Sha256,
  state: TransferState,
  reason: Type.Optional(Type.String()),
  createdAt: Instant,
  expiresAt: Instant,
  decidedAt: Type.Optional(Instant),
});
export type Transfer = Static<typeof Transfer>;

export const TransferList = Type.Object({ transfers: Type.Array(Transfer) });
export type TransferList = Static<typeof TransferList>;

// Delegation: the store relays between an organization and the authority, under its own credential, after it has made sure that the
// issuer is the token's organization. The authority's refusals are passed on with their codes (`authorityErrorTable`).

/** Body of `POST /v1/delegation-requests`: an organization may have several keys, so it says which one will sign. */
export const StoreDelegationWish = Type.Object({ issuer: IssuerId }, closed);
export type StoreDelegationWish = Static<typeof StoreDelegationWish>;

/** Answer to `POST /v1/delegation-requests`: to be signed with the organization's own key. */
export const StoreDelegationRequest = Type.Object({ issuer: Type.String(), csrPem: Type.String() });
export type StoreDelegationRequest = Static<typeof StoreDelegationRequest>;

/** Body of `POST /v1/delegations` and `POST /v1/registrations`; the answer is the authority's `IssuedCertificate`. */
export const HandedCertificate = Type.Object({ certificate: Certificate }, closed);
export type HandedCertificate = Static<typeof HandedCertificate>;

// Audit

/** Everything that is put down. Those of {@link FeedEntry} are public, the others for operators and reviewers. */
export const AuditAction = Type.Enum([
  'published',
  'revised',
  'yanked',
  'unyanked',
  'revoked',
  'deprecated',
  'undeprecated',
  'transferred',
  'submitted',
  'declined',
  'withdrawn',
  'suspended',
  'resumed',
  'transfer-offered',
  'transfer-declined',
  'transfer-withdrawn',
  'request-filed',
  'request-accepted',
  'request-declined',
  'request-withdrawn',
  'request-token-collected',
  'organization-added',
  'organization-certified',
  'organization-trusted',
  'organization-untrusted',
  'delegation-handed-in',
  'certificate-registered',
  'token-created',
  'token-revoked',
  'application-published',
  'installer-uploaded',
]);
export type AuditAction = Static<typeof AuditAction>;

/**
 * One line of an audit export. `hash` is the SHA-256 of the UTF-8 of the record without `hash`, as JSON with its keys sorted and no spaces
 * (RFC 8785); `previous` is the hash of the record before, 64 zeros before the first.
 */
export const AuditRecord = Type.Object(
  {
    sequence: Type.Integer({ minimum: 1 }),
    at: Instant,
    /** Role, label and id of the token; `store` where the store acted by itself. */
    actor: Type.String({ minLength: 1, maxLength: 200 }),
    action: AuditAction,
    /** What it is about, e.g. `package/<sha256>`. */
    subject: Type.String({ minLength: 1, maxLength: 200 }),
    plugin: Type.Optional(PluginId),
    version: Type.Optional(Version),
    publisher: Type.Optional(Type.String({ maxLength: 200 })),
    reason: Type.Optional(Type.String({ maxLength: 2000 })),
    detail: Type.Record(Type.String({ pattern: '^[a-zA-Z][a-zA-Z0-9]{0,63}$' }), Type.String(), {
      additionalProperties: false,
    }),
    previous: Sha256,
    hash: Sha256,
  },
  closed,
);
export type AuditRecord = Static<typeof AuditRecord>;

/** `GET /v1/audit`: from the record after this one to the newest. */
export const AuditQuery = Type.Object({ after: Type.Optional(Type.Integer({ minimum: 0 })) }, closed);
export type AuditQuery = Static<typeof AuditQuery>;

/** Answer to `PUT /v1/application/installers/:sha256`. */
export const UploadedInstaller = Type.Object({ sha256: Sha256, size: Type.Integer({ minimum: 1 }) });
export type UploadedInstaller = Static<typeof UploadedInstaller>;
