import { join } from 'node:path';
import { PluginFailure, UpdateEntry, type UpdateReport } from '@jami-plugin-store/contract';
import { type Static, Type } from 'typebox';
import { type JsonFile, jsonFile } from '../storage/json-file.js';

const Instant = Type.String({ maxLength: 40 });
const Said = Type.Object({ reason: Type.String(), at: Instant });

/** An update that was found, and what became of it. */
const FoundUpdate = Type.Object({
  version: Type.String(),
  publishedAt: Type.Optional(Instant),
  /** Why it was not installed when that was last tried. */
  failedWith: Type.Optional(Type.String()),
});
export type FoundUpdate = Static<typeof FoundUpdate>;

/** What was last found out about one installed plugin. */
const Found = Type.Object({
  store: Type.String(),
  /** Version it was found for: of another installed version nothing of it holds. */
  installed: Type.String(),
  update: Type.Optional(FoundUpdate),
  /** An older one than `update`, that has been there for as long as the user wants to wait. */
  ripe: Type.Optional(FoundUpdate),
  revision: Type.Optional(Type.Object({ sha256: Type.String(), publishedAt: Instant })),
  yanked: Type.Optional(Said),
  revoked: Type.Optional(Said),
  deprecated: Type.Optional(Type.Object({ reason: Type.String(), successor: Type.Optional(Type.String()) })),
  isOffered: Type.Boolean(),
});
export type Found = Static<typeof Found>;

const JournalFile = Type.Object({
  format: Type.Literal(1),
  checkedAt: Type.Optional(Instant),
  nextCheckAt: Type.Optional(Instant),
  failures: Type.Array(Type.Object({ store: Type.String(), failure: PluginFailure })),
  /** By id of the plugin. */
  found: Type.Unsafe<Record<string, Found>>({ type: 'object', additionalProperties: Found }),
  /** Oldest first. */
  entries: Type.Array(UpdateEntry),
});
export type Journal = Static<typeof JournalFile>;

const empty: Journal = { format: 1, failures: [], found: {}, entries: [] };
const maxEntries = 300;
const maxFileBytes = 8 * 1024 * 1024;

/** What looking for updates found and did, in `<data dir>/jpl/updates.json`; survives restarts, and is begun anew where it is damaged. */
export class UpdateJournal {
  readonly #file: JsonFile<Journal>;
  #known: Journal = empty;

  constructor(dataDir: string) {
    const path = join(dataDir, 'jpl', 'updates.json');
    this.#file = jsonFile({ path, schema: JournalFile, empty, maxBytes: maxFileBytes, invalid: 'forget' });
  }

  get known(): Journal {
    return this.#known;
  }

  /** @throws {ClientError} CLIENT_FILE_NOT_READABLE */
  async reload(): Promise<void> {
    this.#known = await this.#file.read();
  }

  /** @throws {ClientError} CLIENT_FILE_* | DISK_FULL */
  async change(edit: (journal: Journal) => Journal): Promise<void> {
    this.#known = await this.#file.change((journal) => {
      const next = edit(journal);
      return { ...next, entries: next.entries.slice(-maxEntries) };
    });
  }
}

/** What is written down, as it is shown: newest first. */
export function reportOf({ checkedAt, nextCheckAt, failures, entries }: Journal): UpdateReport {
  return {
    ...(checkedAt === undefined ? {} : { checkedAt }),
    ...(nextCheckAt === undefined ? {} : { nextCheckAt }),
    failures,
    entries: [...entries].reverse(),
  };
}

/**
 * What looking for updates found and did over a data folder, also by another program.
 * @throws {ClientError} CLIENT_FILE_NOT_READABLE
 */
export async function readUpdateReport(dataDir: string): Promise<UpdateReport> {
  const journal = new UpdateJournal(dataDir);
  await journal.reload();
  return reportOf(journal.known);
}
