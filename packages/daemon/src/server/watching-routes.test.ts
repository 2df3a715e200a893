import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import {
  ActivityReport,
  CheckReport,
  DaemonProblem,
  daemonRoutes,
  InstalledPlugins,
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

it.each([
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
