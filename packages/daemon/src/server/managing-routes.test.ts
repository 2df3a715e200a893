import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { managingRoutes } from '@jami-plugin-store/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { type Authority, DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { type DaemonServer, serveDaemon } from './serve-daemon.js';

const id = 'Greeter';
const files = {
  'data/preferences.json': JSON.stringify([
    { type: 'EditText', key: 'word', title: '{{name}}', defaultValue: 'hello' },
    { type: 'EditText', key: 'two\nlines' },
    { type: 'EditText', key: '__proto__' },
  ]),
  'data/accountpreferences.json': JSON.stringify([{ type: 'Switch', key: 'on', defaultValue: 'true' }]),
};

let fixtures: DaemonFixtures;
let authority: Authority;
let daemon: Daemon;
let server: DaemonServer;
let packagePath: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  packagePath = await writePackage(fixtures, signer, { files });
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(async () => {
  daemon = await startDaemon(fixtures, [authority.anchor], { language: 'en' });
  await daemon.install({ path: packagePath });
  server = await serveDaemon(daemon, { socketPath: fixtures.path('s'), closeGraceMs: 50 });
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await daemon[Symbol.asyncDispose]();
});

// biome-ignore lint/suspicious/noExplicitAny: what tests compare piece by piece
type Answer = { readonly status: number; readonly body: any };

/** @param body sent as it is where it is a text */
async function call(method: string, path: string, body?: unknown): Promise<Answer> {
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const request = httpRequest({ method, path, headers, agent: false, socketPath: server.socket });
  // The server may answer, and hang up, before it has read everything.
  request.on('error', () => undefined);
  request.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString()) };
}

const preferences = managingRoutes.preferences(id);

describe('the local API for what is installed', () => {
  it('tells and changes settings', async () => {
    expect(await call('GET', managingRoutes.settings)).toEqual({
      status: 200,
      body: { pluginsEnabled: true, language: 'en' },
    });
    const changed = await call('PATCH', managingRoutes.settings, { pluginsEnabled: false, language: 'fr' });
    expect(changed.body).toEqual({ pluginsEnabled: false, language: 'fr' });
    expect((await call('GET', `/v1/plugins/${id}`)).body).toMatchObject({ name: 'Salueur', language: 'fr' });
    expect((await call('GET', '/v1/info')).body).toMatchObject({ language: 'fr' });
    expect((await call('PATCH', managingRoutes.settings, { language: null })).body.language).toBe('en');
    expect(await call('POST', managingRoutes.load(id))).toMatchObject({
      status: 409,
      body: { code: 'PLUGINS_DISABLED', resultCode: -1 },
    });
  });

  it('says why a library is not loaded, there and in the list', async () => {
    expect(await call('POST', managingRoutes.load(id))).toMatchObject({
      status: 422,
      body: { code: 'LIBRARY_NOT_OPENED', resultCode: 500, title: 'The library cannot be opened' },
    });
    const load = { state: 'load-failed', code: 'LIBRARY_NOT_OPENED', remembered: false };
    expect((await call('GET', '/v1/plugins')).body).toMatchObject([{ id, state: 'installed', load }]);
    expect((await call('GET', `/v1/plugins/${id}`)).body).toMatchObject({ load });
    // Who unloads what failed wants to hear no more of it.
    expect(await call('POST', managingRoutes.unload(id))).toMatchObject({
      status: 200,
      body: { id, load: { state: 'unloaded' } },
    });
    expect(await call('POST', managingRoutes.unload(id))).toMatchObject({
      status: 409,
      body: { code: 'PLUGIN_NOT_LOADED' },
    });
    expect(await call('POST', managingRoutes.load('Nobody'))).toMatchObject({
      status: 404,
      body: { code: 'PLUGIN_NOT_INSTALLED' },
    });
    expect((await call('POST', managingRoutes.unloadAll)).body).toEqual({ unloaded: [] });
  });

  it('tells, sets and forgets preferences', async () => {
    const told = await call('GET', `${preferences}?account=abc&lang=fr`);
    expect(told.body).toMatchObject({ id, account: 'abc', language: 'fr', problems: [] });
    expect(told.body.preferences[0]).toEqual({
      scope: 'global',
      type: 'EditText',
      key: 'word',
      fields: { type: 'EditText', key: 'word', title: 'Salueur', defaultValue: 'hello' },
      defaultValue: 'hello',
      value: 'hello',
    });
    const values = { word: 'bonjour', on: 'false', 'two\nlines': 'a\nb' };
    const set = await call('PATCH', preferences, { account: 'abc', values });
    expect(set).toMatchObject({ status: 200, body: { values } });
    const reset = await call('DELETE', `${preferences}?account=abc`);
    expect(reset.body.values).toMatchObject({ ...values, on: 'true' });
    expect((await call('DELETE', preferences)).body.values).toMatchObject({
      word: 'hello',
      'two\nlines': '',
    });
  });

  it('answers "not supported" where a call, a chat or a client would have to run', async () => {
    for (const path of [managingRoutes.toggleHandler(id), managingRoutes.webView(id)])
      expect(await call('POST', path)).toMatchObject({
        status: 501,
        body: { code: 'NOT_SUPPORTED', resultCode: -1 },
      });
  });

  it.each<[string, string, unknown, number, string]>([
    ['PATCH', managingRoutes.settings, { pluginsEnabled: 'yes' }, 400, 'REQUEST_INVALID'],
    ['PATCH', managingRoutes.settings, { trustAnchors: [] }, 400, 'REQUEST_INVALID'],
    ['PATCH', managingRoutes.settings, { language: '../../etc' }, 400, 'REQUEST_INVALID'],
    ['PATCH', managingRoutes.settings, { language: 'x'.repeat(129) }, 400, 'REQUEST_INVALID'],
    ['PATCH', managingRoutes.settings, [], 400, 'REQUEST_INVALID'],
    ['PATCH', preferences, { values: {} }, 400, 'REQUEST_INVALID'],
    ['PATCH', preferences, { values: { word: 1 } }, 400, 'REQUEST_INVALID'],
    ['PATCH', preferences, { values: { '': 'x' } }, 400, 'REQUEST_INVALID'],
    ['PATCH', preferences, { values: { word: 'x'.repeat(16_385) } }, 400, 'REQUEST_INVALID'],
    ['PATCH', preferences, { values: { word: 'x'.repeat(1_000_000) } }, 413, 'BODY_TOO_LARGE'],
    ['PATCH', preferences, '{"values":{"__proto__":"x"}}', 400, 'REQUEST_INVALID'],
    ['PATCH', preferences, { account: '../x', values: { on: 'true' } }, 400, 'ACCOUNT_ID_INVALID'],
    ['PATCH', preferences, { values: { on: 'true' } }, 404, 'PREFERENCE_UNKNOWN'],
    ['PATCH', preferences, { account: 'a', values: { on: 'maybe' } }, 422, 'PREFERENCE_VALUE_INVALID'],
    ['GET', `${preferences}?account=..%2Fx`, undefined, 400, 'ACCOUNT_ID_INVALID'],
    ['DELETE', `${preferences}?account=plugins`, undefined, 400, 'ACCOUNT_ID_INVALID'],
    ['GET', managingRoutes.preferences('..'), undefined, 404, 'PLUGIN_NOT_INSTALLED'],
    ['GET', managingRoutes.preferences('../x'), undefined, 404, 'PLUGIN_NOT_INSTALLED'],
  ])('%#: refuses %s %s', async (method, path, body, status, code) => {
    const many = body !== undefined && typeof body === 'object' ? body : undefined;
    expect(await call(method, path, body)).toMatchObject({ status, body: { code } });
    if (many !== undefined) expect((await call('GET', preferences)).body.values.word).toBe('hello');
  });
});
