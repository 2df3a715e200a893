import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { notOffered, parseTrustAnchors } from '@jami-plugin-store/trust';
import { createDaemon } from '../daemon.js';
import { nodeDisk } from '../disk/disk.js';
import { carryOut, type KillOrder } from './kill-order.js';
import { steppedDisk } from './stepped-disk.js';

/** Starts a daemon, which recovers the folder, then does one thing; may kill itself at one step of all that (`KillOrder`). */
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const die = (): void => void process.kill(process.pid, 'SIGKILL');

// Loaded before it is told what to do: most of a short life is the start of the process.
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
say('READY');
const order = JSON.parse((await lines.next()).value ?? '') as KillOrder;

let steps = 0;
const disk = steppedDisk(nodeDisk(), async ({ number, half }) => {
  steps = number;
  if (number !== order.step) return;
  if (order.moment === 'half') await half?.();
  if (order.moment === 'during') setImmediate(die);
  else die();
});
const at = new Date(order.at);
{
  await using daemon = await createDaemon({
    dataDir: order.dataDir,
    anchors: parseTrustAnchors(await readFile(order.rootPem)),
    revocation: 'when-named',
    ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
    clock: () => at,
    platform: order.platform,
    limits: { retireMs: 0 },
    disk,
  });
  say(`STARTED ${steps}`);
  // Until it is told to go on, so that what recovery made can be looked at.
  await lines.next();
  await carryOut(daemon, order);
  say(`DONE ${steps}`);
}
process.stdin.destroy();
await once(process.stdout.end(), 'finish');
