import { Argument, type Command, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { parseWithin } from '../options.js';

const dataDir = () => new Option('--data-dir <dir>', "Jami's data folder (default: the user's own)");
const json = () => new Option('--json', 'print one JSON value');

/** What is newer than what is installed, and what the user wants of that. */
export function registerUpdates(
  program: Command,
  io: Io,
  run: Run,
  addPolicy: (command: Command) => Command,
): void {
  program
    .command('outdated')
    .description('ask every store what is newer; nothing is updated')
    .addOption(dataDir())
    .addOption(json())
    .action((options) => run(async () => (await import('./outdated.js')).outdated(io, options)));

  addPolicy(program.command('update').argument('[ids...]', 'plugins, whatever holds them back'))
    .description('update plugins, each from the store it came from')
    .option('--all', 'everything that nothing holds back')
    .option('--accept-publisher <sha256>', 'confirm this new publisher of one plugin')
    .addOption(dataDir())
    .addOption(json())
    .action((ids, options) => run(async () => (await import('./update.js')).update(io, ids, options)));

  program
    .command('auto-update')
    .description('whether updates that are found are made by themselves')
    .addArgument(new Argument('[wish]', 'default: tell').choices(['on', 'off']))
    .addOption(dataDir())
    .addOption(json())
    .action((wish, options) =>
      run(async () => (await import('./auto-update.js')).autoUpdate(io, wish, options)),
    );

  registerPolicies(program, io, run);
}

function registerPolicies(program: Command, io: Io, run: Run): void {
  const load = () => import('./update-policy.js');
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument('<id>', 'an installed plugin')
      .addOption(dataDir())
      .addOption(json());

  command('pin', 'keep a plugin at its version').action((id, options) =>
    run(async () => (await load()).pin(io, id, true, options)),
  );
  command('unpin', 'take updates again').action((id, options) =>
    run(async () => (await load()).pin(io, id, false, options)),
  );
  command('skip', 'pass over one version')
    .argument('[version]', 'default: the one that is offered now')
    .option('--undo', 'pass over none')
    .action((id, version, options) => run(async () => (await load()).skip(io, id, version, options)));
  command('hold', 'take new releases only when they are some days old')
    .argument('<days>', '0 takes them at once', parseWithin(0, 365))
    .action((id, days, options) => run(async () => (await load()).hold(io, id, days, options)));
}
