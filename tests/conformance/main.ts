import { parseArgs } from 'node:util';
import { runArchives } from './archives.js';
import { runOcsp } from './ocsp.js';
import { runPackages } from './packages.js';
import { runPaths } from './paths.js';
import { exitCodeOf, type SuiteReport } from './report.js';

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
    return await runPaths(target, profile);
  if (suite === 'ocsp') return await runOcsp(target);
  if (suite === 'archives') return await runArchives(target);
  if (suite === 'packages' && at !== undefined && !Number.isNaN(Date.parse(at))) {
    return await runPackages(target, { anchorFiles: values['trust-anchor'], at: new Date(at) });
  }
  return undefined;
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
