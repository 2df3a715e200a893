import { join } from 'node:path';
import { ApplicationChannel } from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import { type Static, Type } from 'typebox';
import { type JsonFile, jsonFile } from '../storage/json-file.js';

const Seen = Type.Object({
  application: Type.String(),
  channel: ApplicationChannel,
  version: Type.String(),
  publishedAt: Type.String(),
});
type Seen = Static<typeof Seen>;

const RecordFile = Type.Object({
  format: Type.Literal(1),
  checkedAt: Type.Optional(Type.String()),
  nextCheckAt: Type.Optional(Type.String()),
  /** The newest signed release of each application and channel. */
  seen: Type.Array(Seen, { maxItems: 64 }),
});
type RecordFile = Static<typeof RecordFile>;

const empty: RecordFile = { format: 1, seen: [] };

/** What was last found out about the application's releases, in `<data dir>/jpl/application.json`. */
export class ApplicationRecord {
  readonly #file: JsonFile<RecordFile>;
  #known: RecordFile = empty;

  constructor(dataDir: string) {
    const path = join(dataDir, 'jpl', 'application.json');
    this.#file = jsonFile({ path, schema: RecordFile, empty, maxBytes: 64 * 1024, invalid: 'forget' });
  }

  get checkedAt(): string | undefined {
    return this.#known.checkedAt;
  }

  get nextCheckAt(): string | undefined {
    return this.#known.nextCheckAt;
  }

  async reload(): Promise<void> {
    this.#known = await this.#file.read();
  }

  /** Whether a release is older than one that was seen before: whoever shows it hides the newer one. */
  goesBack({ application, channel, version, publishedAt }: Seen): boolean {
    const seen = this.#known.seen.find((one) => one.application === application && one.channel === channel);
    if (seen === undefined || !isVersion(seen.version)) return false;
    const order = compareVersions(version, seen.version);
    return order < 0 || (order === 0 && Date.parse(publishedAt) < Date.parse(seen.publishedAt));
  }

  /** @throws {ClientError} CLIENT_FILE_* | DISK_FULL */
  async noteSeen(release: Seen): Promise<void> {
    const { application, channel, version, publishedAt } = release;
    const isOther = (one: Seen): boolean => one.application !== application || one.channel !== channel;
    this.#known = await this.#file.change((record) => ({
      ...record,
      seen: [...record.seen.filter(isOther), { application, channel, version, publishedAt }].slice(-64),
    }));
  }

  /** @throws {ClientError} CLIENT_FILE_* | DISK_FULL */
  async noteCheck(checkedAt: Date, nextCheckAt: Date): Promise<void> {
    const times = { checkedAt: checkedAt.toISOString(), nextCheckAt: nextCheckAt.toISOString() };
    this.#known = await this.#file.change((record) => ({ ...record, ...times }));
  }
}
