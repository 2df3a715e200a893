/** The walk of docs/hosting.md, with the organization's half of docs/certification.md: their commands, typed into a shell as they stand there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type PostgresCluster,
  postgresPrograms,
  startPostgres,
} from '../../packages/store/src/database/postgres-fixtures.js';
import { freePort, Shell } from './jpl-process.js';

const documents = new URL('../../docs/', import.meta.url);
const launcher = fileURLToPath(new URL('../../packages/cli/bin/jpl.js', import.meta.url));

/** As the page writes it. */
const pagePorts = ['18420', '18421', '18422', '18424'];
const pageDatabase = 'postgres://store@/store?host=/run/postgresql';

interface Step {
  readonly name: string;
  readonly needs: string | undefined;
  readonly commands: string;
}

async function stepsOf(page: string): Promise<Step[]> {
  const text = await readFile(new URL(page, documents), 'utf8');
  const found = text.matchAll(/<!-- step: (\w+)(?: needs: (\w+))? -->\n```sh\n([\s\S]*?)```/g);
  const steps = [...found].map(([, name = '', needs, commands = '']) => ({ name, needs, commands }));
  // A block of commands that no step runs would be one that nobody has tried.
  expect(steps.length).toBe(text.match(/^```sh$/gm)?.length);
  return steps;
}

/** What a step must end with and say; every other ends with 0. */
const expected: Readonly<Record<string, { readonly code?: number; readonly says?: readonly RegExp[] }>> = {
  authority: { says: [/an authority named Example Root/, /credential of grace, reviewer/] },
  store: { says: [/"ready":true/] },
  review: { says: [/contact: Ada, ada@northwind.example/, /accepted/] },
  certificate: { says: [/northwind.token: the token with which to publish/, /certificate of CN=Whiteboard/] },
  publish: { says: [/Whiteboard 1\.0\.0, signed/] },
  accept: { says: [/published/] },
  install: { says: [/Whiteboard {2}1\.0\.0 {2}by Northwind Labs/, /Whiteboard 1\.0\.0 is installed/] },
  revoke: { says: [/revoked at .*keyCompromise/, /^4\d\d$/m] },
  refused: { code: 1, says: [/code: CERTIFICATE_REVOKED/] },
  backup: { says: [/backup: the store as of/, /0 findings, 0 remain/] },
  restore: { says: [/blobs with their digests/, /0 findings, 0 remain/] },
  move: { says: [/are the same at both ends/, /blobs have their digests/] },
  both: { says: [/"id":"Sketch"[\s\S]*"id":"Sketch"/, /0 findings, 0 remain/] },
  ask: { says: [/You publish only what you may publish/, /fjord-request.json/] },
  fetch: { says: [/accepted/, /fjord.token: the token/] },
  delegate: { says: [/OCSP responder of Fjord Software/] },
  package: { says: [/Sketch 1\.0\.0, signed/] },
};

/** A shell that stays, with `jpl` on its path, as one terminal. */
class Terminal implements AsyncDisposable {
  readonly #shell: Shell;
  readonly #child;
  #said = '';
  #steps = 0;
  #heard: () => void = () => {};
  readonly #inPlaceOf: (text: string) => string;

  constructor(shell: Shell, env: NodeJS.ProcessEnv, inPlaceOf: (text: string) => string) {
    this.#shell = shell;
    this.#inPlaceOf = inPlaceOf;
    const options = {
      cwd: shell.cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'],
      detached: true,
    };
    this.#child = spawn('bash', ['--noprofile', '--norc'], options);
    this.#child.stdin.write("trap 'FAILED=$?' ERR\n");
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said += text;
        this.#heard();
      });
    this.#child.on('exit', () => this.#heard());
  }

  /** Types the commands and waits for their end. @returns how the last one ended that failed, or 0 */
  async type(commands: string): Promise<{ code: number; said: string }> {
    this.#steps += 1;
    const mark = `step ${this.#steps} ended with `;
    const from = this.#said.length;
    // No command may read what is typed after it.
    const script = `FAILED=0; { ${this.#inPlaceOf(commands).trimEnd()}\n} < /dev/null\necho "${mark}$FAILED"\n`;
    this.#child.stdin.write(script);
    for (;;) {
      const [, code] = new RegExp(`${mark}(\\d+)`).exec(this.#said) ?? [];
      if (code !== undefined) return { code: Number(code), said: this.#said.slice(from) };
      if (this.#child.exitCode !== null) throw new Error(`The shell ended: ${this.#said.slice(from)}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  /** With whatever it started. */
  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'close');
    if (this.#child.pid !== undefined) process.kill(-this.#child.pid, 'SIGKILL');
    await gone;
    await this.#shell[Symbol.asyncDispose]();
  }
}

let terminal: Terminal;
let cluster: PostgresCluster | undefined;

beforeAll(async () => {
  const shell = await Shell.open();
  await mkdir(shell.at('bin'));
  await writeFile(shell.at('bin', 'jpl'), `#!/bin/sh\nexec "${process.execPath}" "${launcher}" "$@"\n`);
  await chmod(shell.at('bin', 'jpl'), 0o755);
  const s3 = Object.entries(process.env).filter(([name]) => name.startsWith('S3_'));
  await writeFile(shell.at('s3.env'), s3.map(([name, value]) => `${name}=${value}\n`).join(''));
  cluster = postgresPrograms === undefined ? undefined : await startPostgres();
  const database = (await cluster?.createDatabase()) ?? '';
  const ports = await Promise.all(pagePorts.map(freePort));
  const inPlaceOf = (text: string): string => {
    const onPorts = pagePorts.reduce(
      (changed, port, index) => changed.replaceAll(port, String(ports[index])),
      text,
    );
    const withDatabase = onPorts.replaceAll(pageDatabase, database);
    // Without a bucket, blobs stay in the folder.
    return s3.length > 0 ? withDatabase : withDatabase.replaceAll(' --s3 s3.env', '');
  };
  const {
    S3_ENDPOINT: _1,
    S3_BUCKET: _2,
    S3_ACCESS_KEY_ID: _3,
    S3_SECRET_ACCESS_KEY: _4,
    DATABASE_URL: _5,
    ...env
  } = shell.env;
  terminal = new Terminal(shell, { ...env, PATH: `${shell.at('bin')}:${env.PATH}` }, inPlaceOf);
});

afterAll(async () => {
  await terminal[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const hosting = await stepsOf('hosting.md');
const certification = await stepsOf('certification.md');

/** The second organization is certified between what the first did and the move. */
const atMove = hosting.findIndex(({ name }) => name === 'move');
const reviewed = certification.findIndex(({ name }) => name === 'fetch');
const review = hosting.filter(({ name }) => name === 'review');
const order = [
  ...hosting.slice(0, atMove),
  ...certification.slice(0, reviewed),
  ...review.map((step) => ({ ...step, name: 'review again' })),
  ...certification.slice(reviewed),
  ...hosting.slice(atMove),
];

let isBroken = false;
for (const { name, needs, commands } of order) {
  const isSkipped = needs === 'postgresql' && postgresPrograms === undefined;
  const title = isSkipped ? `${name} (skipped: this machine has no PostgreSQL)` : name;
  it.skipIf(isSkipped)(
    title,
    async () => {
      // What follows on a step that failed says nothing.
      expect(isBroken, 'a step before this one failed').toBe(false);
      isBroken = true;
      const { code, said } = await terminal.type(commands);
      const wanted = expected[name] ?? {};
      expect([code, said]).toEqual([wanted.code ?? 0, said]);
      for (const text of wanted.says ?? []) expect(said).toMatch(text);
      isBroken = false;
    },
    600_000,
  );
}
