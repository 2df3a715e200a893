import { type Command, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { collect, parsePort, parseRevocationMode, parseWithin } from '../options.js';
import { registerTokens } from './register-operating.js';
import { registerUpkeep } from './register-upkeep.js';

/** What a user asks a store, and what its operator does. */
export function registerStore(program: Command, io: Io, run: Run): void {
  const dataDir = () => new Option('--data-dir <dir>', "Jami's data folder (default: the user's own)");

  program
    .command('search')
    .description('what the configured stores have for this platform, best first')
    .argument('[text]', 'beginnings of words in a name, id, description or publisher')
    .option('--store <name>', 'ask this configured store alone')
    .option('--category <name>', 'only what is in it, at a store that has categories')
    .addOption(
      new Option('--sort <order>', 'default: relevance with a text, else newest').choices([
        'relevance',
        'newest',
        'name',
        'downloads',
      ]),
    )
    .addOption(
      new Option('--limit <count>', 'at most so many of each store')
        .argParser(parseWithin(1, 10_000))
        .default(100),
    )
    .option('--platform <name>', "default: this machine's")
    .addOption(dataDir())
    .option('--json', 'print one JSON array')
    .action((text, options) => run(async () => (await import('./search.js')).search(io, text, options)));

  program
    .command('info')
    .description('what the store says of one plugin')
    .argument('<id>')
    .option('--store <name>', 'ask this configured store')
    .option('--platform <name>', "default: this machine's")
    .addOption(dataDir())
    .option('--json', 'print one JSON object')
    .action((id, options) => run(async () => (await import('./info.js')).info(io, id, options)));

  const store = program.command('store').description('configure stores, or run one');
  store
    .command('add')
    .description('configure a store under a root certificate you were given')
    .argument('<name>')
    .argument('<url>', 'https, or http on loopback')
    .requiredOption('--root <pem>', "the store's root certificate")
    .requiredOption('--sha256 <hex>', 'the digest of that certificate, as you were told')
    .addOption(dataDir())
    .option('--json', 'print one JSON object')
    .action((name, url, options) =>
      run(async () => (await import('./store.js')).storeAdd(io, name, url, options)),
    );
  store
    .command('list')
    .description('the configured stores')
    .addOption(dataDir())
    .option('--json', 'print one JSON array')
    .action((options) => run(async () => (await import('./store.js')).storeList(io, options)));
  store
    .command('remove')
    .description('forget a store; what was installed from it stays')
    .argument('<name>')
    .addOption(dataDir())
    .option('--json', 'print one JSON object')
    .action((name, options) => run(async () => (await import('./store.js')).storeRemove(io, name, options)));
  registerServe(store, io, run);
  registerTokens(store, io, run);
  registerUpkeep(store, io, run);

  program
    .command('page')
    .description("serve the user's page on this machine, and open it")
    .addOption(dataDir())
    .addOption(new Option('--port <n>', 'default: any free port').argParser(parsePort).default(0))
    .option('--no-open', 'open no browser; the address is printed')
    .option('--cache-dir <dir>', "where downloads wait (default: the user's own)")
    .option('--application <file>', 'tell of updates of the application with this identity, too')
    .option('--files <dir>', 'the built page (default: the one delivered with jpl)')
    .action((options) => run(async () => (await import('./page.js')).page(io, options)));

  program
    .command('up')
    .description('run authority, store, daemon and the page together in one folder, with samples to try')
    .requiredOption('--dir <dir>', 'everything is kept here')
    .option('--samples <dir>', 'plugin folders to pack, sign and offer')
    .option('--no-open', "open no browser; the page's address is printed")
    .action((options) => run(async () => (await import('./up.js')).up(io, options)));
}

function registerServe(store: Command, io: Io, run: Run): void {
  store
    .command('serve')
    .description('run a store; DATABASE_URL and S3_* name a database and a bucket of several processes')
    .requiredOption('--data-dir <dir>', "the store's folder; what lies in DIR/packages is published")
    .addOption(new Option('--port <n>', '0 = any free port').argParser(parsePort).makeOptionMandatory())
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--name <name>', 'shown to users')
    .addOption(
      new Option('--trust-anchor <pem>', 'judge packages under this root; repeatable').argParser(collect),
    )
    .addOption(
      new Option('--revocation <mode>', 'required, when-named or off').argParser(parseRevocationMode),
    )
    .option('--crl-url <url>', "where the root's revocation list is published")
    .option('--crl-file <file>', 'a file that holds it')
    .option('--allow-private-addresses', 'ask responders on private networks too')
    .addOption(
      new Option('--trusted-proxy <address>', 'believe its X-Forwarded-For; repeatable').argParser(collect),
    )
    .option('--open-metrics', 'let anyone read /metrics, not only who asks from this machine')
    .addOption(
      new Option('--ask-revocation-every <hours>', 'about each certificate in use; default: 1').argParser(
        parseWithin(1, 8_760),
      ),
    )
    .option('--authority-url <url>', "the authority's public listener: heed its revocations at once")
    .option('--authority-admin <url>', "the authority's administrative listener: take certificate requests")
    .option('--authority-credential <file>', "the store's credential for it")
    .option('--terms-file <file>', 'what organizations agree to')
    .addOption(
      new Option('--application-key <pem>', 'take releases signed by this key; repeatable').argParser(
        collect,
      ),
    )
    .option('--operator-token-file <file>', "keep the operator's first token here instead of printing it")
    .action((options) => run(async () => (await import('./store-serve.js')).storeServe(io, options)));
}
