/** A real PostgreSQL for tests: a cluster in a temporary folder, behind a Unix socket, gone at the end. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const run = promisify(execFile);

/** Where Debian keeps the programs of each version. */
const debianFolder = '/usr/lib/postgresql';

/** Nothing of a test's data has to survive a power cut. */
const settings = `
listen_addresses = ''
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 100
shared_buffers = 32MB
`;

export interface PostgresCluster extends AsyncDisposable {
  /** Makes an empty database. @returns its address */
  createDatabase(): Promise<string>;
  /** Ends the server, cutting every connection. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Runs a statement as the cluster's owner, outside any of those databases. */
  administer(sql: string): Promise<void>;
}

/** Where the server's programs are; undefined = this machine has none. */
async function findPrograms(): Promise<string | undefined> {
  const versions = await readdir(debianFolder).catch(() => []);
  const newest = versions.sort((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(debianFolder, newest, 'bin');
}

export const postgresPrograms = await findPrograms();

/** The server refuses to run as root. */
async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (flag: string): Promise<number> => Number((await run('id', [flag, 'nobody'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

/** @throws where the cluster does not come up */
export async function startPostgres(): Promise<PostgresCluster> {
  if (postgresPrograms === undefined) throw new Error('There is no PostgreSQL on this machine.');
  const folder = await mkdtemp(join(tmpdir(), 'jpl-pg-'));
  const as = await unprivileged();
  if (as !== undefined) chownSync(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  const init = ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await run(join(postgresPrograms, 'initdb'), init, { ...as, cwd: folder });
  await writeFile(join(data, 'postgresql.auto.conf'), settings);
  const programs = postgresPrograms;
  const url = (database: string): string => `postgres://owner@/${database}?host=${folder}`;
  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    server = spawn(join(programs, 'postgres'), ['-D', data, '-k', folder], {
      ...as,
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await ready(server, url('postgres'));
  };
  const stop = async (): Promise<void> => {
    if (server === undefined) return;
    const ended = once(server, 'exit');
    // "Fast" shutdown: connections are cut, what was committed stays.
    server.kill('SIGINT');
    await ended;
    server = undefined;
  };
  await start();
  const administer = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: url('postgres') });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  };
  return {
    administer,
    start,
    stop,
    async createDatabase() {
      const name = `store_${randomBytes(6).toString('hex')}`;
      await administer(`create database ${name}`);
      return url(name);
    },
    async [Symbol.asyncDispose]() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(server: ChildProcess, url: string): Promise<void> {
  let said = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL did not start: ${said}`);
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      // Not yet: the socket is made a moment after the process.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
