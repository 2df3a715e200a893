import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { AuthorityError } from '../error.js';
import { readWhole, writeDurably } from '../storage/durable-file.js';

/** A CRL as it is published. */
export interface PublishedCrl {
  readonly der: Buffer;
  readonly number: number;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** How many certificates it revokes. */
  readonly revoked: number;
  /** True: an organization signed it with its own key. */
  readonly isAdopted: boolean;
  /** Strong entity tag, with its quotes. */
  readonly etag: string;
}

const CrlFile = Type.Object({
  number: Type.Integer({ minimum: 0 }),
  thisUpdate: Type.String(),
  nextUpdate: Type.String(),
  revoked: Type.Integer({ minimum: 0 }),
  adopted: Type.Optional(Type.Boolean()),
  crl: Type.String(),
});
type CrlFile = Static<typeof CrlFile>;

export function publishedCrl(fields: Omit<PublishedCrl, 'etag'>): PublishedCrl {
  return { ...fields, etag: `"${createHash('sha256').update(fields.der).digest('hex')}"` };
}

/** @throws {AuthorityError} STORAGE_FAILED */
export async function saveCrl(path: string, crl: PublishedCrl): Promise<void> {
  const file: CrlFile = {
    number: crl.number,
    thisUpdate: crl.thisUpdate.toISOString(),
    nextUpdate: crl.nextUpdate.toISOString(),
    revoked: crl.revoked,
    ...(crl.isAdopted ? { adopted: true } : {}),
    crl: crl.der.toString('base64'),
  };
  await writeDurably(path, `${JSON.stringify(file)}\n`);
}

/** @throws {AuthorityError} STORAGE_FAILED | AUTHORITY_DAMAGED */
export async function loadCrl(path: string): Promise<PublishedCrl | undefined> {
  const bytes = await readWhole(path);
  return bytes === undefined ? undefined : parseCrlFile(bytes, path);
}

/** @throws {AuthorityError} AUTHORITY_DAMAGED */
export function parseCrlFile(bytes: Buffer, path: string): PublishedCrl {
  try {
    const file: unknown = JSON.parse(bytes.toString('utf8'));
    if (Value.Check(CrlFile, file)) {
      return publishedCrl({
        der: Buffer.from(file.crl, 'base64'),
        number: file.number,
        thisUpdate: new Date(file.thisUpdate),
        nextUpdate: new Date(file.nextUpdate),
        revoked: file.revoked,
        isAdopted: file.adopted === true,
      });
    }
  } catch (cause) {
    throw damaged(path, cause);
  }
  throw damaged(path);
}

const damaged = (path: string, cause?: unknown): AuthorityError =>
  new AuthorityError('AUTHORITY_DAMAGED', 'A stored revocation list cannot be read.', { path, cause });
