import { type Command, Option } from 'commander';
import type { Run } from '../cli.js';
import type { Io } from '../io.js';
import { onStore } from './on-store.js';

/** What a publisher does at a store, from its first request on. */
export function registerPublishing(program: Command, io: Io, run: Run): void {
  onStore(program.command('publish').description('hand a package in and wait for the verdict'))
    .argument('<file>')
    .option('--changelog <text>', 'what is new in this version')
    .option('--changelog-file <file>', 'the same out of a file')
    .option('--wait', "wait for a reviewer's decision, too")
    .action((file, options) => run(async () => (await import('./publish.js')).publish(io, file, options)));
  registerRequest(program, io, run);
  registerSubmission(program, io, run);
  registerPluginLife(program, io, run);
}

function registerRequest(program: Command, io: Io, run: Run): void {
  const request = program
    .command('request')
    .description('ask for certificates, for an organization or its plugins');
  request
    .command('terms')
    .description('what an organization agrees to')
    .option('--store <url|name>', 'the store: its address, or the name it is configured under')
    .option('--data-dir <dir>', "Jami's data folder, for configured names (default: the user's own)")
    .option('--json', 'print one JSON object')
    .action((options) => run(async () => (await import('./request.js')).requestTerms(io, options)));
  onStore(
    request.command('certificate').description('file a request; what it is followed with goes into a file'),
  )
    .requiredOption('--csr <file>', 'PKCS#10 request, PEM or DER, may be gzipped')
    .requiredOption('--contact <text>', 'how the reviewer reaches you; not public')
    .addOption(
      new Option('--use <kind>', 'what is certified')
        .choices(['organization', 'plugin'])
        .default('organization'),
    )
    .option('--renew', "renew or replace the certificate of the token's organization")
    .option('--agree <version>', 'agree to the terms of this version (jpl request terms)')
    .option('-o, --output <file>', 'where what it is followed with goes', 'certificate-request.json')
    .action((options) => run(async () => (await import('./request.js')).requestCertificate(io, options)));
  request
    .command('status')
    .description('what became of a request')
    .argument('<file>', 'as jpl request certificate wrote it')
    .option('--chain <file>', 'write the certificate here, once there is one; an existing file stays')
    .option('--json', 'print one JSON object')
    .action((file, options) =>
      run(async () => (await import('./request.js')).requestStatus(io, file, options)),
    );
  request
    .command('token')
    .description("fetch the organization's first token, once")
    .argument('<file>', 'as jpl request certificate wrote it')
    .option('-o, --output <file>', 'where the token goes', 'publisher.token')
    .option('--json', 'print one JSON object')
    .action((file, options) =>
      run(async () => (await import('./request.js')).requestToken(io, file, options)),
    );
  request
    .command('withdraw')
    .description('take a request back')
    .argument('<file>', 'as jpl request certificate wrote it')
    .option('--json', 'print one JSON object')
    .action((file, options) =>
      run(async () => (await import('./request.js')).requestWithdraw(io, file, options)),
    );
}

const submissionStates = ['review', 'published', 'declined', 'withdrawn', 'suspended', 'revoked'];

function registerSubmission(program: Command, io: Io, run: Run): void {
  const submission = program.command('submission').description('packages that were handed in');
  onStore(submission.command('list').description('what was handed in, newest first'))
    .addOption(new Option('--state <state>', 'only those').choices(submissionStates))
    .action((options) => run(async () => (await import('./submission.js')).submissionList(io, options)));
  onStore(submission.command('show').description('one package and every step it took'))
    .argument('<sha256>')
    .action((sha256, options) =>
      run(async () => (await import('./submission.js')).submissionShow(io, sha256, options)),
    );
  onStore(submission.command('withdraw').description('take back what waits for a reviewer'))
    .argument('<sha256>')
    .action((sha256, options) =>
      run(async () => (await import('./submission.js')).submissionWithdraw(io, sha256, options)),
    );
}

function registerPluginLife(program: Command, io: Io, run: Run): void {
  onStore(
    program.command('yank').description('take a version back: offered to nobody, there for who asks for it'),
  )
    .argument('<id>')
    .argument('<version>')
    .requiredOption('--reason <text>', 'everyone may read it')
    .option('--undo', 'offer it again')
    .action((id, version, options) =>
      run(async () => (await import('./plugin-life.js')).yank(io, id, version, options)),
    );
  onStore(program.command('deprecate').description('say that a plugin is no longer cared for'))
    .argument('<id>')
    .option('--reason <text>', 'everyone may read it')
    .option('--successor <id>', 'what to use instead')
    .option('--undo', 'take that back')
    .action((id, options) => run(async () => (await import('./plugin-life.js')).deprecate(io, id, options)));
  const transfer = program.command('transfer').description('hand a plugin over to another organization');
  onStore(transfer.command('offer').description('offer it; nothing changes until the other accepts'))
    .argument('<id>')
    .argument('<organization>', 'its 64 digits (jpl store session)')
    .option('--reason <text>')
    .action((id, to, options) =>
      run(async () => (await import('./plugin-life.js')).transferOffer(io, id, to, options)),
    );
  onStore(transfer.command('list').description('offers from and to the organization')).action((options) =>
    run(async () => (await import('./plugin-life.js')).transferList(io, options)),
  );
  const steps = {
    accept: 'take an offered plugin over',
    decline: 'decline an offer',
    withdraw: 'take an offer back',
  } as const;
  for (const [step, description] of Object.entries(steps) as [keyof typeof steps, string][]) {
    onStore(transfer.command(step).description(description))
      .argument('<offer>')
      .action((offer, options) =>
        run(async () => (await import('./plugin-life.js')).transferStep(io, step, offer, options)),
      );
  }
}
