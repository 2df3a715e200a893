import { createHash, type KeyObject } from 'node:crypto';
import { createKeyAndCsr, initAuthority, openAuthority } from '@jami-plugin-store/authority';
import { type PackageEntry, signEntries, writeArchive } from '@jami-plugin-store/jpl';

/** A plugin key of 4096 bits, its certificate and the root to judge it under. */
export interface SigningSet {
  readonly privateKey: KeyObject;
  readonly certificatePem: Buffer;
  readonly rootPem: string;
}

/** A real authority in `dir` certifies an organization and one plugin key. */
export async function makeSigningSet(dir: string, at: Date): Promise<SigningSet> {
  const clock = () => at;
  const { rootPem } = await initAuthority({
    dir,
    name: 'Benchmark root',
    baseUrl: 'http://127.0.0.1:9',
    clock,
  });
  await using authority = await openAuthority({ dir, clock });
  const organization = await authority.createOrganization({ commonName: 'Benchmark organization' });
  const { privateKey, csrPem } = await createKeyAndCsr({ subject: { CN: 'Bench' }, keyType: 'rsa-4096' });
  const issued = await authority.issuePlugin(Buffer.from(csrPem), { issuer: organization.keyId });
  return { privateKey, certificatePem: Buffer.from(issued.chainPem), rootPem };
}

/**
 * Bytes that deflate to about half, as native code does: runs out of a small alphabet between runs of noise.
 * The same seed gives the same bytes.
 */
export function halfCompressible(length: number, seed: string): Buffer {
  const bytes = Buffer.alloc(length);
  let block = createHash('sha512').update(seed).digest();
  for (let offset = 0; offset < length; offset += 128) {
    block = createHash('sha512').update(block).digest();
    block.copy(bytes, offset);
    for (let i = offset + 64; i < Math.min(offset + 128, length); i += 1) bytes[i] = (block[i & 7] ?? 0) & 15;
  }
  return bytes;
}

export interface SampleShape {
  readonly files: number;
  readonly fileBytes: number;
  /** Adds a native library of this size. */
  readonly libraryBytes?: number | undefined;
}

/** Writes a signed package of this shape. */
export async function makePackage(
  file: string,
  shape: SampleShape,
  signing: SigningSet,
  platform: string,
): Promise<void> {
  const manifest = { id: 'Bench', name: 'Bench', description: 'made to be measured', version: '1.0.0' };
  const entries: PackageEntry[] = [{ name: 'manifest.json', data: Buffer.from(JSON.stringify(manifest)) }];
  const dataFiles = shape.files - (shape.libraryBytes === undefined ? 1 : 2);
  for (let i = 0; i < dataFiles; i += 1) {
    entries.push({
      name: `data/${i % 16}/file-${i}.bin`,
      data: halfCompressible(shape.fileBytes, `file ${i}`),
    });
  }
  if (shape.libraryBytes !== undefined) {
    entries.push({
      name: `lib/${platform}/libBench.so`,
      data: halfCompressible(shape.libraryBytes, 'library'),
    });
  }
  const { privateKey, certificatePem } = signing;
  await writeArchive(await signEntries({ entries, privateKey, certificatePem, id: 'Bench' }), file);
}
