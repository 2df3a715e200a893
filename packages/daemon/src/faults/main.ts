import { runKills } from './kill-run.js';
import { runReaders } from './reader-run.js';

/**
 * `node main.js [KILLS [UPDATES [CHILD]]]`: the long run; CHILD is another build of killed-child.js. The readers' figures, then, as the last line always, `{ kills, old, new, mixed, lost }`.
 * Ends with 1 where anything was mixed, lost or missing.
 */
const [kills, updates] = [Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 2_000)];
const say = (what: object): void => void process.stderr.write(`${JSON.stringify(what)}\n`);
let last = { kills: 0, old: 0, new: 0, mixed: 0, lost: 0 };
try {
  const readers = await runReaders({ updates });
  process.stdout.write(`${JSON.stringify(readers)}\n`);
  if (readers.missing > 0 || readers.mixed > 0) process.exitCode = 1;
  last = await runKills({
    kills,
    child: process.argv[4],
    onFault: say,
    onProgress: (so) => {
      last = { ...so };
      if (so.kills % 100 === 0 && so.kills > 0) say(so);
    },
  });
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
}
if (last.mixed > 0 || last.lost > 0 || last.kills < kills) process.exitCode = 1;
process.stdout.write(`${JSON.stringify(last)}\n`);
