import { type Command, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { keyTypes, passphraseVariable } from '../options.js';

/** What an author of plugins does. */
export function registerPublisher(program: Command, io: Io, run: Run): void {
  program
    .command('csr')
    .description(`make a key and a certificate request for it; ${passphraseVariable} encrypts the key`)
    .requiredOption('--cn <name>', 'common name: the organization, or the plugin')
    .option('--organization <name>')
    .option('--unit <name>')
    .option('--locality <name>')
    .option('--state <name>')
    .option('--country <code>', 'two letters')
    .option('--email <address>')
    .addOption(new Option('--key-type <type>', 'kind of the new key').choices(keyTypes).default('rsa-4096'))
    .option('--key <pem>', 'use this existing key instead')
    .option('--key-out <file>', 'where the new key goes', 'plugin.key')
    .option('-o, --output <file>', 'where the request goes', 'plugin.csr')
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./csr.js')).csr(io, options)));

  program
    .command('pack')
    .description('write the unsigned package of a plugin folder')
    .argument('<dir>')
    .option('-o, --output <file>', 'default: <dir>.jpl in the current folder')
    .option('--json', 'print one JSON object')
    .action((dir, options) => run(async () => (await import('./pack.js')).pack(io, dir, options)));

  program
    .command('sign')
    .description(`sign a package with the plugin's key; an encrypted key opens with ${passphraseVariable}`)
    .argument('<file>')
    .requiredOption('--key <pem>', "the plugin's RSA key")
    .requiredOption('--cert <pem>', "the plugin's certificate, then its issuers")
    .option('-o, --output <file>', 'default: in place')
    .option(
      '--renew',
      'sign what is signed already under a renewed certificate: the same content, a revision',
    )
    .option('--json', 'print one JSON object')
    .action((file, options) => run(async () => (await import('./sign.js')).sign(io, file, options)));
}
