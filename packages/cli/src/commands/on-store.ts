import type { Command } from 'commander';

/** Where a command finds the store, and who it is there. */
export function onStore(command: Command): Command {
  return command
    .option('--store <url|name>', 'the store: its address, or the name it is configured under')
    .option('--token-file <file>', 'file with the token (default: JPL_TOKEN)')
    .option('--data-dir <dir>', "Jami's data folder, for configured names (default: the user's own)")
    .option('--json', 'print one JSON value');
}
