import { once } from 'node:events';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import {
  AccountList,
  ActivityReport,
  CheckReport,
  DaemonProblem,
  daemonRoutes,
  InstalledPlugins,
  InstallTrace,
  InstallTraces,
  PluginDetails,
  RollbackReport,
} from '@jami-plugin-store/contract';
import type { TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { type DaemonServer, serveDaemon } from './serve-daemon.js';

let fixtures: DaemonFixtures;
let daemon: Daemon;
let server: DaemonServer;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  const authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  daemon = await startDaemon(fixtures, [authority.anchor]);
  server = await serveDaemon(daemon, { socketPath: fixtures.path('s'), closeGraceMs: 50 });
  for (const version of ['1.0.0', '2.0.0'])
    await daemon.install({ path: await writePackage(fixtures, signer, { version }) });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
  await fixtures[Symbol.asyncDispose]();
});

async function call(method: string, path: string): Promise<{ status: number; body: unknown }> {
  const request = httpRequest({ method, path, agent: false, socketPath: server.socket }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, body: await json(response) };
}

async function told<T extends TSchema>(schema: T, method: string, path: string): Promise<unknown> {
  const { status, body } = await call(method, path);
  expect([status, Check(schema, body)]).toEqual([200, true]);
  return body;
}

it('go back, look, and tell what was done', async () => {
  expect(await told(RollbackReport, 'POST', daemonRoutes.rollback('Greeter'))).toMatchObject({
    version: '1.0.0',
    from: '2.0.0',
    resultCode: 0,
  });
  await writeFile(join((await daemon.details('Greeter')).path, 'extra'), '');
  expect(await told(CheckReport, 'POST', daemonRoutes.check('Greeter'))).toMatchObject({
    state: 'disabled',
    disabled: { code: 'FILES_CHANGED', entry: 'extra', offers: ['reinstall', 'rollback', 'uninstall'] },
  });
  expect(await told(InstalledPlugins, 'GET', daemonRoutes.plugins)).toMatchObject([{ state: 'disabled' }]);
  expect(await told(PluginDetails, 'GET', daemonRoutes.plugin('Greeter'))).toMatchObject({
    disabled: { code: 'FILES_CHANGED' },
  });
  expect(await told(ActivityReport, 'GET', daemonRoutes.activity)).toMatchObject({
    entries: [
      { action: 'install', to: '1.0.0' },
      { action: 'update', from: '1.0.0', to: '2.0.0' },
      { action: 'rollback', from: '2.0.0', to: '1.0.0' },
      { action: 'disable', code: 'FILES_CHANGED', by: 'request' },
    ],
    hasMore: false,
  });
  expect(await told(ActivityReport, 'GET', `${daemonRoutes.activity}?after=1&limit=1`)).toMatchObject({
    entries: [{ number: 2 }],
    hasMore: true,
  });
});

it('tell which accounts there are', async () => {
  const { dataDir } = daemon.info;
  // Jami's form; a name of our own with values; then what is none: no folder of accounts, a link, a file, our own folders.
  await mkdir(join(dataDir, '0123456789abcdef'));
  await mkdir(join(dataDir, 'Account1/plugins'), { recursive: true });
  await mkdir(join(dataDir, 'ringtones'));
  await mkdir(join(dataDir, 'with-dash/plugins'), { recursive: true });
  await symlink('Account1', join(dataDir, 'fedcba9876543210'));
  await writeFile(join(dataDir, '1111111111111111'), '');
  expect(await told(AccountList, 'GET', daemonRoutes.accounts)).toEqual({
    accounts: ['0123456789abcdef', 'Account1'],
  });
});

it('tell what was said and done during an install, and never a secret', async () => {
  const body = JSON.stringify({ path: join(daemon.info.dataDir, 'no.jpl'), job: 'traced-1' });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer hidden', 'x-mine': 'shown' };
  const path = daemonRoutes.plugins;
  const request = httpRequest({ method: 'POST', path, headers, agent: false, socketPath: server.socket }).end(
    body,
  );
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.resume().statusCode).toBe(422);

  const trace = await told(InstallTrace, 'GET', daemonRoutes.trace('traced-1'));
  expect(trace).toMatchObject({
    job: 'traced-1',
    code: 'FILE_NOT_FOUND',
    messages: { 0: { kind: 'install-request' } },
  });
  const [{ raw = '' } = {}] = (trace as InstallTrace).messages;
  expect(raw).toMatch(/^POST \/v1\/plugins HTTP\/1\.1\n/);
  expect(raw).toContain('\nx-mine: shown\n');
  expect(raw).toContain('\nauthorization: (not shown)\n');
  expect(JSON.stringify(trace)).not.toContain('hidden');
  const { messages: _messages, ...head } = trace as InstallTrace;
  const list = (await told(InstallTraces, 'GET', daemonRoutes.traces)) as InstallTraces;
  expect(list.traces).toHaveLength(3);
  expect(list.traces[0]).toEqual(head);
});

it('tell whose a plugin is, and what was verified', async () => {
  const [row] = (await told(InstalledPlugins, 'GET', daemonRoutes.plugins)) as InstalledPlugins;
  const instant = expect.stringMatching(/^2026-06-01T/);
  expect(row).toMatchObject({ installedAt: instant, files: 7, hasPreferences: false });
  const details = await told(PluginDetails, 'GET', daemonRoutes.plugin('Greeter'));
  const validity = { notBefore: '2020-01-01T00:00:00.000Z', notAfter: '2099-12-31T00:00:00.000Z' };
  const certificate = {
    ...validity,
    serialNumber: expect.stringMatching(/^[0-9a-f]+$/),
    sha256: expect.any(String),
  };
  expect(details).toMatchObject({
    files: 7,
    hasPreferences: false,
    installedAt: instant,
    certificatePath: [
      { ...certificate, name: 'Hello Ltd plugin', subject: 'CN=Hello Ltd plugin', issuer: 'CN=Hello Ltd' },
      { ...certificate, name: 'Hello Ltd', subject: 'CN=Hello Ltd', issuer: 'CN=Fixture Root' },
      { ...certificate, name: 'Fixture Root', subject: 'CN=Fixture Root', issuer: 'CN=Fixture Root' },
    ],
  });
});

it.each([
  ['GET', daemonRoutes.trace('unknown'), 404, 'TRACE_NOT_FOUND'],
  ['GET', daemonRoutes.trace('x'.repeat(65)), 400, 'REQUEST_INVALID'],
  ['POST', daemonRoutes.rollback('Nobody'), 404, 'PLUGIN_NOT_INSTALLED'],
  ['POST', daemonRoutes.adopt('Greeter'), 409, 'ALREADY_MANAGED'],
  ['POST', daemonRoutes.check('..'), 422, 'PLUGIN_ID_INVALID'],
  ['POST', daemonRoutes.adopt('x'.repeat(65)), 400, 'REQUEST_INVALID'],
  ['GET', `${daemonRoutes.activity}?limit=1001`, 400, 'REQUEST_INVALID'],
  ['GET', `${daemonRoutes.activity}?after=-1`, 400, 'REQUEST_INVALID'],
  ['GET', `${daemonRoutes.activity}?other=1`, 400, 'REQUEST_INVALID'],
])('%s %s is refused', async (method, path, status, code) => {
  const answer = await call(method, path);
  expect(Check(DaemonProblem, answer.body)).toBe(true);
  expect(answer).toMatchObject({ status, body: { code } });
});
