import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';

export interface ReaderReport {
  readonly updates: number;
  /** Times another program opened the folder and read all of it. */
  readonly reads: number;
  readonly missing: number;
  readonly mixed: number;
  /** Versions it saw. */
  readonly versions: readonly string[];
  /** The first few of what was missing or mixed. */
  readonly faults: readonly string[];
}

const script = fileURLToPath(new URL('../../dist/faults/reader-child.js', import.meta.url));

/** Updates a plugin again and again while another process opens its folder and reads from there. */
export async function runReaders({ updates }: { readonly updates: number }): Promise<ReaderReport> {
  await using fixtures = await DaemonFixtures.create();
  const authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  const packages: string[] = [];
  for (const version of ['1.0.0', '2.0.0']) packages.push(await writePackage(fixtures, signer, { version }));
  // With the time for readers that a daemon has in use.
  await using daemon = await startDaemon(fixtures, [authority.anchor], { limits: { retireMs: 2_000 } });
  const { path: root } = await daemon.install({ path: packages[0] ?? '' });

  const reader = spawn(process.execPath, [script, root], { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(reader, 'close');
  const lines = createInterface({ input: reader.stdout })[Symbol.asyncIterator]();
  try {
    await lines.next();
    for (let update = 1; update <= updates; update += 1)
      await daemon.install({ path: packages[update % 2] ?? '', force: true });
    reader.stdin.end();
    const said: string | undefined = (await lines.next()).value;
    await closed;
    return { updates, ...(JSON.parse(said ?? '') as Omit<ReaderReport, 'updates'>) };
  } finally {
    reader.kill('SIGKILL');
    await closed;
  }
}
