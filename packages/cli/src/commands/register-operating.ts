import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { collect, parseWithin } from '../options.js';
import { onStore } from './on-store.js';

const days = () => parseWithin(1, 3650);

/** What reviewers and operators do at a store. */
export function registerOperating(program: Command, io: Io, run: Run): void {
  registerReview(program, io, run);
  registerOrganization(program, io, run);
  registerAudit(program, io, run);
  registerApplication(program, io, run);
}

function registerReview(program: Command, io: Io, run: Run): void {
  const review = program.command('review').description('decide about what was handed in');
  onStore(review.command('list').description('everything that waits for a decision')).action((options) =>
    run(async () => (await import('./review.js')).reviewList(io, options)),
  );
  onStore(review.command('show').description('a certificate request, or a package with its steps'))
    .argument('<id>')
    .option('-o, --output <file>', 'write the package here, to look at it')
    .action((id, options) => run(async () => (await import('./review.js')).reviewShow(io, id, options)));
  onStore(
    review.command('accept').description('publish a package, or have the authority issue a certificate'),
  )
    .argument('<id>')
    .option('--reason <text>')
    .option('--authority <url>', "for a certificate: the authority's administrative listener")
    .option('--credential <file>', "with --authority: the reviewer's own credential")
    .option('--authority-dir <dir>', "for a certificate: the authority's folder on this machine instead")
    .addOption(new Option('--days <n>', 'validity of the certificate').argParser(days()))
    .action((id, options) => run(async () => (await import('./review.js')).reviewAccept(io, id, options)));
  onStore(review.command('decline').description('decline with a reason'))
    .argument('<id>')
    .requiredOption('--reason <text>', 'whoever asked reads it')
    .action((id, options) => run(async () => (await import('./review.js')).reviewDecline(io, id, options)));
}

function registerOrganization(program: Command, io: Io, run: Run): void {
  const organization = program.command('organization').description('who publishes at a store');
  onStore(organization.command('list').description('organizations known there')).action((options) =>
    run(async () => (await import('./organization.js')).organizationList(io, options)),
  );
  onStore(organization.command('add').description('make an organization known by its certificate'))
    .argument('<file>', 'its certificate, PEM')
    .option('--contact <text>', 'not public')
    .action((file, options) =>
      run(async () => (await import('./organization.js')).organizationAdd(io, file, options)),
    );
  onStore(organization.command('trust').description('let an organization publish without review'))
    .argument('<organization>', 'its 64 digits')
    .requiredOption('--reason <text>')
    .option('--undo', 'no longer')
    .action((id, options) =>
      run(async () => (await import('./organization.js')).organizationTrust(io, id, options)),
    );
}

function registerAudit(program: Command, io: Io, run: Run): void {
  const audit = program.command('audit').description('the log of everything that was decided');
  onStore(audit.command('export').description('write the log, one record a line'))
    .addOption(new Option('--after <n>', 'only records after this number').argParser(parseWithin(0, 1e15)))
    .option('-o, --output <file>', 'default: stdout; an existing file stays')
    .action((options) => run(async () => (await import('./audit.js')).auditExport(io, options)));
  audit
    .command('verify')
    .description('check that an export is unchanged and whole')
    .argument('<file>')
    .option('--after <n:hash>', 'it goes on after this record')
    .addOption(new Option('--contains <hash>', 'it must have this record; repeatable').argParser(collect))
    .option('--json', 'print one JSON object')
    .action((file, options) => run(async () => (await import('./audit.js')).auditVerify(io, file, options)));
}

function registerApplication(program: Command, io: Io, run: Run): void {
  const application = program.command('application').description('applications that update themselves');
  onStore(
    application.command('publish').description('sign a release with the application’s key and upload it'),
  )
    .requiredOption('--application <name>', 'as its installed copies call themselves')
    .requiredOption('--release <version>', 'the version')
    .requiredOption('--key <pem>', "the application's own key, Ed25519 or P-256; it stays here")
    .addOption(
      new Option('--installer <platform=file>', 'repeatable').argParser(collect).makeOptionMandatory(),
    )
    .addOption(new Option('--channel <name>').choices(['stable', 'beta']).default('stable'))
    .option('--notes-file <file>', 'what is new')
    .addOption(new Option('--days <n>', 'how long it is news').argParser(days()).default(30))
    .action((options) => run(async () => (await import('./application.js')).applicationPublish(io, options)));
  application
    .command('check')
    .description('whether an application has something newer, by the keys it was delivered with')
    .argument('<file>', 'its identity, JSON: { name, version, channel, url, keys }')
    .option('--platform <name>', "default: this machine's")
    .option('--download', 'fetch the installer and tell where it lies; nothing is run')
    .option('--data-dir <dir>', "Jami's data folder (default: the user's own)")
    .option('--json', 'print one JSON object')
    .action((file, options) =>
      run(async () => (await import('./application-check.js')).applicationCheck(io, file, options)),
    );
}

const roles = ['publisher', 'reviewer', 'operator'];
const scopes = ['publish', 'manage', 'certificates', 'tokens', 'review', 'audit', 'operate'];

function collectScope(scope: string, previous?: string[]): string[] {
  if (scopes.includes(scope)) return collect(scope, previous);
  throw new InvalidArgumentError(`one of ${scopes.join(', ')} is needed`);
}

/** Below `jpl store`: tokens, by the store's API or at its own folder. */
export function registerTokens(store: Command, io: Io, run: Run): void {
  const token = store.command('token').description('who may do what at a store');
  const command = (name: string, description: string): Command =>
    token
      .command(name)
      .description(description)
      .option('--store <url|name>', 'the store: its address, or the name it is configured under')
      .option('--token-file <file>', 'file with the token (default: JPL_TOKEN)')
      .option('--data-dir <dir>', "instead: the store's own folder; DATABASE_URL counts, too")
      .option('--json', 'print one JSON value');
  const load = () => import('./store-token.js');

  command('create', 'make a token; it is shown this once')
    .addOption(new Option('--role <role>').choices(roles).makeOptionMandatory())
    .requiredOption('--label <text>', 'for telling tokens apart')
    .option('--organization <sha256>', 'of a publisher')
    .addOption(
      new Option('--scope <scope>', 'only part of what the role may do; repeatable').argParser(collectScope),
    )
    .addOption(new Option('--days <n>', 'validity (default: 365)').argParser(days()))
    .option('-o, --output <file>', 'write the token here; an existing file stays')
    .action((options) =>
      run(async () => (await load()).tokenCreate(io, { ...options, storeDir: options.dataDir })),
    );
  command('list', 'tokens and what became of them').action((options) =>
    run(async () => (await load()).tokenList(io, { ...options, storeDir: options.dataDir })),
  );
  command('revoke', 'take a token back at once')
    .argument('<id>', 'its 16 digits')
    .action((id, options) =>
      run(async () => (await load()).tokenRevoke(io, id, { ...options, storeDir: options.dataDir })),
    );
  onStore(store.command('session').description('whom the store takes the holder of a token for')).action(
    (options) => run(async () => (await load()).storeSession(io, options)),
  );
}
