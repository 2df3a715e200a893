import { runCli } from './cli.js';
import { keepCodeKnown, keepMemorySmall } from './collector.js';
import { processIo } from './io.js';

const args = process.argv.slice(2);
if (['install', 'daemon'].includes(args[0] ?? '')) keepMemorySmall();
else if (args.includes('serve')) keepCodeKnown();
process.exitCode = await runCli(args, processIo());
