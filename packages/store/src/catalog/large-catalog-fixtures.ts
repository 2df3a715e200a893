/** A catalog as large as one wishes, put into the tables as publishing would have left them; for benchmarks. */
import { sql } from 'kysely';
import type { StoreDatabase, StoreTransaction } from '../database/database.js';
import { sha256Of } from './catalog-fixtures.js';
import { describePlugin } from './describe-plugin.js';
import type { PackageImage } from './package-facts.js';
import { writeDocument } from './search-index.js';
import { fold } from './search-words.js';
import { versionKey } from './version-key.js';

interface LargeCatalog {
  readonly plugins: number;
  readonly versions: number;
  readonly platforms: readonly string[];
  readonly languages: readonly string[];
  /** Fingerprint of the trust anchor that all was judged under. */
  readonly anchor: string;
  /** When the newest was published. */
  readonly at: Date;
}

const dayMs = 24 * 60 * 60 * 1000;
const categories = ['audio', 'chat', 'games', 'media', 'security', 'tools', 'translation', 'video'];
const organizations = 500;
const pluginsPerTransaction = 1_000;

/** Words as frequent as in texts of people: the first ones are in many plugins, most are in few (Zipf). */
export class Vocabulary {
  readonly #words: readonly string[];
  #seed = 1;

  constructor(size = 20_000) {
    const [heads, tails] = [
      ['b', 'd', 'fr', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v'],
      ['a', 'e', 'i', 'o', 'u'],
    ];
    this.#words = Array.from({ length: size }, (_, index) => {
      let word = '';
      for (let rest = index + 7; rest > 0; rest = Math.floor(rest / (heads.length * tails.length))) {
        const syllable = rest % (heads.length * tails.length);
        word += `${heads[syllable % heads.length]}${tails[Math.floor(syllable / heads.length)]}`;
      }
      return word;
    });
  }

  /** In [0, 1), the same series each time. */
  random(): number {
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#seed / 2 ** 32;
  }

  word(): string {
    const { length } = this.#words;
    return this.#words[Math.floor(length ** this.random()) - 1] ?? 'a';
  }

  words(count: number): string {
    return Array.from({ length: count }, () => this.word()).join(' ');
  }
}

/** Fills an empty, migrated database. */
export async function fillCatalog(database: StoreDatabase, catalog: LargeCatalog): Promise<void> {
  const words = new Vocabulary();
  await database.transact(async (tx) => {
    await addOrganizations(tx, catalog.at.getTime());
    const root = { sha256: catalog.anchor, name: 'Root', issuer: 'Root' };
    await addCertificates(tx, catalog.at, [
      root,
      ...Array.from({ length: organizations }, (_, number) => certificateOf(number)),
    ]);
    await tx
      .insertInto('languages')
      .values(catalog.languages.map((language) => ({ language })))
      .execute();
  });
  for (let first = 0; first < catalog.plugins; first += pluginsPerTransaction) {
    const count = Math.min(pluginsPerTransaction, catalog.plugins - first);
    await database.transact((tx) => addPlugins(tx, database, catalog, words, first, count));
  }
  await database.transact(async (tx) => {
    await tx.insertInto('counters').values({ name: 'listed', value: catalog.plugins }).execute();
    await sql`analyze`.execute(tx);
  });
}

const organizationOf = (number: number): string => sha256Of(`organization ${number % organizations}`);

async function addOrganizations(tx: StoreTransaction, at: number): Promise<void> {
  for (let number = 0; number < organizations; number += 1) {
    await tx
      .insertInto('organizations')
      .values({
        identity: organizationOf(number),
        kind: 'organization',
        name: `Organization ${number}`,
        created_at: at,
      })
      .execute();
  }
}

interface CatalogCertificate {
  readonly sha256: string;
  readonly name: string;
  readonly issuer: string;
}

/** An organization's. */
const certificateOf = (number: number): CatalogCertificate => ({
  sha256: sha256Of(`certificate of organization ${number % organizations}`),
  name: `Organization ${number % organizations}`,
  issuer: 'Root',
});

const certificateOfPlugin = (number: number): CatalogCertificate => ({
  sha256: sha256Of(`certificate of plugin ${number}`),
  name: `Plugin ${number}`,
  issuer: `Organization ${number % organizations}`,
});

/** As long as real ones are. */
const der = Buffer.alloc(1_200, 0x30).toString('base64');

async function addCertificates(
  tx: StoreTransaction,
  at: Date,
  certificates: readonly CatalogCertificate[],
): Promise<void> {
  const rows = certificates.map(({ sha256, name, issuer }) => ({
    sha256,
    der,
    name,
    subject: `CN=${name}`,
    issuer: `CN=${issuer}`,
    serial_number: sha256.slice(0, 32),
    not_before: at.getTime() - 1_000 * dayMs,
    not_after: at.getTime() + 365 * dayMs,
    asked_at: at.getTime(),
  }));
  await inParts(rows, (part) => tx.insertInto('certificates').values(part).execute());
}

/** JSON of one. */
function imageOf(what: string, entry: string, size: number): string {
  const image: PackageImage = { entry, sha256: sha256Of(what), size, mediaType: 'image/webp' };
  return JSON.stringify(image);
}

async function inParts<Row>(rows: readonly Row[], write: (part: Row[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < rows.length; from += 500) await write(rows.slice(from, from + 500));
}

async function addPlugins(
  tx: StoreTransaction,
  { kind }: StoreDatabase,
  { plugins, versions, platforms, languages, anchor, at }: LargeCatalog,
  words: Vocabulary,
  first: number,
  count: number,
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => first + index + 1);
  const publishedAt = (number: number, version: number): number =>
    at.getTime() - (plugins - number) * 60_000 - (versions - version) * dayMs;
  const titles = new Map(numbers.map((number) => [number, words.words(2)]));
  const releaseOf = (number: number, version: number): number => (number - 1) * versions + version;
  await inParts(
    numbers.map((number) => ({
      number,
      id: `${(titles.get(number) ?? '').replace(' ', '-')}-${number}`,
      id_key: `${(titles.get(number) ?? '').replace(' ', '-')}-${number}`,
      owner: organizationOf(number),
      owner_key: sha256Of(`key ${number % organizations}`),
      created_at: publishedAt(number, 1),
      deprecated_at: null,
      deprecated_reason: null,
      deprecated_successor: null,
      downloads: Math.floor(1_000_000 * words.random() ** 6),
      newest_package: releaseOf(number, versions),
      listed: number,
      name_key: fold(titles.get(number) ?? ''),
    })),
    (part) => tx.insertInto('plugins').values(part).execute(),
  );
  await inParts(
    numbers.map((number) => ({
      plugin_number: number,
      category: categories[number % categories.length] ?? '',
    })),
    (part) => tx.insertInto('plugin_categories').values(part).execute(),
  );
  const each = numbers.flatMap((number) =>
    Array.from({ length: versions }, (_, index) => ({ number, version: index + 1 })),
  );
  await inParts(
    each.map(({ number, version }) => ({
      number: releaseOf(number, version),
      plugin_number: number,
      version: `1.${version}`,
      version_key: versionKey(`1.${version}`),
      changelog: words.words(12),
      created_at: publishedAt(number, version),
      published_at: publishedAt(number, version),
      yanked_at: null,
      yanked_reason: null,
    })),
    (part) => tx.insertInto('releases').values(part).execute(),
  );
  await inParts(
    each.map(({ number, version }) => ({
      number: releaseOf(number, version),
      sha256: sha256Of(`package ${number} ${version}`),
      plugin_number: number,
      release_number: releaseOf(number, version),
      version: `1.${version}`,
      content_sha256: sha256Of(`content ${number} ${version}`),
      state: 'published' as const,
      size: 100_000 + number,
      platforms: JSON.stringify(platforms),
      files: 7,
      publisher: organizationOf(number),
      publisher_name: `Organization ${number % organizations}`,
      publisher_key: sha256Of(`key ${number % organizations}`),
      anchor,
      revocation_mode: 'required' as const,
      expires_at: at.getTime() + 365 * dayMs,
      languages: JSON.stringify(languages),
      categories: JSON.stringify([categories[number % categories.length]]),
      icon: imageOf(`icon ${number} ${version}`, 'data/icon.png', 4_000),
      background: imageOf(`background ${number} ${version}`, 'data/background.jpg', 60_000),
      submitted_at: publishedAt(number, version),
      submitted_by: 'bench',
      decided_at: null,
      decided_by: null,
      decision_reason: null,
      published_at: publishedAt(number, version),
      suspended_at: null,
      revoked_at: null,
      revoked_reason: null,
    })),
    (part) => tx.insertInto('packages').values(part).execute(),
  );
  await addCertificates(tx, at, numbers.map(certificateOfPlugin));
  const root = { sha256: anchor };
  await inParts(
    each.flatMap(({ number, version }) =>
      [certificateOfPlugin(number), certificateOf(number), root].map(({ sha256 }, position) => ({
        package_number: releaseOf(number, version),
        position,
        certificate: sha256,
      })),
    ),
    (part) => tx.insertInto('package_certificates').values(part).execute(),
  );
  await inParts(
    each.flatMap(({ number, version }) =>
      languages.map((language) => ({
        package_number: releaseOf(number, version),
        language,
        name: titles.get(number) ?? '',
        description: words.words(30),
      })),
    ),
    (part) => tx.insertInto('package_texts').values(part).execute(),
  );
  await inParts(
    numbers.flatMap((number) =>
      platforms.map((platform) => ({
        plugin_number: number,
        platform,
        package_number: releaseOf(number, versions),
        published_at: publishedAt(number, versions),
        expires_at: at.getTime() + 365 * dayMs,
      })),
    ),
    (part) => tx.insertInto('offers').values(part).execute(),
  );
  for (const number of numbers) {
    const { document } = await describePlugin(tx, number, releaseOf(number, versions));
    await writeDocument(tx, kind, number, document);
  }
}
