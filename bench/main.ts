import { benchCatalog } from './catalog.js';
import { benchOcsp } from './ocsp.js';
import { printReport } from './report.js';
import { benchStore } from './store.js';
import { benchVerify } from './verify.js';

const benches = { catalog: benchCatalog, ocsp: benchOcsp, store: benchStore, verify: benchVerify };

const [name = '', ...parts] = process.argv.slice(2);
if (name in benches) printReport(await benches[name as keyof typeof benches](parts));
else {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join('|')}\n`);
  process.exitCode = 2;
}
