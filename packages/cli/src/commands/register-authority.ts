import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { keyTypes, parsePort } from '../options.js';

function parseDays(text: string): number {
  const days = Number(text);
  if (!/^\d{1,4}$/.test(text) || days < 1) throw new InvalidArgumentError('a number of days is needed');
  return days;
}

function parseRequestId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._:-]{7,99}$/.test(text)) return text;
  throw new InvalidArgumentError('8 to 100 letters, digits, dots, colons, hyphens or underscores are needed');
}

const folder = (): Option => new Option('--data-dir <dir>', "the authority's folder");
const days = (): Option => new Option('--days <n>', 'validity').argParser(parseDays);
const kind = (): Option =>
  new Option('--kind <kind>', 'what is certified').choices(['organization', 'plugin']).default('plugin');

/** The folder on this machine, or an address and a credential. */
function onAuthority(command: Command): Command {
  return command
    .addOption(folder())
    .addOption(new Option('--authority <url>', 'ask this authority from afar').conflicts('dataDir'))
    .addOption(new Option('--credential <file>', 'with --authority: who asks').conflicts('dataDir'));
}

/** As `onAuthority`, or a store that passes it on. */
function onAuthorityOrStore(command: Command): Command {
  return onAuthority(command)
    .addOption(
      new Option('--store <url>', 'hand it to the authority through this store').conflicts([
        'dataDir',
        'authority',
        'credential',
      ]),
    )
    .option('--token-file <file>', "with --store: the publisher's token, else JPL_TOKEN");
}

/** What the operator of a certificate authority does, and those whom the operator lets in. */
export function registerAuthority(program: Command, io: Io, run: Run): void {
  const ca = program.command('ca').description('run a certificate authority');
  const command = (name: string, description: string): Command => ca.command(name).description(description);
  const local = (name: string, description: string): Command =>
    command(name, description).addOption(folder().makeOptionMandatory());

  local('init', 'make an authority and its root certificate')
    .requiredOption('--name <cn>', 'common name of the root')
    .requiredOption('--base-url <url>', 'public address of `jpl ca serve`; it stands in every certificate')
    .option('--organization <name>')
    .option('--country <code>')
    .addOption(new Option('--key-type <type>', 'key of the root').choices(keyTypes).default('ec-p256'))
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./ca.js')).caInit(io, options)));

  onAuthority(command('check', 'what issuing would make of a request; nothing is issued'))
    .requiredOption('--csr <file>', 'PKCS#10 request, PEM or DER')
    .addOption(kind())
    .option('--issuer <id>', "the organization that would issue a plugin's certificate")
    .option('--renew <serial>', 'the assigned number of the organization that would be renewed')
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./ca.js')).caCheck(io, options)));

  onAuthorityOrStore(
    command(
      'issue',
      'issue a certificate from a request, or make an organization whose key the authority holds',
    ),
  )
    .option('--csr <file>', 'PKCS#10 request, PEM or DER')
    .addOption(kind())
    .option('--issuer <id>', "the organization that issues a plugin's certificate")
    .option('--hosted <name>', 'make an organization of this name; the authority holds its key')
    .option('--renew <serial>', 'the assigned number of the organization that is renewed')
    .option('--issuer-key <pem>', "sign with an organization's own key")
    .option('--issuer-cert <pem>', "with --issuer-key: the organization's certificate")
    .option('--ocsp-url <url>', "with --issuer-key: the responder (default: the organization's own)")
    .option('--crl-url <url>', 'with --issuer-key: where its revocation list is published')
    .addOption(days())
    .addOption(
      new Option('--request-id <id>', 'asked again under it, the same certificate is given').argParser(
        parseRequestId,
      ),
    )
    .option('-o, --output <file>', 'write the chain here; an existing file stays')
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./ca-issue.js')).caIssue(io, options)));

  onAuthority(command('revoke', 'revoke a certificate for good'))
    .argument('<certificate>', 'serial number or SHA-256 fingerprint, hex')
    .option('--reason <name>', 'RFC 5280 name, e.g. keyCompromise', 'unspecified')
    .option('--json', 'print one JSON object')
    .action((certificate, options) =>
      run(async () => (await import('./ca.js')).caRevoke(io, certificate, options)),
    );

  onAuthority(command('list', 'what was issued'))
    .option('--json', 'print one JSON array')
    .action((options) => run(async () => (await import('./ca.js')).caList(io, options)));

  onAuthorityOrStore(
    command('delegate', 'let the responder answer for what an organization signs with its own key'),
  )
    .requiredOption('--issuer-key <pem>', "the organization's own key; it stays here")
    .requiredOption('--issuer-cert <pem>', "the organization's certificate")
    .addOption(new Option('--days <n>', 'validity (default: 90)').argParser(parseDays))
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./ca-delegate.js')).caDelegate(io, options)));

  onAuthorityOrStore(
    command('register', 'make a certificate known that an organization signed with its own key'),
  )
    .argument('<file>', 'the certificate, PEM or DER; of a chain the first')
    .option('--json', 'print one JSON object')
    .action((file, options) =>
      run(async () => (await import('./ca-delegate.js')).caRegister(io, file, options)),
    );

  local('serve', 'answer OCSP and serve CRLs; administration on a socket of its user')
    .addOption(new Option('--port <n>', '0 = any free port').argParser(parsePort).makeOptionMandatory())
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addOption(
      new Option('--admin-port <n>', 'administration for credentials, by mutual TLS').argParser(parsePort),
    )
    .option('--admin-host <address>', 'address for it', '127.0.0.1')
    .action((options) => run(async () => (await import('./ca.js')).caServe(io, options)));

  local('respond', 'answer OCSP and serve CRLs beside `ca serve`, in a further process that holds no CA key')
    .addOption(new Option('--port <n>', '0 = any free port').argParser(parsePort).makeOptionMandatory())
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .action((options) => run(async () => (await import('./ca.js')).caRespond(io, options)));

  registerCredentials(ca, io, run);
}

function registerCredentials(ca: Command, io: Io, run: Run): void {
  const credential = ca.command('credential').description('who may administer from afar');
  const command = (name: string, description: string): Command =>
    credential.command(name).description(description).addOption(folder().makeOptionMandatory());

  command('issue', 'let somebody administer from afar')
    .argument('<name>', 'who; stands in the ledger for what is done with it')
    .addOption(
      new Option('--role <role>', 'what it allows').choices(['reviewer', 'store']).makeOptionMandatory(),
    )
    .option('--csr <file>', 'PKCS#10 request for a key of the holder')
    .addOption(new Option('--days <n>', 'validity (default: 365)').argParser(parseDays))
    .option('-o, --output <file>', 'write the credential here; an existing file stays')
    .option('--json', 'print one JSON object')
    .action((name, options) =>
      run(async () => (await import('./ca-credential.js')).caCredentialIssue(io, name, options)),
    );
  command('list', 'the credentials and what became of them')
    .option('--json', 'print one JSON array')
    .action((options) => run(async () => (await import('./ca-credential.js')).caCredentialList(io, options)));
  command('revoke', 'take a credential back at once')
    .argument('<credential>', 'its name, or its SHA-256 fingerprint')
    .option('--json', 'print one JSON object')
    .action((name, options) =>
      run(async () => (await import('./ca-credential.js')).caCredentialRevoke(io, name, options)),
    );
}
