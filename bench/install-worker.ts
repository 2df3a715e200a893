import { readFile, rm } from 'node:fs/promises';
import { keepMemorySmall } from '@jami-plugin-store/cli';

/** What the parent asks first: a daemon over an empty data folder, for installs of this package. */
export interface InstallJob {
  readonly file: string;
  readonly dataDir: string;
  readonly rootPem: string;
  readonly at: string;
  readonly platform: string;
}

/** The answer to each `round`. */
export interface Round {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Largest resident size of this process so far. */
  readonly peakKiB: number;
}

type Order = InstallJob | 'round' | 'end';

// As `jpl daemon` does, before anything large is loaded.
keepMemorySmall();

let place: { readonly daemon: Daemon; readonly job: InstallJob } | undefined;
type Daemon = Awaited<ReturnType<typeof openDaemon>>;

process.on('message', async (order: Order) => {
  if (order === 'end') return await end();
  if (order !== 'round') place = { daemon: await openDaemon(order), job: order };
  process.send?.(order === 'round' ? await round() : 'ready');
});

async function openDaemon(job: InstallJob) {
  const { createDaemon } = await import('@jami-plugin-store/daemon');
  const { parseTrustAnchors } = await import('@jami-plugin-store/trust');
  return await createDaemon({
    dataDir: job.dataDir,
    anchors: parseTrustAnchors(Buffer.from(job.rootPem)),
    revocation: 'off',
    ask: () => Promise.resolve([]),
    clock: () => new Date(job.at),
    platform: job.platform,
  });
}

async function round(): Promise<Round> {
  if (place === undefined) throw new Error('a round was asked for before a daemon');
  const { daemon, job } = place;
  const cpu = process.cpuUsage();
  const started = performance.now();
  await daemon.install({ path: job.file, force: true });
  const wallMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  await daemon.uninstall('Bench');
  return { wallMs, cpuMs: (user + system) / 1000, peakKiB: await peakKiB() };
}

/** getrusage would count the parent too: Linux keeps the largest size across fork and exec. */
async function peakKiB(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return peak === undefined ? process.resourceUsage().maxRSS : Number(peak);
}

async function end(): Promise<void> {
  await place?.daemon[Symbol.asyncDispose]();
  if (place !== undefined) await rm(place.job.dataDir, { recursive: true, force: true });
  process.disconnect();
}
