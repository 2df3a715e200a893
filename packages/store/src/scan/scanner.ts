import { join } from 'node:path';
import type { AskRevocation, RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import type { FastifyBaseLogger } from 'fastify';
import { type Catalog, ownerBy } from '../catalog/catalog.js';
import type { DataFolder } from '../catalog/data-folder.js';
import type { ImageRecord, ReleaseRecord } from '../catalog/release-record.js';
import type { ImageRenderer } from '../images/render-image.js';
import { type JudgedPackage, judgePackageFile } from '../judging/judge-package-file.js';
import type { TakenImage } from '../judging/read-image.js';
import { listPackageFiles, type PackageFile } from './package-files.js';
import { type PublicationProblem, publicationProblemOf } from './publication-problem.js';

export interface ScannerOptions {
  readonly catalog: Catalog;
  readonly folder: DataFolder;
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  readonly images: ImageRenderer;
  readonly clock: () => Date;
  readonly log: FastifyBaseLogger;
}

/** Packages judged at the same time. */
const judgedAtOnce = 2;

/** How strictly a mode asks, for comparing. */
const strictness: Readonly<Record<RevocationMode, number>> = { off: 0, 'when-named': 1, required: 2 };

/**
 * Keeps the catalog equal to the packages folder. A file whose record still fits is taken at its record; a new or
 * changed one is judged, and published or remembered as a problem. One scan runs at a time.
 */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #stop = new AbortController();
  readonly #problems = new Map<
    string,
    { readonly problem: PublicationProblem; readonly seen: PackageFile }
  >();
  #running: Promise<void> | undefined;
  #again: { everything: boolean } | undefined;
  #following: Promise<void> = Promise.resolve();
  /** Records on disk whose file is gone or changed: SHA-256 -> file name. */
  readonly #stale = new Map<string, string>();

  constructor(options: ScannerOptions) {
    this.#options = options;
  }

  /** What in the packages folder is not offered, and why; by file name. */
  problems(): PublicationProblem[] {
    return [...this.#problems.values()]
      .map(({ problem }) => problem)
      .sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  /** Takes over the records of an earlier run. Called once, before the first scan. */
  async load(): Promise<void> {
    const { catalog, folder, log } = this.#options;
    const tellMalformed = (error: Error) => log.warn({ err: error }, 'index record ignored');
    for (const owner of await folder.readOwners(tellMalformed)) catalog.setOwner(owner);
    const records = await folder.readRecords(tellMalformed);
    const images = await folder.retainImages(new Set(records.flatMap(imagesOf)));
    const files = new Map((await listPackageFiles(folder.packagesDir)).map((found) => [found.file, found]));
    for (const record of records.sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1))) {
      const found = files.get(record.file);
      if (found === undefined || !fits(record, found)) {
        this.#stale.set(record.sha256, record.file);
      } else if (this.#isStillTrusted(record) && imagesOf(record).every((image) => images.has(image))) {
        this.#takeOver(record, found);
      }
    }
  }

  #takeOver(record: ReleaseRecord, found: PackageFile): void {
    try {
      this.#options.catalog.add(record);
    } catch (error) {
      this.#refuse(found, error);
    }
  }

  /**
   * Brings the catalog up to date with the folder. Calls during a scan share one that follows it.
   * @param everything  judge also what was refused before and has not changed since
   */
  scan({ everything = false } = {}): Promise<void> {
    if (this.#running === undefined) {
      this.#running = this.#scanOnce(everything).finally(() => {
        this.#running = undefined;
      });
      return this.#running;
    }
    if (this.#again !== undefined) {
      this.#again.everything ||= everything;
      return this.#following;
    }
    const again = { everything };
    this.#again = again;
    const next = (): Promise<void> => {
      this.#again = undefined;
      return this.scan(again);
    };
    this.#following = this.#running.then(next, next);
    return this.#following;
  }

  /** Ends judging; what was published stays published. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.#running, this.#following]);
  }

  async #scanOnce(everything: boolean): Promise<void> {
    const { folder } = this.#options;
    if (this.#stop.signal.aborted || this.#options.anchors.length === 0) return;
    const files = await listPackageFiles(folder.packagesDir);
    const published = this.#withdrawChanged(new Map(files.map((found) => [found.file, found])));
    const todo = files.filter((found) => !published.has(found.file) && this.#isDue(found, everything));
    // Judged side by side, published in order: of two first claims to an id the older file wins.
    const judging: Promise<() => Promise<void>>[] = [];
    for (const found of todo) {
      judging.push(this.#judge(found));
      if (judging.length >= judgedAtOnce) await (await judging.shift())?.();
    }
    for (const judged of judging) await (await judged)();
    await this.#forgetStale();
  }

  /** Records of files that are gone or hold something else by now. One that may yet be judged again keeps its time. */
  async #forgetStale(): Promise<void> {
    const { catalog, folder } = this.#options;
    for (const [sha256, file] of this.#stale) {
      const isCurrent = catalog.package(sha256) !== undefined;
      if (!isCurrent && this.#problems.get(file)?.problem.isPassing === true) continue;
      if (!isCurrent) await folder.removeRecord(sha256);
      this.#stale.delete(sha256);
    }
  }

  /** Takes out releases whose file is gone or changed. Returns the files that stay published. */
  #withdrawChanged(files: ReadonlyMap<string, PackageFile>): Set<string> {
    const { catalog, log } = this.#options;
    const published = new Set<string>();
    for (const { record } of [...catalog.all()]) {
      const found = files.get(record.file);
      if (found !== undefined && fits(record, found)) {
        published.add(record.file);
        continue;
      }
      catalog.remove(record.sha256);
      this.#stale.set(record.sha256, record.file);
      log.info(
        { id: record.id, version: record.version, file: record.file },
        'release withdrawn: file changed',
      );
    }
    for (const file of this.#problems.keys()) if (!files.has(file)) this.#problems.delete(file);
    return published;
  }

  #isDue(found: PackageFile, everything: boolean): boolean {
    const known = this.#problems.get(found.file);
    if (known === undefined || everything || known.problem.isPassing) return true;
    return known.seen.size !== found.size || known.seen.mtimeMs !== found.mtimeMs;
  }

  /** Judges one file; what it resolves to publishes it, or remembers why not. */
  async #judge(found: PackageFile): Promise<() => Promise<void>> {
    const { anchors, revocation, ask, images, clock, log, folder } = this.#options;
    const { file } = found;
    const at = clock();
    try {
      const path = join(folder.packagesDir, file);
      const signal = this.#stop.signal;
      const judged = await judgePackageFile({ path, anchors, revocation, ask, images, at, signal });
      return async () => {
        for (const flaw of judged.flaws) log.warn({ file, flaw }, 'package published with a flaw');
        await this.#publish(found, judged, at);
      };
    } catch (error) {
      return async () => this.#refuse(found, error);
    }
  }

  async #publish(found: PackageFile, judged: JudgedPackage, at: Date): Promise<void> {
    const { catalog, folder, log, revocation } = this.#options;
    try {
      const known = (await folder.readRecord(judged.sha256))?.timestamp;
      const record = recordOf(judged, { file: found.file, revocation, timestamp: known ?? at.toISOString() });
      catalog.assertAdmits(record);
      for (const image of [judged.icon, judged.background])
        if (image !== undefined) await folder.writeImage(image.sha256, image.bytes);
      if (catalog.ownerOf(record.id) === undefined) await folder.writeOwner(ownerBy(record));
      await folder.writeRecord(record);
      catalog.add(record);
      this.#problems.delete(found.file);
      const { id, version, sha256, file, publisher } = record;
      log.info({ id, version, sha256, file, publisher: publisher.name }, 'release published');
    } catch (error) {
      this.#refuse(found, error);
    }
  }

  #refuse(seen: PackageFile, error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const problem = publicationProblemOf(seen.file, error, this.#options.clock());
    // Told once: what is tried again and again is no news each time.
    const level = this.#problems.get(seen.file)?.problem.code === problem.code ? 'debug' : 'warn';
    this.#problems.set(seen.file, { problem, seen });
    const { file, code, message, entry, certificate } = problem;
    const err = code === 'INTERNAL' ? error : undefined;
    this.#options.log[level]({ file, code, entry, certificate, err }, `package not published: ${message}`);
  }

  /** A record counts under the anchors and the strictness of now, not of when it was made. */
  #isStillTrusted(record: ReleaseRecord): boolean {
    const { anchors, revocation } = this.#options;
    return (
      anchors.some(({ certificate }) => certificate.fingerprint === record.anchor) &&
      strictness[record.revocation] >= strictness[revocation]
    );
  }
}

function recordOf(
  judged: JudgedPackage,
  about: Pick<ReleaseRecord, 'file' | 'revocation' | 'timestamp'>,
): ReleaseRecord {
  const { plugin, platforms, sha256, size, mtimeMs, expiresAt, texts, icon, background } = judged;
  const { name, organization, pluginKey } = plugin.publisher;
  return {
    format: 1,
    id: plugin.id,
    version: plugin.version,
    publisher: { name, ...(organization === undefined ? {} : { organization }), pluginKey },
    anchor: plugin.anchor.certificate.fingerprint,
    platforms: platforms === 'any' ? platforms : [...platforms],
    sha256,
    size,
    mtimeMs,
    expiresAt: expiresAt.toISOString(),
    texts,
    icon: imageRecordOf(icon),
    background: imageRecordOf(background),
    ...about,
  };
}

function imageRecordOf(image: TakenImage | undefined): ImageRecord | null {
  if (image === undefined) return null;
  const { entry, sha256, bytes, mediaType } = image;
  return { entry, sha256, size: bytes.length, mediaType };
}

function fits(record: ReleaseRecord, { size, mtimeMs }: PackageFile): boolean {
  return record.size === size && Math.abs(record.mtimeMs - mtimeMs) < 1;
}

function imagesOf({ icon, background }: ReleaseRecord): string[] {
  return [icon, background].flatMap((image) => (image === null ? [] : [image.sha256]));
}
