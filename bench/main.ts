import { benchCatalog } from './catalog.js';
import { benchOcsp } from './ocsp.js';
import { printReport } from './report.js';
import { benchVerify } from './verify.js';

const benches = { catalog: benchCatalog, ocsp: benchOcsp, verify: benchVerify };

const name = process.argv[2] ?? '';
if (name in benches) printReport(await benches[name as keyof typeof benches]());
else {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join('|')}\n`);
  process.exitCode = 2;
}
