import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  type ApplicationInstaller,
  type ApplicationRelease,
  type ApplicationView,
  applicationPaths,
  type PluginFailure,
} from '@jami-plugin-store/contract';
import { compareVersions, isVersion } from '@jami-plugin-store/jpl';
import { ClientError } from '../error.js';
import type { Network } from '../network/network.js';
import { sha256OfFile } from '../network/part-file.js';
import { redirectTarget } from '../network/url.js';
import { pluginFailure } from '../plugin/plugin-failure.js';
import { storeUrl } from '../store/configured-stores.js';
import { isUnknownQuestion } from '../store/store-api.js';
import { ApplicationRecord } from './application-record.js';
import {
  type ApplicationIdentity,
  installerFor,
  type PinnedKey,
  readPinnedKeys,
  readRelease,
} from './release-manifest.js';

/** The application this client belongs to. */
export interface ApplicationOptions extends ApplicationIdentity {
  /** Its version. */
  version: string;
  /** Base URL of where it looks: a store of ours, or Jami's. https, or http on loopback. */
  url: string;
  /** Runs a verified installer; without it the user is told where it lies. */
  run?: ((installer: string) => Promise<void>) | undefined;
}

export interface ApplicationMeans {
  network: Network;
  dataDir: string;
  cacheDir: string;
  platform: string;
  clock: () => Date;
  random: () => number;
  onChange(): void;
}

const dayMs = 86_400_000;
const jitterMs = 3_600_000;
const maxManifestBytes = 512 * 1024;
const maxVersionBytes = 1_024;

/**
 * The application's own update. A version number alone is only announced; an installer is downloaded and offered to be run where a release
 * is signed under a key the application was delivered with.
 */
export class ApplicationManager implements AsyncDisposable {
  readonly #options: ApplicationOptions;
  readonly #means: ApplicationMeans;
  readonly #keys: PinnedKey[];
  readonly #base: URL;
  readonly #record: ApplicationRecord;
  #view: ApplicationView;
  #release: ApplicationRelease | undefined;
  #download: { abort: AbortController; done: Promise<void> } | undefined;
  #checking: Promise<void> | undefined;

  /** @throws {ClientError} APPLICATION_KEY_INVALID | STORE_URL_INVALID | STORE_URL_INSECURE */
  constructor(options: ApplicationOptions, means: ApplicationMeans) {
    this.#options = options;
    this.#means = means;
    this.#keys = readPinnedKeys(options.keys);
    this.#base = storeUrl(options.url);
    this.#record = new ApplicationRecord(means.dataDir);
    this.#view = { current: options.version, channel: options.channel, status: 'unknown' };
  }

  get view(): ApplicationView {
    const checkedAt = this.#record.checkedAt;
    return { ...this.#view, ...(checkedAt === undefined ? {} : { checkedAt }) };
  }

  get checkedAt(): string | undefined {
    return this.#record.checkedAt;
  }

  isDue(): boolean {
    const now = this.#means.clock().getTime();
    const [last, next] = [
      Date.parse(this.#record.checkedAt ?? ''),
      Date.parse(this.#record.nextCheckAt ?? ''),
    ];
    // A last check in the future is of a clock that was wrong.
    return Number.isNaN(last) || Number.isNaN(next) || last > now || now >= next;
  }

  reload(): Promise<void> {
    return this.#record.reload();
  }

  /** Looks whether there is something newer. What goes wrong is in the view; while an installer is fetched or ready, nothing is asked. */
  check(): Promise<void> {
    const isBusy = this.#view.status === 'downloading' || this.#view.status === 'ready';
    if (isBusy) return Promise.resolve();
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /**
   * Downloads the installer of the release that was found; resolves when it has begun.
   * @throws {ClientError} ACTION_NOT_POSSIBLE: nothing verified was found
   */
  download(): void {
    const release = this.#release;
    if (release === undefined || this.#download !== undefined || this.#view.status === 'ready')
      throw new ClientError('ACTION_NOT_POSSIBLE', 'There is no verified release to download');
    const abort = new AbortController();
    const done = this.#fetch(release, abort.signal).finally(() => {
      this.#download = undefined;
    });
    this.#download = { abort, done };
  }

  /** Ends the download; what was received is removed. @throws {ClientError} ACTION_NOT_POSSIBLE */
  async cancel(): Promise<void> {
    if (this.#download === undefined)
      throw new ClientError('ACTION_NOT_POSSIBLE', 'Nothing is being downloaded');
    this.#download.abort.abort();
    await this.#download.done;
  }

  /**
   * Runs the installer, after its digest has been verified once more.
   * @throws {ClientError} ACTION_NOT_POSSIBLE | INSTALLER_CHANGED | INSTALLER_NOT_STARTED
   */
  async run(): Promise<void> {
    const { installer } = this.#view;
    const { run } = this.#options;
    const release = this.#release;
    if (
      this.#view.status !== 'ready' ||
      installer === undefined ||
      release === undefined ||
      run === undefined
    )
      throw new ClientError('ACTION_NOT_POSSIBLE', 'There is no verified installer to run');
    const expected = installerFor(release, this.#means.platform);
    const found = await sha256OfFile(installer);
    if (found?.sha256 !== expected.sha256) {
      await rm(installer, { force: true });
      this.#announce(release);
      throw new ClientError('INSTALLER_CHANGED', 'The installer is not the one that was verified any more');
    }
    try {
      await run(installer);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ClientError('INSTALLER_NOT_STARTED', `The installer could not be run: ${reason}`, { cause });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // How they end is in a view that nobody looks at any more; what was received is kept for the next time.
    await Promise.allSettled([this.#checking, this.#download?.done]);
  }

  async #check(): Promise<void> {
    const { clock, random } = this.#means;
    try {
      const signed = await this.#askForRelease();
      if (signed === undefined) await this.#askForVersion();
      else await this.#take(signed);
      const now = clock();
      await this.#record.noteCheck(now, new Date(now.getTime() + dayMs + random() * jitterMs));
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.#fail(error);
    }
    this.#means.onChange();
  }

  /** The signed release; undefined where the server knows only version numbers. */
  async #askForRelease(): Promise<ApplicationRelease | undefined> {
    const { network, clock } = this.#means;
    const { channel } = this.#options;
    let answer: unknown;
    try {
      answer = await network.getJson(this.#at(applicationPaths.manifest(channel)), {
        maxBytes: maxManifestBytes,
      });
    } catch (error) {
      if (isUnknownQuestion(error)) return undefined;
      throw error;
    }
    return readRelease(answer, this.#options, this.#keys, clock());
  }

  async #take(release: ApplicationRelease): Promise<void> {
    if (this.#record.goesBack(release))
      throw new ClientError(
        'MANIFEST_GOES_BACK',
        `The release ${release.version} is older than one that was shown before`,
      );
    await this.#record.noteSeen(release);
    if (!isHigher(release.version, this.#options.version)) {
      this.#release = undefined;
      this.#set({ status: 'up-to-date' });
      return;
    }
    this.#release = undefined;
    this.#announce(release);
    try {
      installerFor(release, this.#means.platform);
      this.#release = release;
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      // It is told all the same: another way to it may be known to the user.
      this.#set({ ...this.#view, failure: pluginFailure(error) });
    }
  }

  /** Whoever answers on the way could say so: it is told, and no more. */
  async #askForVersion(): Promise<void> {
    const { channel, version } = this.#options;
    const path = channel === 'beta' ? applicationPaths.betaVersion : applicationPaths.version;
    const text = await this.#means.network.getText(this.#at(path), { maxBytes: maxVersionBytes });
    const told = text.trim();
    if (!isVersion(told))
      throw new ClientError('ANSWER_MALFORMED', 'The server did not answer with a version', {
        at: this.#base.href,
      });
    this.#release = undefined;
    if (isHigher(told, version)) this.#set({ status: 'announced', version: told, isVerified: false });
    else this.#set({ status: 'up-to-date' });
  }

  async #fetch(release: ApplicationRelease, signal: AbortSignal): Promise<void> {
    const { network, platform } = this.#means;
    const about = { version: release.version, isVerified: true, ...notesOf(release) };
    this.#set({ status: 'downloading', ...about, received: 0 });
    try {
      const installer = installerFor(release, platform);
      const { path } = await network.download(this.#addressOf(installer), this.#fileOf(installer), {
        signal,
        expect: { sha256: installer.sha256, size: installer.size },
        maxBytes: installer.size,
        onProgress: ({ received }) =>
          this.#set({ status: 'downloading', ...about, received, total: installer.size }),
      });
      this.#set({ status: 'ready', ...about, total: installer.size, installer: path });
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      if (error.code === 'CANCELED') this.#announce(release);
      else this.#set({ status: 'failed', ...about, failure: pluginFailure(error) });
    }
  }

  #addressOf({ url, sha256 }: ApplicationInstaller): URL {
    // A store names its own by a path of its base URL; anything else is an address that a redirect could lead to, too.
    return redirectTarget(
      this.#base,
      url === '' ? applicationPaths.installer(sha256) : url.replace(/^\/+/, ''),
    );
  }

  /** The name of the contract's pattern is no path; the digest keeps two of one name apart. */
  #fileOf({ fileName, sha256 }: ApplicationInstaller): string {
    return join(resolve(this.#means.cacheDir), 'application', sha256.slice(0, 16), fileName);
  }

  #at(path: string): URL {
    return new URL(path.replace(/^\/+/, ''), this.#base);
  }

  #announce(release: ApplicationRelease): void {
    this.#set({ status: 'announced', version: release.version, isVerified: true, ...notesOf(release) });
  }

  /** A check that failed does not take back what a check before it found. */
  #fail(error: ClientError): void {
    const failure: PluginFailure = pluginFailure(error);
    if (this.#view.status === 'announced') this.#set({ ...this.#view, failure });
    else this.#set({ status: 'failed', failure });
  }

  #set(view: Omit<ApplicationView, 'current' | 'channel'>): void {
    const { version, channel } = this.#options;
    this.#view = { ...view, current: version, channel };
    this.#means.onChange();
  }
}

function notesOf({ notes }: ApplicationRelease): { notes?: string } {
  return notes === undefined ? {} : { notes };
}

function isHigher(version: string, than: string): boolean {
  return isVersion(version) && isVersion(than) && compareVersions(version, than) > 0;
}
