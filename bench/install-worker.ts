import { rm } from 'node:fs/promises';
import { createDaemon } from '@jami-plugin-store/daemon';
import { parseTrustAnchors } from '@jami-plugin-store/trust';

/** What the parent asks: install this package `rounds` times into an empty data folder, in one daemon. */
export interface InstallJob {
  readonly file: string;
  readonly dataDir: string;
  readonly rootPem: string;
  readonly at: string;
  readonly platform: string;
  readonly rounds: number;
  /** Rounds before, that warm the daemon and are not measured. */
  readonly warmUps: number;
}

export interface InstallMeasure {
  readonly wallMs: number[];
  readonly cpuMs: number[];
  readonly peakKiB: number;
}

process.once('message', async (job: InstallJob) => {
  process.send?.(await measure(job));
  process.disconnect();
});

async function measure(job: InstallJob): Promise<InstallMeasure> {
  const anchors = parseTrustAnchors(Buffer.from(job.rootPem));
  const wallMs: number[] = [];
  const cpuMs: number[] = [];
  await using daemon = await createDaemon({
    dataDir: job.dataDir,
    anchors,
    revocation: 'off',
    ask: () => Promise.resolve([]),
    clock: () => new Date(job.at),
    platform: job.platform,
  });
  for (let round = -job.warmUps; round < job.rounds; round += 1) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    await daemon.install({ path: job.file, force: true });
    const wall = performance.now() - started;
    const { user, system } = process.cpuUsage(cpu);
    await daemon.uninstall('Bench');
    if (round < 0) continue;
    wallMs.push(wall);
    cpuMs.push((user + system) / 1000);
  }
  await rm(job.dataDir, { recursive: true, force: true });
  return { wallMs, cpuMs, peakKiB: process.resourceUsage().maxRSS };
}
