/** A catalog for tests: packages as a judgement would have found them, without any archive. */
import { createHash } from 'node:crypto';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import type { PackageFacts } from './package-facts.js';
import { type RecordedPackage, recordPackage, type Submission } from './record-package.js';
import { refreshPlugin } from './refresh-plugin.js';

export const linux = 'x86_64-linux-gnu';
export const windows = 'x64-windows';

/** The instant at which the fixtures' packages are handed in. */
export const publishedAt = new Date('2029-12-01T00:00:00.000Z');

export const sha256Of = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

/** A publisher by its name; the same name is the same organization and key. */
export function publisherNamed(name: string): PackageFacts['publisher'] {
  return { name, organization: sha256Of(`organization ${name}`), pluginKey: sha256Of(`key ${name}`) };
}

export function factsOf(given: Partial<PackageFacts> & { readonly id: string }): PackageFacts {
  const { id, version = '1.0.0' } = given;
  return {
    sha256: sha256Of(JSON.stringify(given)),
    size: 1000,
    version,
    publisher: publisherNamed('Acme'),
    anchor: sha256Of('root'),
    revocation: 'required',
    platforms: [linux],
    files: 7,
    contentSha256: sha256Of(`content of ${JSON.stringify({ ...given, publisher: undefined })}`),
    expiresAt: new Date('2031-01-01T00:00:00.000Z'),
    texts: { en: { name: id, description: `About ${id}` } },
    categories: [],
    icon: undefined,
    background: undefined,
    path: [],
    ...given,
  };
}

/** Hands a package in and publishes it at once. @param first  done before, in the same transaction */
export function publish(
  database: StoreDatabase,
  given: Parameters<typeof factsOf>[0],
  submission: Partial<Submission> = {},
  first: (tx: StoreTransaction) => Promise<void> = async () => {},
): Promise<RecordedPackage> {
  const at = submission.at ?? publishedAt;
  return database.transact(async (tx) => {
    await first(tx);
    const recorded = await recordPackage(tx, database.kind, {
      facts: factsOf(given),
      state: 'published',
      actor: 'test',
      ...submission,
      at,
    });
    await refreshPlugin(tx, database.kind, recorded.plugin, at);
    return recorded;
  });
}
