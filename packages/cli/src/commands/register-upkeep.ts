import { type Command, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { parseWithin } from '../options.js';

/** Below `jpl store`: what its operator does beside the running store. */
export function registerUpkeep(store: Command, io: Io, run: Run): void {
  const command = (name: string, description: string): Command =>
    store
      .command(name)
      .description(description)
      .requiredOption('--data-dir <dir>', "the store's folder; DATABASE_URL and S3_* count, too")
      .option('--json', 'print one JSON object');

  command('migrate', 'move a store, while it is served, to another database and other bytes; again: go on')
    .option('--to <place>', 'postgres://…, or a folder')
    .option('--s3 <file>', 'with S3_ENDPOINT=… and the like: where its bytes go')
    .option('--abandon', 'stay where it is, after all')
    .action((options) => run(async () => (await import('./store-migrate.js')).storeMigrate(io, options)));
  command('backup', 'back a store up, while it is served')
    .argument('<to>', 'a folder, into which the next backup brings only what is new; or a new file NAME.tar')
    .action((to, options) =>
      run(async () => (await import('./store-backup.js')).storeBackup(io, to, options)),
    );
  command('restore', 'bring a backup back, into an empty place')
    .argument('<from>', 'the folder, or the file')
    .action((from, options) =>
      run(async () => (await import('./store-backup.js')).storeRestore(io, from, options)),
    );
  command('check', 'hold a store against itself, also while it is served')
    .option('--repair', 'remove what nothing refers to; work out anew what is worked out from other rows')
    .addOption(
      new Option('--older-than <minutes>', 'bytes that nothing refers to stay while they are younger')
        .argParser(parseWithin(0, 525_600))
        .default(60),
    )
    .action((options) => run(async () => (await import('./store-check.js')).storeCheck(io, options)));
}
