import { type Command, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { collect, parseInstant, parseRevocationMode, parseWithin } from '../options.js';
import { registerManaging } from './register-managing.js';
import { registerUpdates } from './register-updates.js';

const dataDir = () => new Option('--data-dir <dir>', "Jami's data folder (default: the user's own)");
const json = () => new Option('--json', 'print one JSON object');

function addPolicy(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--trust-anchor <pem>',
        'trust this certificate instead of the configured stores; repeatable',
      ).argParser(collect),
    )
    .addOption(
      new Option('--revocation <mode>', 'required, when-named or off').argParser(parseRevocationMode),
    )
    .addOption(
      new Option('--at <time>', 'judge at this instant, e.g. 2026-11-22T00:00:00Z').argParser(parseInstant),
    );
}

/** What a user does with plugins on this machine. */
export function registerDaemon(program: Command, io: Io, run: Run): void {
  addPolicy(program.command('verify').argument('<file>', 'a .jpl package'))
    .description('judge a package as the daemon would; nothing is written')
    .addOption(dataDir())
    .addOption(json())
    .action((file, options) => run(async () => (await import('./verify.js')).verify(io, file, options)));

  addPolicy(
    program.command('install').argument('<file-or-id>', 'a .jpl package, or the id of a plugin of the store'),
  )
    .description('verify and install a plugin')
    .addOption(dataDir())
    .option('--store <name>', 'take it from this configured store')
    .option('--release <version>', 'from a store: exactly this version, an older one included')
    .option('--force', 'allow the same or an older version; skips no check of trust')
    .option('--accept-publisher <sha256>', 'confirm this new publisher of an installed plugin')
    .addOption(json())
    .action((target, options) =>
      run(async () => (await import('./install.js')).install(io, target, options)),
    );

  program
    .command('uninstall')
    .description('remove an installed plugin')
    .argument('<id>')
    .addOption(dataDir())
    .addOption(json())
    .action((id, options) => run(async () => (await import('./uninstall.js')).uninstall(io, id, options)));

  program
    .command('list')
    .description('what is installed')
    .addOption(dataDir())
    .addOption(json())
    .action((options) => run(async () => (await import('./list.js')).list(io, options)));

  addPolicy(program.command('rollback').argument('<id>'))
    .description('go back to the version kept before the installed one')
    .addOption(dataDir())
    .addOption(json())
    .action((id, options) => run(async () => (await import('./rollback.js')).rollback(io, id, options)));

  addPolicy(program.command('adopt').argument('<id>'))
    .description('make a folder that another program left an installed plugin, by the signatures it carries')
    .addOption(dataDir())
    .addOption(json())
    .action((id, options) => run(async () => (await import('./adopt.js')).adopt(io, id, options)));

  program
    .command('log')
    .description('what changed, what was refused, and why')
    .addOption(dataDir())
    .addOption(
      new Option('--after <number>', 'only what follows this entry').argParser(
        parseWithin(0, Number.MAX_SAFE_INTEGER),
      ),
    )
    .addOption(new Option('--limit <count>', 'at most so many entries').argParser(parseWithin(1, 1_000)))
    .option('--updates', 'instead: what looking for updates found and did')
    .addOption(json())
    .action((options) => run(async () => (await import('./log.js')).log(io, options)));

  registerUpdates(program, io, run, addPolicy);
  registerManaging(program, io, run, addPolicy);

  addPolicy(program.command('daemon'))
    .description('own a data folder and serve it on its socket')
    .addOption(dataDir())
    .option('--dbus', 'answer Jami clients on the session bus, too')
    .action((options) => run(async () => (await import('./daemon.js')).daemon(io, options)));
}
