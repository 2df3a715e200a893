import { type Static, Type } from 'typebox';

/** Where applications that update themselves look. The first two answer a plain version number, as Jami's do. */
export const applicationPaths = {
  version: '/version',
  betaVersion: '/beta/version',
  manifest: (channel: ApplicationChannel) => `/v1/application/${channel}`,
  /** The installer, by its digest: never changes. */
  installer: (sha256: string) => `/v1/application/installers/${encodeURIComponent(sha256)}`,
} as const;

export const ApplicationChannel = Type.Enum(['stable', 'beta']);
export type ApplicationChannel = Static<typeof ApplicationChannel>;

const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lowercase hex' });

/** One installer of a release. */
export const ApplicationInstaller = Type.Object(
  {
    /** As plugins name them, e.g. `x64-windows`. */
    platform: Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
    fileName: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' }),
    size: Type.Integer({ minimum: 1, maximum: 4_294_967_296, description: 'bytes' }),
    sha256: Sha256,
    /** Relative to the store's base URL, or absolute https. */
    url: Type.String({ minLength: 1, maxLength: 2048 }),
  },
  { additionalProperties: false },
);
export type ApplicationInstaller = Static<typeof ApplicationInstaller>;

/** What the application's own key signs: the exact bytes of this JSON text. */
export const ApplicationRelease = Type.Object(
  {
    format: Type.Literal(1),
    /** Name of the application, which its installed copy compares with its own. */
    application: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{0,63}$' }),
    channel: ApplicationChannel,
    version: Type.String({ minLength: 1, maxLength: 256 }),
    publishedAt: Type.String({ format: 'date-time' }),
    /** From then on it is no news any more: an old manifest cannot be shown for ever. */
    expiresAt: Type.String({ format: 'date-time' }),
    notes: Type.Optional(Type.String({ maxLength: 16_384 })),
    installers: Type.Array(ApplicationInstaller, { minItems: 1, maxItems: 32 }),
  },
  { additionalProperties: false },
);
export type ApplicationRelease = Static<typeof ApplicationRelease>;

/** `GET /v1/application/:channel`: the release as it was signed, and the signature. */
export const SignedApplicationRelease = Type.Object(
  {
    /** The JSON text of an {@link ApplicationRelease}, base64. */
    payload: Type.String({ minLength: 1, maxLength: 262_144 }),
    /** Ed25519, or ECDSA P-256 with SHA-256 (DER), over the bytes of the payload; base64. */
    signature: Type.String({ minLength: 1, maxLength: 1024 }),
    /** SHA-256 of the signing key's SubjectPublicKeyInfo: which of the pinned keys it is. */
    keyId: Sha256,
  },
  { additionalProperties: false },
);
export type SignedApplicationRelease = Static<typeof SignedApplicationRelease>;
