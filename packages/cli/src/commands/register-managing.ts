import { type Command, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';

const dataDir = () => new Option('--data-dir <dir>', "Jami's data folder (default: the user's own)");
const json = () => new Option('--json', 'print one JSON object');

/** What a user does with plugins that are installed. */
export function registerManaging(
  program: Command,
  io: Io,
  run: Run,
  addPolicy: (command: Command) => Command,
): void {
  addPolicy(program.command('load').argument('<id>'))
    .description("load a plugin's library, now and at every start of the daemon")
    .addOption(dataDir())
    .addOption(json())
    .action((id, options) => run(async () => (await import('./load.js')).load(io, id, options)));

  program
    .command('unload')
    .description("unload a plugin's library, and load it no more")
    .argument('[id]')
    .option('--all', 'every plugin')
    .addOption(dataDir())
    .addOption(json())
    .action((id, options) => run(async () => (await import('./load.js')).unload(io, id, options)));

  program
    .command('enable')
    .description('let plugins be loaded; those that were loaded are loaded again')
    .addOption(dataDir())
    .addOption(json())
    .action((options) => run(async () => (await import('./enable.js')).enablePlugins(io, true, options)));

  program
    .command('disable')
    .description('let no plugin be loaded until they are enabled again')
    .addOption(dataDir())
    .addOption(json())
    .action((options) => run(async () => (await import('./enable.js')).enablePlugins(io, false, options)));

  program
    .command('preferences')
    .description("a plugin's preferences: all of them, one, or a new value for one")
    .argument('<id>')
    .argument('[key]')
    .argument('[value]')
    .option('--account <id>', 'of this account of Jami')
    .option('--reset', 'forget what was set')
    .addOption(dataDir())
    .addOption(json())
    .action((id, key, value, options) =>
      run(async () => (await import('./preferences.js')).preferences(io, { id, key, value }, options)),
    );
}
