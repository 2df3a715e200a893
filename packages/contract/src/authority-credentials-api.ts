import { type Static, Type } from 'typebox';
import { Actor, Instant, ValidityDays } from './authority-api.js';

/**
 * The name every certificate of the administrative TLS listener carries (subjectAltName). Clients send it as SNI and check it,
 * whatever address they connect to: the administration CA certifies no other server, so the name of the machine says nothing more.
 */
export const administrationServerName = 'administration.jpl.internal';

/**
 * A credential file is PEM: the client certificate, its private key (PKCS#8; absent where the holder made the key itself and adds
 * it), then the certificate of the administration CA, which alone vouches for the server. Text between the blocks is allowed.
 */
export const credentialFileLabels = { certificate: 'CERTIFICATE', privateKey: 'PRIVATE KEY' } as const;

export const CredentialRole = Type.Union([Type.Literal('reviewer'), Type.Literal('store')]);
export type CredentialRole = Static<typeof CredentialRole>;

export const credentialNamePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

const CredentialName = Type.String({
  pattern: credentialNamePattern,
  description: 'Who holds it; stands in the ledger as the actor of what it did',
});

export const Credential = Type.Object({
  name: CredentialName,
  role: CredentialRole,
  fingerprint: Type.String({ description: 'SHA-256 of the certificate, hex' }),
  issuedAt: Instant,
  notBefore: Instant,
  notAfter: Instant,
  state: Type.Union([Type.Literal('good'), Type.Literal('expired'), Type.Literal('revoked')]),
  revokedAt: Type.Optional(Instant),
});
export type Credential = Static<typeof Credential>;

export const CredentialList = Type.Object({ credentials: Type.Array(Credential) });

export const IssueCredentialRequest = Type.Object(
  {
    name: CredentialName,
    role: CredentialRole,
    /** PKCS#10 of a key that the holder made; without one the authority makes a key and hands it out once. */
    csr: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32_768,
        description: 'PKCS#10 request, base64 of its PEM, DER or gzipped bytes',
      }),
    ),
    /** 365 without it. */
    validityDays: ValidityDays,
    actor: Actor,
  },
  { additionalProperties: false },
);
export type IssueCredentialRequest = Static<typeof IssueCredentialRequest>;

export const IssuedCredential = Type.Intersect([
  Credential,
  Type.Object({ bundlePem: Type.String({ description: 'The credential file' }) }),
]);
export type IssuedCredential = Static<typeof IssuedCredential>;

export const RevokeCredentialRequest = Type.Object(
  {
    /** Name of the one in force, or a fingerprint. */
    credential: Type.String({ minLength: 1, maxLength: 100 }),
    actor: Actor,
  },
  { additionalProperties: false },
);
export type RevokeCredentialRequest = Static<typeof RevokeCredentialRequest>;
