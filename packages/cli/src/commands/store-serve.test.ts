import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jpl, serve, temporaryFolder } from '../cli-fixtures.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const args = (dir: string, ...more: string[]) => [
  'store',
  'serve',
  '--data-dir',
  dir,
  '--port',
  '0',
  ...more,
];
const shown = /^The operator's token, shown this once: (jpl_[0-9a-f]{16}_[0-9a-f]{64})$/m;

/** Runs a store, asks it who the holder of a token is, and stops it. */
async function roleOf(token: string | undefined, ...line: string[]): Promise<{ role: unknown; err: string }> {
  const server = await serve({ cwd: folder.path }, ...line);
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(new URL('/v1/session', server.url), { headers });
  await server[Symbol.asyncDispose]();
  return { role: ((await answer.json()) as { role?: unknown }).role, err: (await server.ended).err };
}

it('prints the operator’s first token at the first start, and never again', async () => {
  const first = await serve({ cwd: folder.path }, ...args('printed'));
  await first[Symbol.asyncDispose]();
  const [, token] = shown.exec((await first.ended).err) ?? [];
  const again = await roleOf(token, ...args('printed'));
  expect([token?.slice(0, 4), again.role]).toEqual(['jpl_', 'operator']);
  expect(again.err).not.toMatch(shown);
});

it('keeps it in a file of nobody else’s where one is named, and takes one that is there already', async () => {
  const kept = args('kept', '--operator-token-file', 'token');
  const first = await serve({ cwd: folder.path }, ...kept);
  await first[Symbol.asyncDispose]();
  const file = join(folder.path, 'token');
  const token = await readFile(file, 'utf8');
  expect([(await first.ended).err.includes(token.trim()), (await stat(file)).mode & 0o777]).toEqual([
    false,
    0o600,
  ]);
  expect((await roleOf(token.trim(), ...kept)).role).toBe('operator');
  const other = args('other', '--operator-token-file', 'token');
  expect((await roleOf(token.trim(), ...other)).role).toBe('operator');
  await writeFile(join(folder.path, 'no-token'), 'nothing of the kind');
  const ran = await jpl({ cwd: folder.path }, ...args('third', '--operator-token-file', 'no-token'));
  expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('TOKEN_MALFORMED')]);
});

it('refuses settings that cannot be used before it listens', async () => {
  await mkdir(join(folder.path, 'settings'));
  const run = async (env: Record<string, string>, ...more: string[]) => {
    const ran = await jpl({ cwd: folder.path, env }, ...args('settings', ...more));
    return [ran.code, /code: (\w+)/.exec(ran.err)?.[1]];
  };
  await writeFile(join(folder.path, 'empty.pem'), 'no credential');
  const admin = ['--authority-admin', 'https://localhost:1'];
  expect(await run({}, ...admin)).toEqual([2, 'OPTIONS_INCOMPLETE']);
  expect(await run({}, ...admin, '--authority-credential', 'empty.pem')).toEqual([
    1,
    'AUTHORITY_NOT_CONFIGURED',
  ]);
  expect((await run({}, '--ask-revocation-every', '0'))[0]).toBe(2);
  expect(await run({}, '--application-key', 'empty.pem')).toEqual([1, 'APPLICATION_NOT_CONFIGURED']);
  expect(await run({ DATABASE_URL: 'mysql://here' })).toEqual([1, 'DATABASE_URL_MALFORMED']);
  expect(await run({ S3_BUCKET: 'bucket' })).toEqual([1, 'S3_SETTINGS_MALFORMED']);
});
