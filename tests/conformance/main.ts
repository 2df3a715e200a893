import { parseArgs } from 'node:util';
import { runArchives } from './archives.js';
import { runOcsp } from './ocsp.js';
import { runPackages } from './packages.js';
import { runPaths } from './paths.js';
import { emptyReport, exitCodeOf, type SuiteReport } from './report.js';

const usage = `usage: npm run --silent conformance -- SUITE TARGET
  paths    FILE.json  [--profile full|no-policy]
  ocsp     FILE.json
  archives FOLDER     (with index.json)
  packages FOLDER     --trust-anchor PEM... --at TIME
`;

async function run(args: string[]): Promise<SuiteReport | undefined> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      profile: { type: 'string', default: 'full' },
      'trust-anchor': { type: 'string', multiple: true, default: [] },
      at: { type: 'string' },
    },
  });
  const [suite, target] = positionals;
  if (target === undefined || positionals.length > 2) return undefined;
  const { profile, at } = values;
  if (suite === 'paths' && (profile === 'full' || profile === 'no-policy'))
    return await reported(suite, () => runPaths(target, profile));
  if (suite === 'ocsp') return await reported(suite, () => runOcsp(target));
  if (suite === 'archives') return await reported(suite, () => runArchives(target));
  if (suite === 'packages' && at !== undefined && !Number.isNaN(Date.parse(at))) {
    const options = { anchorFiles: values['trust-anchor'], at: new Date(at) };
    return await reported(suite, () => runPackages(target, options));
  }
  return undefined;
}

/** Whatever a suite's file holds, the last line is a report. */
async function reported(suite: string, work: () => Promise<SuiteReport>): Promise<SuiteReport> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${suite}: ${reason}\n`);
    return emptyReport(suite, reason);
  }
}

try {
  const report = await run(process.argv.slice(2));
  if (report === undefined) {
    process.stderr.write(usage);
    process.exitCode = 2;
  } else {
    process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = exitCodeOf(report);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  process.exitCode = 2;
}
