import { createHash } from 'node:crypto';
import {
  type Certificate,
  type Publisher,
  parseCertificate,
  TrustError,
  type VerifiedPlugin,
} from '@jami-plugin-store/trust';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Disk } from '../disk/disk.js';
import { DaemonError } from '../error.js';

const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Optional = Type.Optional(Type.String());

/**
 * What is remembered about one installed tree, written beside it before it becomes active. With the package's own `signatures`,
 * `signatures.sig` and certificate, which stand in the tree, it is enough to verify the files again without the package.
 */
export const InstallRecord = Type.Object({
  format: Type.Literal(1),
  id: Type.String(),
  version: Type.String(),
  /** The platform whose libraries were installed. */
  platform: Type.String(),
  /** Of the package, and its bytes; nobody knows them of a folder that was adopted. */
  sha256: Type.Optional(Hash),
  size: Type.Optional(Type.Integer({ minimum: 1 })),
  publisher: Type.Object({ name: Type.String(), organization: Type.Optional(Hash), pluginKey: Hash }),
  /** The plugin key the files were verified with, SubjectPublicKeyInfo, base64. */
  pluginKeySpki: Type.String(),
  /** Of the package's certificate file, which no signature covers. */
  certificateSha256: Hash,
  /** The certificate path as judged, plugin first, anchor last: DER, base64, and its readable part. */
  path: Type.Array(
    Type.Object({
      der: Type.String(),
      subject: Type.String(),
      issuer: Type.String(),
      notAfter: Type.String(),
    }),
    { minItems: 1 },
  ),
  /** The instant of judgement, and when the tree was written. */
  judgedAt: Type.String(),
  installedAt: Type.String(),
  revocationMode: Type.Enum(['required', 'when-named', 'off']),
  revocation: Type.Array(
    Type.Object({
      subject: Type.String(),
      status: Type.Enum(['good', 'revoked', 'unknown', 'not-offered', 'not-asked']),
      source: Type.Enum(['ocsp', 'crl', 'none']),
      url: Optional,
      thisUpdate: Optional,
      nextUpdate: Optional,
    }),
  ),
  store: Optional,
  /** Signed files that were verified. */
  files: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Library files in the root of the tree. */
  libraries: Type.Array(Type.String()),
  /** Tree that was active before this one, kept for rollback. */
  previous: Type.Optional(Type.Object({ tree: Type.String(), version: Type.String() })),
});
export type InstallRecord = Static<typeof InstallRecord>;

const check = Compile(InstallRecord);
const maxRecordBytes = 1024 * 1024;

export interface RecordFacts {
  readonly platform: string;
  readonly sha256?: string | undefined;
  readonly size?: number | undefined;
  readonly store: string | undefined;
  readonly libraries: readonly string[];
  readonly previous: { readonly tree: string; readonly version: string } | undefined;
  readonly installedAt: Date;
}

/** What a judgement says of a plugin, as far as it is recorded. */
export type JudgedPlugin = Pick<
  VerifiedPlugin,
  'id' | 'version' | 'publisher' | 'path' | 'revocationMode' | 'revocation' | 'at' | 'files' | 'evidence'
>;

/** The record of a plugin that was verified. */
export function recordOf(plugin: JudgedPlugin, facts: RecordFacts): InstallRecord {
  const [leaf] = plugin.path;
  if (leaf === undefined) throw new DaemonError('INTERNAL_ERROR', 'A verified plugin has an empty path.');
  return {
    format: 1,
    id: plugin.id,
    version: plugin.version,
    platform: facts.platform,
    ...given('sha256', facts.sha256),
    ...given('size', facts.size),
    publisher: publisherFields(plugin.publisher),
    pluginKeySpki: Buffer.from(leaf.publicKey.spki).toString('base64'),
    certificateSha256: createHash('sha256').update(plugin.evidence.certificatePem).digest('hex'),
    path: plugin.path.map((certificate) => ({
      der: Buffer.from(certificate.der).toString('base64'),
      subject: certificate.subject.text,
      issuer: certificate.issuer.text,
      notAfter: certificate.notAfter.toISOString(),
    })),
    judgedAt: plugin.at.toISOString(),
    installedAt: facts.installedAt.toISOString(),
    revocationMode: plugin.revocationMode,
    revocation: plugin.revocation.map((finding) => ({
      subject: finding.certificate.subject.text,
      status: finding.status,
      source: finding.source,
      ...given('url', finding.url),
      ...given('thisUpdate', finding.thisUpdate?.toISOString()),
      ...given('nextUpdate', finding.nextUpdate?.toISOString()),
    })),
    files: plugin.files,
    libraries: [...facts.libraries],
    ...given('store', facts.store),
    ...given('previous', facts.previous),
  };
}

/**
 * The certificate path as judged, plugin first, anchor last.
 * @throws {DaemonError} RECORD_DAMAGED
 */
export function recordedPath({ id, path }: Pick<InstallRecord, 'id' | 'path'>): Certificate[] {
  try {
    return path.map(({ der }) => parseCertificate(Buffer.from(der, 'base64')));
  } catch (cause) {
    if (!(cause instanceof TrustError)) throw cause;
    const why = `its certificates cannot be read: ${cause.message}`;
    throw new DaemonError('RECORD_DAMAGED', `The record of the installed plugin ${id} is damaged: ${why}`, {
      cause,
    });
  }
}

/** A publisher without the keys it does not have. */
export function publisherFields(publisher: Publisher): InstallRecord['publisher'] {
  const { name, organization, pluginKey } = publisher;
  return { name, pluginKey, ...given('organization', organization) };
}

export function encodeRecord(record: InstallRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 1)}\n`);
}

/** @throws {DaemonError} RECORD_DAMAGED when it is missing, unreadable, or of another plugin */
export async function readRecord(disk: Disk, path: string, id: string): Promise<InstallRecord> {
  try {
    const record: unknown = JSON.parse((await disk.readFile(path, maxRecordBytes)).toString('utf8'));
    if (!check.Check(record)) throw new Error('a field is missing or has the wrong form');
    if (record.id !== id) throw new Error(`it is the record of ${JSON.stringify(record.id)}`);
    return record;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DaemonError(
      'RECORD_DAMAGED',
      `The record of the installed plugin ${id} cannot be read: ${why}`,
      {
        path,
        cause,
      },
    );
  }
}

/** `{ name: value }`, or nothing: an absent property is not one that holds `undefined`. */
export function given<Name extends string, Value>(
  name: Name,
  value: Value | undefined,
): { [K in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: Value });
}
