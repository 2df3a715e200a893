import { readFile } from 'node:fs/promises';
import { notOffered, parseTrustAnchors } from '@jami-plugin-store/trust';
import { createDaemon } from '../daemon.js';
import { nodeDisk } from '../disk/disk.js';
import { steppedDisk } from './stepped-disk.js';

/** What a child process is to do: one install, in which it may kill itself at one step. */
export interface KillOrder {
  readonly dataDir: string;
  readonly rootPem: string;
  readonly packagePath: string;
  readonly platform: string;
  readonly at: string;
  /** 0: at none. */
  readonly step: number;
  /** Before the step, after half of it, or while it runs. */
  readonly moment: 'before' | 'half' | 'during';
}

const order = JSON.parse(process.argv[2] ?? '') as KillOrder;
const die = (): void => void process.kill(process.pid, 'SIGKILL');
let steps = 0;

const disk = steppedDisk(nodeDisk(), async ({ number, half }) => {
  steps = number;
  if (number !== order.step) return;
  if (order.moment === 'half') await half?.();
  if (order.moment === 'during') setImmediate(die);
  else die();
});
const at = new Date(order.at);
await using daemon = await createDaemon({
  dataDir: order.dataDir,
  anchors: parseTrustAnchors(await readFile(order.rootPem)),
  revocation: 'when-named',
  ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
  clock: () => at,
  platform: order.platform,
  disk,
});
process.stdout.write('STARTED\n');
await daemon.install({ path: order.packagePath, force: true });
process.stdout.write(`DONE ${steps}\n`);
