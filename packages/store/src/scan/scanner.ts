import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyBaseLogger } from 'fastify';
import type { BlobStore } from '../blobs/blob-store.js';
import { holdBlobs } from '../blobs/sweep-lock.js';
import type { StoreDatabase } from '../database/database.js';
import { rehearse } from '../database/rehearse.js';
import type { JudgePolicy } from '../judging/judge-package-file.js';
import { factsOf } from '../judging/package-facts-of.js';
import { giveLeaseBack, takeLease } from '../revoking/lease.js';
import { importPackage, withdrawFile } from './import-package.js';
import { type ImportedFile, isAsImported, readImportedFiles } from './imported-files.js';
import { type JudgedFile, judgeFile } from './judge-file.js';
import { listPackageFiles, type PackageFile } from './package-files.js';
import { type PublicationProblem, publicationProblemOf } from './publication-problem.js';

export interface ScannerOptions {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  /** Holds the packages. */
  readonly packagesDir: string;
  /** From `folderName`. */
  readonly folder: string;
  readonly judging: JudgePolicy;
  readonly clock: () => Date;
  readonly log: FastifyBaseLogger;
}

/** Packages judged at the same time. */
const judgedAtOnce = 2;

/** One process at a time looks after a folder; another takes over this long after it was killed. */
const leaseMs = 15_000;

/** What has been looked at in one scan. */
interface Scan {
  /** Imported before, and gone or another by now; emptied as their successors come in. */
  readonly gone: Map<string, ImportedFile>;
}

/**
 * Keeps what is published equal to the packages folder: a new or changed file is judged, and published or remembered as a problem; what is gone
 * is taken out. One scan runs at a time, in one process.
 */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #stop = new AbortController();
  readonly #holder = randomUUID();
  readonly #problems = new Map<
    string,
    { readonly problem: PublicationProblem; readonly seen: PackageFile }
  >();
  #running: Promise<void> | undefined;
  #again: { everything: boolean } | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(options: ScannerOptions) {
    this.#options = options;
  }

  /** What in the packages folder is not offered, and why; by file name. Known to the process that looks after the folder. */
  problems(): PublicationProblem[] {
    return [...this.#problems.values()]
      .map(({ problem }) => problem)
      .sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  /**
   * Brings what is published up to date with the folder. Calls during a scan share one that follows it.
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
    const { database, log } = this.#options;
    await giveLeaseBack(database, this.#lease, this.#holder).catch((error: unknown) =>
      log.warn({ err: error }, 'a lease was not given back; it ends by itself'),
    );
  }

  get #lease(): string {
    return `folder ${this.#options.folder}`;
  }

  async #scanOnce(everything: boolean): Promise<void> {
    const { judging } = this.#options;
    if (this.#stop.signal.aborted || judging.anchors.length === 0 || !(await this.#takeLease())) return;
    const keeping = setInterval(() => void this.#takeLease().catch(() => false), leaseMs / 3);
    try {
      await this.#bringUpToDate(everything);
    } finally {
      clearInterval(keeping);
    }
  }

  #takeLease(): Promise<boolean> {
    const { database, clock } = this.#options;
    const now = clock().getTime();
    return takeLease(database, { name: this.#lease, holder: this.#holder, now, forMs: leaseMs });
  }

  async #bringUpToDate(everything: boolean): Promise<void> {
    const { packagesDir, database, folder } = this.#options;
    const files = await listPackageFiles(packagesDir);
    const imported = await readImportedFiles(database.queries, folder);
    const present = new Map(files.map((found) => [found.file, found]));
    for (const file of this.#problems.keys()) if (!present.has(file)) this.#problems.delete(file);
    const scan: Scan = { gone: new Map() };
    for (const before of imported.values()) {
      const found = present.get(before.file);
      if (found === undefined || !isAsImported(before, found)) scan.gone.set(before.file, before);
    }
    const todo = files.filter((found) => {
      const before = imported.get(found.file);
      const isDone = before?.isTrusted === true && isAsImported(before, found);
      return !isDone && this.#isDue(found, everything);
    });
    // Judged side by side, published in order: of two first claims to an id the older file wins.
    const judging: Promise<() => Promise<void>>[] = [];
    for (const found of todo) {
      judging.push(this.#judge(found, scan));
      if (judging.length >= judgedAtOnce) await (await judging.shift())?.();
    }
    for (const judged of judging) await (await judged)();
    if (this.#stop.signal.aborted) return;
    for (const before of scan.gone.values()) await this.#withdraw(before);
  }

  #isDue(found: PackageFile, everything: boolean): boolean {
    const known = this.#problems.get(found.file);
    if (known === undefined || everything || known.problem.isPassing) return true;
    return known.seen.size !== found.size || known.seen.mtimeMs !== found.mtimeMs;
  }

  /** Judges one file; what it resolves to publishes it, or remembers why not. */
  async #judge(found: PackageFile, scan: Scan): Promise<() => Promise<void>> {
    const { blobs, judging, clock, packagesDir } = this.#options;
    const at = clock();
    const { signal } = this.#stop;
    try {
      const judged = await judgeFile(join(packagesDir, found.file), { blobs, judging, at, signal });
      return () => this.#publish(found, judged, at, scan);
    } catch (error) {
      return async () => this.#refuse(found, error);
    }
  }

  async #publish(found: PackageFile, file: JudgedFile, at: Date, scan: Scan): Promise<void> {
    const { database, blobs, folder, judging, log } = this.#options;
    await using _file = file;
    try {
      const { judged, received } = file;
      const facts = factsOf(judged, judging.revocation);
      const given = { folder, found, facts, gone: [...scan.gone.values()], at };
      // Whatever would be refused is refused before its bytes take room.
      await rehearse(database, (tx) => importPackage(tx, database.kind, given));
      const kept = [facts.sha256];
      for (const image of [judged.icon, judged.background])
        if (image !== undefined) kept.push((await blobs.put(image.bytes)).sha256);
      await received.keep();
      const { isNew, settled } = await database.transact(async (tx) => {
        await holdBlobs(tx, database.kind, blobs, kept);
        return await importPackage(tx, database.kind, given);
      });
      for (const { file: name } of settled) scan.gone.delete(name);
      this.#problems.delete(found.file);
      for (const flaw of judged.flaws) log.warn({ file: found.file, flaw }, 'package published with a flaw');
      const { id, version, sha256, publisher } = facts;
      const about = { id, version, sha256, file: found.file, publisher: publisher.name };
      log.info(about, isNew ? 'release published' : 'release known already');
    } catch (error) {
      this.#refuse(found, error);
    }
  }

  async #withdraw(before: ImportedFile): Promise<void> {
    const { database, folder, clock, log } = this.#options;
    const at = clock();
    await database.transact((tx) => withdrawFile(tx, database.kind, folder, before, at));
    const { file, sha256 } = before;
    log.info({ file, sha256 }, 'release withdrawn: its file is gone or another');
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
}
