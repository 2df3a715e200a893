import {
  type Archive,
  findCertificateEntry,
  openArchive,
  openFileSource,
  planInstalledTree,
} from '@jami-plugin-store/jpl';
import type { WatchExchanges } from '@jami-plugin-store/revocation';
import {
  type AskRevocation,
  judgePackage,
  type RevocationMode,
  type TrustAnchor,
  type VerifiedPlugin,
} from '@jami-plugin-store/trust';
import { DaemonError } from '../error.js';
import { type InstallRecord, publisherFields } from '../installed/record.js';
import type { InstallNarrator } from '../traces/install-messages.js';
import type { Admission } from './admission.js';
import { type CommitPlace, commit } from './commit.js';
import { assertExpected, type InstallWish } from './decide.js';
import type { KeyQueue } from './key-queue.js';
import { type PinnedSource, pinSource } from './pinned-source.js';
import { stage, type TreePlan } from './staging.js';

export interface InstallRequest extends InstallWish {
  /** Absolute path of the package. */
  readonly path: string;
  /** What the caller sent over its wire, for the trace: no secret in it. */
  readonly asSent?: string | undefined;
  /** The caller's name for this install in events. */
  readonly job?: string | undefined;
  /** Cancels until the verdict; the commit that follows is not interrupted. */
  readonly signal?: AbortSignal | undefined;
  /** Files verified, of how many. */
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

export interface InstallOutcome {
  readonly job: string;
  readonly id: string;
  readonly version: string;
  /** Absolute install root. */
  readonly path: string;
  /** Version it replaced. */
  readonly from: string | null;
  readonly publisher: InstallRecord['publisher'];
  readonly sha256: string;
}

/** What the daemon was started with, as far as installing needs it. */
export interface InstallContext extends CommitPlace {
  readonly anchors: readonly TrustAnchor[];
  /** Anchors of each configured store: what comes from a store is judged under its own anchors only. */
  readonly storeAnchors: ReadonlyMap<string, readonly TrustAnchor[]> | undefined;
  readonly revocation: RevocationMode;
  readonly ask: AskRevocation;
  /** The same, telling what is asked and answered. */
  readonly askWatched: (watch: WatchExchanges) => AskRevocation;
  /** The platform whose libraries are installed, by Jami's name. */
  readonly platform: string;
  readonly clock: () => Date;
  /** A fixed instant of judgement. */
  readonly at: Date | undefined;
  readonly admission: Admission;
  readonly queue: KeyQueue;
}

export interface InstallWitness {
  /** Told of the new version before the plugin's next turn, so that what is written down has the order of what was done. */
  readonly installed: (outcome: Omit<InstallOutcome, 'job'>) => Promise<void>;
  readonly narrator: InstallNarrator;
}

/**
 * Verifies a package and makes it the installed one (docs/daemon.md tells it step by step). Whatever is refused leaves nothing behind.
 * @throws {JplError | TrustError} what is wrong with the package or its certificates
 * @throws {DaemonError} expectation, publisher, store, version; disk; TOO_MANY_INSTALLS
 * @throws the signal's reason, file system errors
 */
export async function installPackage(
  context: InstallContext,
  request: InstallRequest,
  { installed, narrator }: InstallWitness,
): Promise<Omit<InstallOutcome, 'job'>> {
  return context.admission.run(request.signal, async () => {
    const anchors = anchorsFor(context, request.store);
    const reading = narrator.reading();
    await using file = await openFileSource(request.path).catch(reading.failed);
    const source = pinSource(file);
    const archive = await openArchive(source).catch(reading.failed);
    reading.done(archive);
    const { plan, refusal } = planTree(archive, context.platform);
    const staging = stage(context.disk, context.layout.staging, plan);
    try {
      const plugin = await judgePackage(archive, {
        anchors,
        at: context.at ?? context.clock(),
        revocation: context.revocation,
        ask: context.askWatched(narrator.exchanges),
        sink: staging.sink,
        signal: request.signal,
        onProgress: request.onProgress,
        onStep: narrator.judged,
      });
      // Signatures and manifest come before the question whether this machine has a use for the package.
      if (refusal !== undefined) throw refusal;
      const sha256 = await source.sha256(request.signal);
      assertExpected(plugin, sha256, request.expect);
      return await context.queue.run(plugin.id.toLowerCase(), async () => {
        request.signal?.throwIfAborted();
        const outcome = await commitPlugin(context, request, {
          plugin,
          sha256,
          source,
          staging,
          plan,
          narrator,
        });
        await installed(outcome);
        return outcome;
      });
    } finally {
      await staging.discard().catch((error: unknown) => context.onLeftover(error, request.path));
    }
  });
}

interface Judged {
  readonly plugin: VerifiedPlugin;
  readonly sha256: string;
  readonly source: PinnedSource;
  readonly staging: ReturnType<typeof stage>;
  readonly plan: TreePlan | undefined;
  readonly narrator: InstallNarrator;
}

async function commitPlugin(
  context: InstallContext,
  request: InstallRequest,
  { plugin, sha256, source, staging, plan, narrator }: Judged,
): Promise<Omit<InstallOutcome, 'job'>> {
  const { record, replaced } = await commit(context, plugin, staging, request, {
    platform: context.platform,
    sha256,
    size: source.size,
    libraries: librariesOf(plan),
    installedAt: context.clock(),
    onDecided: () => narrator.accepted(plugin),
  });
  return {
    id: record.id,
    version: record.version,
    path: context.layout.link(record.id),
    from: replaced?.record.version ?? null,
    publisher: publisherFields(plugin.publisher),
    sha256,
  };
}

function anchorsFor(context: InstallContext, store: string | undefined): readonly TrustAnchor[] {
  if (store === undefined || context.storeAnchors === undefined) return context.anchors;
  const anchors = context.storeAnchors.get(store);
  if (anchors !== undefined) return anchors;
  throw new DaemonError('STORE_UNKNOWN', `The store ${store} is not one this daemon was started with.`);
}

/** The plan by the id that the certificate's name claims: the judge proves later that the manifest says the same. */
function planTree(archive: Archive, platform: string): { plan?: TreePlan; refusal?: unknown } {
  const id = findCertificateEntry(archive).name.replace(/\.crt$/i, '');
  try {
    return { plan: planInstalledTree(archive.entries, platform, { id }) };
  } catch (refusal) {
    return { refusal };
  }
}

/** Entries that changed their place are the libraries of this platform. */
function librariesOf(plan: TreePlan | undefined): string[] {
  return [...(plan?.files ?? [])].filter(([entry, path]) => entry !== path).map(([, path]) => path);
}
