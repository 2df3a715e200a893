/** Runs commands in this process, and makes what they need with other commands. */
import { EventEmitter, once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from './cli.js';
import type { Io } from './io.js';

/** What no foreign text may bring to a terminal: every control and format character but the line break. */
export const terminalControls = /[^\P{Cc}\n]|\p{Cf}/u;

/** When everything in these tests happens. */
export const fixtureInstant = new Date('2026-06-01T00:00:00Z');

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The one JSON value on stdout. */
  json<Value = Record<string, unknown>>(): Value;
}

export interface Place {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly at?: Date | undefined;
  readonly onStdout?: ((text: string) => void) | undefined;
}

/** `jpl <args>` in a folder, with a home of its own there. */
export async function jpl(place: Place, ...args: string[]): Promise<Ran> {
  let out = '';
  let err = '';
  const io: Io = {
    stdout: (text) => {
      out += text;
      place.onStdout?.(text);
    },
    stderr: (text) => {
      err += text;
    },
    interactive: false,
    env: { HOME: join(place.cwd, 'home'), LANG: 'en_US.UTF-8', ...place.env },
    cwd: place.cwd,
    clock: () => place.at ?? fixtureInstant,
    signal: place.signal ?? new AbortController().signal,
  };
  const code = await runCli(args, io);
  return { code, out, err, json: () => oneJsonValue(out) };
}

function oneJsonValue<Value>(out: string): Value {
  if (!/^[^\n]+\n$/.test(out)) throw new Error(`Not one line: ${JSON.stringify(out)}`);
  return JSON.parse(out) as Value;
}

/** A server command in this process: where it answers, and how to stop it as Ctrl-C does. */
export async function serve(
  place: Place,
  ...args: string[]
): Promise<
  AsyncDisposable & {
    readonly url: string;
    /** Of `ca serve --admin-port`. */
    readonly adminUrl: string | undefined;
    readonly ended: Promise<Ran>;
  }
> {
  const controller = new AbortController();
  const said = new EventEmitter();
  const ready = once(said, 'line').then(([line]) => line as string);
  const ended = jpl(
    { ...place, signal: controller.signal, onStdout: (line) => said.emit('line', line) },
    ...args,
  );
  const first = await Promise.race([ready, ended]);
  if (typeof first !== 'string') throw new Error(`Not started: ${first.err}`);
  const { url, adminUrl } = JSON.parse(first) as { url: string; adminUrl?: string };
  return {
    url,
    adminUrl,
    ended,
    async [Symbol.asyncDispose]() {
      controller.abort();
      await ended;
    },
  };
}

/** A folder that goes away with the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'jpl-cli-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Every name in a folder and below it. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

/** A plugin's folder as an author has it. */
export async function writePlugin(
  cwd: string,
  { id, version, name = id }: { id: string; version: string; name?: string },
): Promise<string> {
  const folder = join(cwd, `${id}-${version}`);
  await mkdir(join(folder, 'data'), { recursive: true });
  const manifest = { id, name, version, description: `What ${id} does` };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'data', 'words.txt'), `The words of ${id} ${version}\n`);
  return folder;
}

/** An authority and a plugin's publisher, all made by commands; the authority serves nobody. */
export interface Publishing {
  readonly place: Place;
  readonly root: string;
  /** Id of the organization that issues. */
  readonly issuer: string;
  /** A signed package of the plugin. */
  sign(plugin: { id: string; version: string; name?: string }): Promise<string>;
}

/** @param baseUrl where the authority would answer; nobody does at the default */
export async function createPublishing(cwd: string, baseUrl = 'http://127.0.0.1:9'): Promise<Publishing> {
  const place = { cwd };
  const done = async (...args: string[]): Promise<Ran> => {
    const ran = await jpl(place, ...args);
    if (ran.code !== 0) throw new Error(`jpl ${args.join(' ')}: ${ran.err}${ran.out}`);
    return ran;
  };
  await done('ca', 'init', '--data-dir', 'ca', '--name', 'Fixture Root', '--base-url', baseUrl);
  const made = await done('ca', 'issue', '--data-dir', 'ca', '--hosted', 'Fixture Organization', '--json');
  const { issuerId } = made.json<{ issuerId: string }>();
  const certify = async (id: string): Promise<void> => {
    const [key, csr, chain] = ['key', 'csr', 'pem'].map((kind) => `${id}.${kind}`) as [
      string,
      string,
      string,
    ];
    await done('csr', '--cn', id, '--key-type', 'rsa-2048', '--key-out', key, '-o', csr);
    await done('ca', 'issue', '--data-dir', 'ca', '--csr', csr, '--issuer', issuerId, '-o', chain);
  };
  return {
    place,
    root: join(cwd, 'ca', 'root.pem'),
    issuer: issuerId,
    async sign(plugin) {
      const folder = await writePlugin(cwd, plugin);
      const isCertified = await readFile(join(cwd, `${plugin.id}.pem`)).catch(() => undefined);
      if (isCertified === undefined) await certify(plugin.id);
      const file = join(cwd, `${plugin.id}-${plugin.version}.jpl`);
      await done('pack', folder, '-o', file);
      await done('sign', file, '--key', `${plugin.id}.key`, '--cert', `${plugin.id}.pem`);
      return file;
    },
  };
}
