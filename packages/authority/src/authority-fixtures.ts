import { execFile } from 'node:child_process';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AuthorityErrorCode } from '@jami-plugin-store/contract';
import { expect } from 'vitest';
import type { Authority } from './authority.js';
import { AuthorityError } from './error.js';
import { type InitAuthorityOptions, initAuthority } from './init-authority.js';
import { openAuthority } from './open-authority.js';
import { createKeyAndCsr } from './x509/create-key-and-csr.js';
import { generateKey, type KeyType } from './x509/key.js';

const runFile = promisify(execFile);

/** A folder for one test, and a way to put files into it. */
export interface Scratch extends AsyncDisposable {
  readonly dir: string;
  file(name: string, content: string | Uint8Array): Promise<string>;
}

export async function scratch(): Promise<Scratch> {
  const dir = await mkdtemp(join(tmpdir(), 'jpl-ca-'));
  return {
    dir,
    async file(name, content) {
      const path = join(dir, name);
      await writeFile(path, content);
      return path;
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** A clock that stands still until it is moved. */
export interface TestClock {
  (): Date;
  advance(ms: number): void;
}

export function testClock(start = '2026-11-22T00:00:00.000Z'): TestClock {
  let now = new Date(start).getTime();
  return Object.assign(() => new Date(now), {
    advance(ms: number) {
      now += ms;
    },
  });
}

export const minuteMs = 60_000;
export const dayMs = 24 * 60 * minuteMs;

/** Runs the independent party; its output whatever its exit code. */
export async function openssl(
  args: readonly string[],
  tool = 'openssl',
): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await runFile(tool, args, { timeout: 20_000 })) };
  } catch (error) {
    if (!(error instanceof Error) || !('stdout' in error) || !('stderr' in error)) throw error;
    const code = 'code' in error && typeof error.code === 'number' ? error.code : -1;
    return { code, stdout: String(error.stdout), stderr: String(error.stderr) };
  }
}

/** True where a program of this name can be run. */
export async function isInstalled(tool: string): Promise<boolean> {
  try {
    await runFile(tool, ['--version']);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    return true;
  }
}

export interface TestAuthority extends AsyncDisposable {
  readonly dir: string;
  readonly clock: TestClock;
  readonly authority: Authority;
  readonly rootPem: string;
  /** Closes and opens again, as a restart does. */
  reopen(): Promise<Authority>;
}

export async function testAuthority(
  options: Partial<Omit<InitAuthorityOptions, 'dir' | 'clock'>> & { clock?: TestClock } = {},
): Promise<TestAuthority> {
  const folder = await scratch();
  const { clock = testClock(), ...rest } = options;
  const { dir } = folder;
  const { rootPem } = await initAuthority({
    name: 'Test Root',
    baseUrl: 'http://ca.example',
    ...rest,
    dir,
    clock,
  });
  let authority = await openAuthority({ dir, clock, passphrase: rest.passphrase });
  return {
    dir,
    clock,
    rootPem,
    get authority() {
      return authority;
    },
    async reopen() {
      await authority[Symbol.asyncDispose]();
      authority = await openAuthority({ dir, clock, passphrase: rest.passphrase });
      return authority;
    },
    async [Symbol.asyncDispose]() {
      await authority[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A request made by this project. */
export async function requestFor(CN: string, keyType: KeyType = 'ec-p256'): Promise<Buffer> {
  return Buffer.from((await createKeyAndCsr({ subject: { CN }, keyType })).csrPem);
}

let sharedKey: Promise<KeyObject> | undefined;

/** A request for a plugin certificate; all of them are for one key, because RSA keys are slow to make. */
export async function pluginRequest(CN = 'Plugin'): Promise<Buffer> {
  sharedKey ??= generateKey('rsa-2048');
  return Buffer.from((await createKeyAndCsr({ subject: { CN }, privateKey: await sharedKey })).csrPem);
}

/** An organization whose key is held here and one plugin certificate of it. */
export async function issueChain(authority: Authority, name = 'Acme') {
  const organization = await authority.createOrganization({ commonName: name });
  const csr = await pluginRequest(`${name} plugin`);
  const plugin = await authority.issuePlugin(csr, { issuer: organization.keyId });
  return { organization, plugin };
}

/** Expects a refusal of this room with exactly this code, and gives it back. */
export async function refusal(work: Promise<unknown>, code: AuthorityErrorCode): Promise<AuthorityError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(AuthorityError);
  const refused = error as AuthorityError;
  expect(refused.code).toBe(code);
  expect(refused.message).toMatch(/\S.*\.$/s);
  return refused;
}
