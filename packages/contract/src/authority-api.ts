import { type Static, Type } from 'typebox';

// A misspelt member of a request is refused, not ignored.
const closed = { additionalProperties: false } as const;

export const Instant = Type.String({ description: 'RFC 3339, UTC', maxLength: 30 });
export const IssuerId = Type.String({
  pattern: '^(?:root|[0-9a-f]{40})$',
  description: '`root` or a key identifier',
});
export const Actor = Type.Optional(
  Type.String({ minLength: 1, maxLength: 200, description: 'Who decided, for the ledger' }),
);
const Csr = Type.String({
  minLength: 1,
  maxLength: 32_768,
  description: 'PKCS#10 request, base64 of its PEM, DER or gzipped bytes',
});
const CertificateText = Type.String({
  minLength: 1,
  maxLength: 65_536,
  description: 'Certificate, base64 of its PEM or DER',
});
export const ValidityDays = Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 }));
const RequestId = Type.Optional(
  Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{7,99}$',
    description:
      'Names this wish for ever: asked again under the same id, the authority gives the certificate it issued then, not a second one',
  }),
);

export const CertificateKind = Type.Union([
  Type.Literal('root'),
  Type.Literal('organization'),
  Type.Literal('plugin'),
  Type.Literal('responder'),
]);
export type CertificateKind = Static<typeof CertificateKind>;

/** Reasons for revoking that this authority gives (RFC 5280 5.3.1 without the reversible ones). */
export const RevocationReasonName = Type.Union([
  Type.Literal('unspecified'),
  Type.Literal('keyCompromise'),
  Type.Literal('cACompromise'),
  Type.Literal('affiliationChanged'),
  Type.Literal('superseded'),
  Type.Literal('cessationOfOperation'),
  Type.Literal('privilegeWithdrawn'),
]);
export type RevocationReasonName = Static<typeof RevocationReasonName>;

/** One certificate of the ledger. */
export const CertificateRecord = Type.Object({
  sequence: Type.Integer({ description: 'Position among the issued certificates, from 1' }),
  kind: CertificateKind,
  issuer: IssuerId,
  serialNumber: Type.String({ description: 'Hex, lowercase' }),
  subject: Type.String({ description: 'RFC 4514' }),
  notBefore: Instant,
  notAfter: Instant,
  fingerprint: Type.String({ description: 'SHA-256 of the DER, hex' }),
  /** Key identifier of the certified key; for an organization also its issuer id. */
  keyId: Type.String(),
  /** The serialNumber in an organization's name: assigned once, never reused. */
  organization: Type.Optional(Type.String()),
  signedHere: Type.Boolean({ description: 'False: registered, signed by the organization itself' }),
  issuedAt: Instant,
  revocation: Type.Optional(Type.Object({ at: Instant, reason: RevocationReasonName })),
});
export type CertificateRecord = Static<typeof CertificateRecord>;

export const IssuedCertificate = Type.Intersect([
  CertificateRecord,
  Type.Object({
    pem: Type.String({ description: 'The certificate' }),
    chainPem: Type.String({ description: 'The certificate and its issuers below the root, in order' }),
  }),
]);
export type IssuedCertificate = Static<typeof IssuedCertificate>;

export const Issuer = Type.Object({
  id: IssuerId,
  subject: Type.String(),
  organization: Type.Optional(Type.String()),
  keyHeldHere: Type.Boolean(),
  answersOcsp: Type.Boolean({
    description: 'False: an organization with its own key that delegated nothing',
  }),
  publishesCrl: Type.Boolean(),
  notAfter: Instant,
  revoked: Type.Boolean(),
});
export type Issuer = Static<typeof Issuer>;

export const AuthorityStatus = Type.Object({
  name: Type.String(),
  baseUrl: Type.String(),
  rootFingerprint: Type.String({ description: 'SHA-256 of the root certificate, hex' }),
  rootNotAfter: Instant,
  issued: Type.Integer(),
  revoked: Type.Integer(),
  ledgerHead: Type.String({ description: 'Hash that names the whole history' }),
  /** Work that is due and failed, such as a CRL that could not be renewed. Empty when all is well. */
  troubles: Type.Array(Type.Object({ code: Type.String(), message: Type.String(), at: Instant })),
});
export type AuthorityStatus = Static<typeof AuthorityStatus>;

export const IssueOrganizationRequest = Type.Object(
  {
    csr: Csr,
    validityDays: ValidityDays,
    /** The assigned serialNumber of an organization whose certificate is renewed or replaced. */
    organization: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    requestId: RequestId,
    actor: Actor,
  },
  closed,
);
export type IssueOrganizationRequest = Static<typeof IssueOrganizationRequest>;

/** An organization whose key the authority makes and holds. */
export const CreateOrganizationRequest = Type.Object(
  {
    commonName: Type.String({ minLength: 1, maxLength: 64 }),
    organizationName: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    country: Type.Optional(Type.String({ minLength: 2, maxLength: 2 })),
    keyType: Type.Optional(
      Type.Union([
        Type.Literal('ec-p256'),
        Type.Literal('ec-p384'),
        Type.Literal('ec-p521'),
        Type.Literal('rsa-2048'),
        Type.Literal('rsa-3072'),
        Type.Literal('rsa-4096'),
        Type.Literal('ed25519'),
      ]),
    ),
    validityDays: ValidityDays,
    requestId: RequestId,
    actor: Actor,
  },
  closed,
);
export type CreateOrganizationRequest = Static<typeof CreateOrganizationRequest>;

/** A new certificate for the same key of a hosted organization. */
export const RenewOrganizationRequest = Type.Object(
  {
    organization: Type.String({ minLength: 1, maxLength: 64 }),
    validityDays: ValidityDays,
    requestId: RequestId,
    actor: Actor,
  },
  closed,
);
export type RenewOrganizationRequest = Static<typeof RenewOrganizationRequest>;

export const IssuePluginRequest = Type.Object(
  {
    csr: Csr,
    issuer: IssuerId,
    validityDays: ValidityDays,
    requestId: RequestId,
    actor: Actor,
  },
  closed,
);
export type IssuePluginRequest = Static<typeof IssuePluginRequest>;

/** Asks what issuing would do with a request. Nothing is issued, nothing is kept. */
export const RequestCheckRequest = Type.Object(
  {
    csr: Csr,
    use: Type.Union([Type.Literal('organization'), Type.Literal('plugin')]),
    /** Of a plugin's certificate; without it only what holds for every issuer is checked. */
    issuer: Type.Optional(IssuerId),
    /** The assigned serialNumber of an organization whose certificate would be renewed or replaced. */
    organization: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  closed,
);
export type RequestCheckRequest = Static<typeof RequestCheckRequest>;

/** What would be issued. A request that would be refused is answered with exactly the refusal that issuing gives. */
export const RequestCheck = Type.Object({
  use: Type.Union([Type.Literal('organization'), Type.Literal('plugin')]),
  subject: Type.String({
    description: 'RFC 4514; an organization is given its serialNumber when it is issued',
  }),
  commonName: Type.String(),
  keyType: Type.Union([
    Type.Literal('rsa'),
    Type.Literal('ec-p256'),
    Type.Literal('ec-p384'),
    Type.Literal('ec-p521'),
    Type.Literal('ed25519'),
  ]),
  keyBits: Type.Integer(),
  keyId: Type.String({ description: 'RFC 7093 key identifier, hex' }),
  publicKeySha256: Type.String({ description: 'SHA-256 of the SubjectPublicKeyInfo, hex' }),
  requestSha256: Type.String({
    description: 'SHA-256 of the request in DER, hex: the same however it was packed',
  }),
  validityDays: Type.Integer({ description: 'Unless the reviewer chooses another' }),
});
export type RequestCheck = Static<typeof RequestCheck>;

export const RevokeRequest = Type.Object(
  {
    /** Serial number or SHA-256 fingerprint, hex; colons and capitals are fine. */
    certificate: Type.String({ minLength: 2, maxLength: 100 }),
    /** Needed only where two issuers used one serial number. */
    issuer: Type.Optional(IssuerId),
    reason: Type.String({ minLength: 1, maxLength: 40, description: 'RFC 5280 5.3.1 name' }),
    actor: Actor,
  },
  closed,
);
export type RevokeRequest = Static<typeof RevokeRequest>;

export const RevocationOutcome = Type.Object({
  certificate: CertificateRecord,
  /** True: it was revoked before, with the date and reason in `certificate`. */
  already: Type.Boolean(),
  /** Number of the CRL that carries it; absent where the organization signs its own. */
  crlNumber: Type.Optional(Type.Integer()),
});
export type RevocationOutcome = Static<typeof RevocationOutcome>;

export const CertificateQuery = Type.Object(
  {
    kind: Type.Optional(CertificateKind),
    issuer: Type.Optional(IssuerId),
    state: Type.Optional(Type.Union([Type.Literal('good'), Type.Literal('revoked')])),
    /** Only certificates after this sequence. */
    after: Type.Optional(Type.Integer({ minimum: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  closed,
);
export type CertificateQuery = Static<typeof CertificateQuery>;

export const CertificatePage = Type.Object({
  certificates: Type.Array(CertificateRecord),
  /** `after` of the next page; absent on the last. */
  next: Type.Optional(Type.Integer()),
});
export type CertificatePage = Static<typeof CertificatePage>;

export const CertificateReference = Type.Object(
  {
    certificate: Type.String({ minLength: 2, maxLength: 100 }),
  },
  closed,
);

export const DelegationRequestRequest = Type.Object({ issuer: IssuerId }, closed);
/** A request that the organization signs with its own key (`jpl ca delegate`). */
export const DelegationRequest = Type.Object({ issuer: IssuerId, csrPem: Type.String() });
export type DelegationRequest = Static<typeof DelegationRequest>;

export const AdoptCertificateRequest = Type.Object({ certificate: CertificateText, actor: Actor }, closed);
export type AdoptCertificateRequest = Static<typeof AdoptCertificateRequest>;

export const AdoptCrlRequest = Type.Object(
  {
    issuer: IssuerId,
    crl: Type.String({ minLength: 1, maxLength: 4_194_304, description: 'CRL, base64 of its DER' }),
  },
  closed,
);
export type AdoptCrlRequest = Static<typeof AdoptCrlRequest>;

export const AdoptedCrl = Type.Object({ issuer: IssuerId, crlNumber: Type.Integer() });
export type AdoptedCrl = Static<typeof AdoptedCrl>;

export const IssuerList = Type.Object({ issuers: Type.Array(Issuer) });
