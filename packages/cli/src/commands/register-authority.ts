import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { keyTypes, parsePort } from '../options.js';

function parseDays(text: string): number {
  const days = Number(text);
  if (!/^\d{1,4}$/.test(text) || days < 1) throw new InvalidArgumentError('a number of days is needed');
  return days;
}

/** What the operator of a certificate authority does. */
export function registerAuthority(program: Command, io: Io, run: Run): void {
  const ca = program.command('ca').description('run a certificate authority');
  const command = (name: string, description: string): Command =>
    ca.command(name).description(description).requiredOption('--data-dir <dir>', "the authority's folder");

  command('init', 'make an authority and its root certificate')
    .requiredOption('--name <cn>', 'common name of the root')
    .requiredOption('--base-url <url>', 'public address of `jpl ca serve`; it stands in every certificate')
    .option('--organization <name>')
    .option('--country <code>')
    .addOption(new Option('--key-type <type>', 'key of the root').choices(keyTypes).default('ec-p256'))
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./ca.js')).caInit(io, options)));

  command(
    'issue',
    'issue a certificate from a request, or make an organization whose key the authority holds',
  )
    .option('--csr <file>', 'PKCS#10 request, PEM or DER')
    .addOption(
      new Option('--kind <kind>', 'what is certified').choices(['organization', 'plugin']).default('plugin'),
    )
    .option('--issuer <id>', "the organization that issues a plugin's certificate")
    .option('--hosted <name>', 'make an organization of this name; the authority holds its key')
    .option('--renew <serial>', 'the assigned number of the organization that is renewed')
    .option('--issuer-key <pem>', "sign with an organization's own key")
    .option('--issuer-cert <pem>', "with --issuer-key: the organization's certificate")
    .option('--ocsp-url <url>', 'with --issuer-key: the responder that answers for the organization')
    .option('--crl-url <url>', 'with --issuer-key: where its revocation list is published')
    .addOption(new Option('--days <n>', 'validity').argParser(parseDays))
    .option('-o, --output <file>', 'write the chain here; an existing file stays')
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./ca.js')).caIssue(io, options)));

  command('revoke', 'revoke a certificate for good')
    .argument('<certificate>', 'serial number or SHA-256 fingerprint, hex')
    .option('--reason <name>', 'RFC 5280 name, e.g. keyCompromise', 'unspecified')
    .option('--json', 'print one JSON object')
    .action((certificate, options) =>
      run(async () => (await import('./ca.js')).caRevoke(io, certificate, options)),
    );

  command('list', 'what was issued')
    .option('--json', 'print one JSON array')
    .action((options) => run(async () => (await import('./ca.js')).caList(io, options)));

  command('serve', 'answer OCSP and serve CRLs; administration on a socket of its user')
    .addOption(new Option('--port <n>', '0 = any free port').argParser(parsePort).makeOptionMandatory())
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .action((options) => run(async () => (await import('./ca.js')).caServe(io, options)));
}
