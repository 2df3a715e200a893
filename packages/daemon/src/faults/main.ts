import { runKills } from './kill-run.js';

/** `node main.js [KILLS]`: the long run; its last line is one JSON object. Ends with an error at the first mixed or lost plugin. */
const kills = Number(process.argv[2] ?? 1_000);
const report = await runKills({
  kills,
  onProgress: (so) => {
    if (so.kills % 100 === 0 && so.kills > 0) process.stderr.write(`${JSON.stringify(so)}\n`);
  },
});
process.stdout.write(`${JSON.stringify(report)}\n`);
