import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Client, type PageHost, servePage } from '@jami-plugin-store/client';
import {
  type InstallTrace,
  InstallTrace as InstallTraceSchema,
  MachineView,
  PageCatalog,
  type PageEvent,
  PageEvent as PageEventSchema,
  PageState,
  PluginPage,
  type PluginView,
  type Problem,
  pageRoutes,
  type TraceList,
} from '@jami-plugin-store/contract';
import fc from 'fast-check';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ClientWorld, createPublisher, makePackage, type Publisher } from './client-world.js';
import { temporaryFolder } from './interop/openssl.js';
import { PageVisitor, visit } from './page-visitor.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let hand: Publisher;
let world: ClientWorld;
let client: Client;
let host: PageHost;
let visitor: PageVisitor;
let now = Date.parse('2026-06-01T00:00:00Z');

beforeAll(async () => {
  folder = await temporaryFolder();
  hand = await createPublisher(join(folder.path, 'hand'));
  world = await ClientWorld.create([hand]);
  await world.publish(hand, { id: 'Greeter', version: '1.0.0' });
  await world.publish(hand, { id: 'Painter', version: '2.0.0' });
  const filesDir = join(folder.path, 'page');
  await mkdir(join(filesDir, 'assets'), { recursive: true });
  await writeFile(join(filesDir, 'index.html'), '<!doctype html><title>Page</title>');
  await writeFile(join(filesDir, 'assets', 'main-Abcd1234.js'), 'export {};');
  await writeFile(join(filesDir, 'assets', 'main-Abcd1234.js.br'), 'not really');
  await writeFile(join(filesDir, '.env'), 'secret');
  await symlink('/etc/passwd', join(filesDir, 'passwd.txt'));
  client = await world.wholeClient({ clock: () => new Date(now) });
  host = await servePage(client, { filesDir, maxPackageBytes: 2_000_000, closeGraceMs: 50 });
  await client.start();
  visitor = await PageVisitor.open(host.issueAddress());
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await client?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
  await folder?.[Symbol.asyncDispose]();
});

const installed = (id: string) => (event: PageEvent) =>
  event.type === 'plugin' &&
  event.plugin.snapshot.id === id &&
  event.plugin.snapshot.state === 'installed' &&
  event.plugin.installed !== undefined;
const code = async (answer: Promise<{ json<Value>(): Value }>) => (await answer).json<Problem>().code;

describe('who is answered', () => {
  test('nothing but the session and the files of the page answers without the cookie', async () => {
    const { origin } = host;
    expect(host.routes.length).toBeGreaterThanOrEqual(20);
    for (const route of host.routes) {
      const [method = '', path = ''] = route.split(' ');
      const url = path.replace(':store', 'hand').replace(':id', 'Greeter').replace(':action', 'install');
      const headers = { origin, 'content-type': 'application/json' };
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? '{}' : undefined;
      const answer = await visit(origin, url.replace(':job', 'x'), { method, headers, body });
      const isSession = route === `POST ${pageRoutes.session}`;
      expect([route, answer.status]).toEqual([route, isSession ? 400 : 401]);
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
      if (!isSession) expect(answer.json<Problem>().code).toBe('SESSION_REQUIRED');
    }
    expect((await visit(origin, '/')).body.toString()).toContain('<title>Page</title>');
    expect((await visit(origin, '/page/unknown')).status).toBe(401);
  });

  test('a code opens one session, within a minute; its end ends it', async () => {
    const address = host.issueAddress();
    const other = await PageVisitor.open(address);
    expect((await other.ask(pageRoutes.state)).status).toBe(200);
    await expect(PageVisitor.open(address)).rejects.toThrow('CODE_REFUSED');
    const late = host.issueAddress();
    now += 60_001;
    await expect(PageVisitor.open(late)).rejects.toThrow('CODE_REFUSED');
    expect((await other.ask(pageRoutes.session, { method: 'DELETE' })).status).toBe(204);
    expect(await other.refused(pageRoutes.state)).toBe('SESSION_REQUIRED');
    expect((await visitor.ask(pageRoutes.state)).status).toBe(200);
    const cookie = `jpl-page-${new URL(host.origin).port}=${'A'.repeat(43)}`;
    expect(await code(visit(host.origin, pageRoutes.state, { headers: { cookie } }))).toBe(
      'SESSION_REQUIRED',
    );
  });

  test('the cookie is out of reach of scripts and other sites', async () => {
    const body = JSON.stringify({ code: new URL(host.issueAddress()).hash.slice('#code='.length) });
    const headers = { origin: host.origin, 'content-type': 'application/json' };
    const answer = await visit(host.origin, pageRoutes.session, { method: 'POST', headers, body });
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^jpl-page-\d+=[\w-]{43}; Path=\/page; HttpOnly; SameSite=Strict$/,
    );
  });

  test('a session that nobody used for a day is over', async () => {
    const idle = await PageVisitor.open(host.issueAddress());
    now += 24 * 3_600_000 + 1;
    expect(await idle.refused(pageRoutes.state)).toBe('SESSION_REQUIRED');
    visitor = await PageVisitor.open(host.issueAddress());
  });

  test.each(['evil.example', 'evil.example:80', '127.0.0.1', '127.0.0.1.evil.example', '[::1]:1', 'x'])(
    'a name that a foreign resolver may give this address: %j',
    async (name) => {
      for (const path of ['/', pageRoutes.state])
        expect(await visitor.refused(path, { headers: { host: name } })).toBe('HOST_REFUSED');
    },
  );

  test('another page, whatever it asks', async () => {
    const change = { method: 'POST', json: {} };
    const path = pageRoutes.action('hand', 'Greeter', 'install');
    for (const origin of [
      'https://evil.example',
      'null',
      `${host.origin}.evil.example`,
      'http://127.0.0.1:1',
    ])
      for (const asked of [change, {}])
        expect(await visitor.refused(path, { ...asked, headers: { origin } })).toBe('ORIGIN_REFUSED');
    for (const site of ['cross-site', 'same-site'])
      expect(await visitor.refused(pageRoutes.state, { headers: { 'sec-fetch-site': site } })).toBe(
        'ORIGIN_REFUSED',
      );
    const { headers: _, ...bare } = await visitor.ask(pageRoutes.state);
    expect(bare.status).toBe(200);
    const cookies = { cookie: 'x=y' };
    expect(await code(visit(host.origin, path, { method: 'POST', headers: cookies }))).toBe('ORIGIN_REFUSED');
  });

  test('files are those of the page, and no path leads elsewhere', async () => {
    const script = await visit(host.origin, '/assets/main-Abcd1234.js', {
      headers: { 'accept-encoding': 'gzip, br' },
    });
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'content-encoding': 'br',
      'cache-control': 'public, max-age=31536000, immutable',
    });
    expect((await visit(host.origin, '/')).headers['cache-control']).toBe('no-cache');
    for (const path of [
      '/passwd.txt',
      '/.env',
      '/../folder/index.html',
      '/assets/..%2findex.html',
      '/assets/',
      '/%00',
    ])
      expect([path, (await visit(host.origin, path)).status]).toEqual([path, 404]);
    expect((await visit(host.origin, '/', { method: 'POST' })).status).toBe(404);
  });
});

describe('what a page shows and asks', () => {
  test('state, catalog, one install with its events and its trace, and the way back out', async () => {
    const state = await visitor.get<PageState>(pageRoutes.state);
    expect(Check(PageState, state)).toBe(true);
    expect(state).toMatchObject({
      shell: {
        daemon: { status: 'connected' },
        network: 'online',
        stores: [{ name: 'hand', status: 'offered', isDocumented: true, plugins: 2 }],
      },
      plugins: [],
    });
    const catalog = await visitor.get<PageCatalog>(`${pageRoutes.catalog}?store=hand&sort=name`);
    expect(Check(PageCatalog, catalog)).toBe(true);
    expect(catalog.plugins.map(({ name, snapshot }) => [name, snapshot.state])).toEqual([
      ['Greeter en', 'installable'],
      ['Painter en', 'installable'],
    ]);
    using listener = await visitor.listen();
    const answer = await visitor.ask(pageRoutes.action('hand', 'Greeter', 'install'), { method: 'POST' });
    expect(answer.status).toBe(200);
    expect(answer.json<PluginView>().snapshot.state).toBe('downloading');
    await listener.until(installed('Greeter'));
    await listener.until(({ type }) => type === 'activity');
    const states = listener.events.flatMap((event) =>
      event.type === 'plugin' && event.plugin.snapshot.id === 'Greeter' ? [event.plugin.snapshot.state] : [],
    );
    expect([...new Set(states)]).toEqual(['installable', 'downloading', 'installing', 'installed']);
    const unfit = listener.events.filter((event) => !Check(PageEventSchema, event));
    expect(unfit).toEqual([]);

    const page = await visitor.get<PluginPage>(pageRoutes.plugin('hand', 'Greeter'));
    expect(Check(PluginPage, page)).toBe(true);
    expect(page).toMatchObject({
      view: {
        seal: 'verified',
        installed: { version: '1.0.0', state: 'installed' },
        publisher: 'Organization by hand',
      },
      releases: [{ version: '1.0.0' }],
      trust: { saidBy: 'daemon', seal: 'verified', path: [{}, {}, {}], files: expect.any(Number) },
    });
    const { traces } = await visitor.get<TraceList>(pageRoutes.traces);
    expect(traces[0]).toMatchObject({ plugin: 'Greeter', version: '1.0.0', code: null, job: page.view.job });
    const trace = await visitor.get<InstallTrace>(pageRoutes.trace(traces[0]?.job ?? ''));
    expect(Check(InstallTraceSchema, trace)).toBe(true);
    const kinds = trace.messages.map(({ kind }) => kind);
    expect(kinds.slice(0, 6)).toEqual([
      'details-request',
      'details-answer',
      'download-request',
      'download-answer',
      'install-request',
      'archive-read',
    ]);
    // The path is judged while the files are verified.
    expect(kinds.slice(6, 8).sort()).toEqual(['path-found', 'signatures-verified']);
    expect(kinds.slice(8)).toEqual(['verdict', 'switched', 'install-answer']);
    const live = listener.events.flatMap((event) =>
      event.type === 'trace' && event.message !== undefined ? [event.message.kind] : [],
    );
    expect([...live].sort()).toEqual([...kinds].sort());
    expect(trace.messages[0]?.raw).toMatch(
      /^GET \/v1\/plugins\/Greeter HTTP\/1\.1\nhost: 127\.0\.0\.1:\d+\n/,
    );

    const removed = await visitor.ask(pageRoutes.action('hand', 'Greeter', 'uninstall'), { method: 'POST' });
    expect(removed.json<PluginView>().snapshot.state).toBe('uninstalling');
    await listener.until(
      (event) =>
        event.type === 'plugin' &&
        event.plugin.snapshot.id === 'Greeter' &&
        event.plugin.snapshot.state === 'installable' &&
        existsSync(join(world.folder, 'data', 'plugins', 'Greeter')) === false,
    );
    expect(await visitor.refused(pageRoutes.action('hand', 'Greeter', 'uninstall'), { method: 'POST' })).toBe(
      'ACTION_NOT_POSSIBLE',
    );
  });

  test('the machine as it is, drawn from itself', async () => {
    const machine = await visitor.get<MachineView>(pageRoutes.machine);
    expect(Check(MachineView, machine)).toBe(true);
  });

  test('settings, policies and preferences', async () => {
    using listener = await visitor.listen();
    const french = await visitor.ask(pageRoutes.settings, { method: 'PATCH', json: { language: 'fr' } });
    expect(french.json<PageState['shell']>().language).toBe('fr');
    await listener.until((event) => event.type === 'shell' && event.shell.language === 'fr');
    const catalog = await visitor.get<PageCatalog>(`${pageRoutes.catalog}?store=hand&q=peint`);
    expect(catalog.plugins).toEqual([]);
    const listed = await visitor.get<PageCatalog>(`${pageRoutes.catalog}?store=hand&q=Painter`);
    expect(listed.plugins.map(({ name }) => name)).toEqual(['Painter fr']);
    await visitor.ask(pageRoutes.settings, { method: 'PATCH', json: { language: 'en', autoUpdate: false } });

    const off = await visitor.ask(pageRoutes.settings, { method: 'PATCH', json: { pluginsEnabled: false } });
    expect(off.json<PageState['shell']>().pluginsEnabled).toBe(false);
    await visitor.ask(pageRoutes.settings, { method: 'PATCH', json: { pluginsEnabled: true } });

    const policy = pageRoutes.policy('hand', 'Painter');
    expect(await visitor.refused(policy, { method: 'PATCH', json: { pinned: true } })).toBe('PLUGIN_UNKNOWN');
    await visitor.ask(pageRoutes.action('hand', 'Painter', 'install'), { method: 'POST' });
    await listener.until(installed('Painter'));
    const pinned = await visitor.ask(policy, { method: 'PATCH', json: { pinned: true, holdDays: 3 } });
    expect(pinned.json<PluginView>().installed?.policy).toEqual({
      pinned: true,
      skippedVersion: null,
      holdDays: 3,
    });
    const preferences = await visitor.get<{ id: string }>(pageRoutes.preferences('Painter'));
    expect(preferences).toMatchObject({ id: 'Painter', preferences: [] });
    expect(
      await visitor.refused(pageRoutes.preferences('Painter'), {
        method: 'PATCH',
        json: { values: { x: '1' } },
      }),
    ).toBe('PREFERENCE_UNKNOWN');
    expect(await visitor.refused(`${pageRoutes.preferences('Painter')}?account=../x`)).toBe(
      'ACCOUNT_ID_INVALID',
    );
  });
});

test('what is told of installed plugins is what was just read, not what was known before', async () => {
  await world.publish(hand, { id: 'Speaker', version: '1.0.0', bulk: 1_000 });
  using listener = await visitor.listen();
  await visitor.ask(pageRoutes.check, { method: 'POST', json: {} });
  await visitor.ask(pageRoutes.action('hand', 'Speaker', 'install'), { method: 'POST' });
  await listener.until(installed('Speaker'));
  using french = await visitor.listen();
  await visitor.ask(pageRoutes.settings, { method: 'PATCH', json: { language: 'fr' } });
  await french.until(
    (event) =>
      event.type === 'plugin' &&
      event.plugin.snapshot.id === 'Speaker' &&
      event.plugin.installed !== undefined &&
      event.plugin.name === 'Speaker fr',
  );
  await visitor.ask(pageRoutes.settings, { method: 'PATCH', json: { language: 'en' } });
});

test('a page that is opened hears of an account that was made meanwhile', async () => {
  using listener = await visitor.listen();
  await mkdir(join(world.folder, 'data', '0123456789abcdef', 'plugins'), { recursive: true });
  await visitor.get(pageRoutes.state);
  await listener.until(
    (event) => event.type === 'shell' && event.shell.accounts.includes('0123456789abcdef'),
  );
});

describe('a file that is dropped on the page', () => {
  const drop = (bytes: Buffer | string, query = 'name=x.jpl') =>
    visitor.ask(`${pageRoutes.packages}?${query}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    });
  const leftOver = () => readdir(join(world.cache, 'dropped')).catch(() => []);

  test('is judged, installed and removed from the cache, with progress and a trace', async () => {
    const path = await makePackage(hand, { id: 'Dropped', version: '1.0.0' });
    using listener = await visitor.listen();
    const answer = await drop(await readFile(path), 'name=Dropped.jpl&job=my-drop');
    expect(answer.json()).toEqual({ id: 'Dropped', version: '1.0.0', job: 'my-drop' });
    expect(await leftOver()).toEqual([]);
    expect(existsSync(path)).toBe(true);
    await listener.until(installed('Dropped'));
    await listener.until(
      (event) => event.type === 'package' && event.job === 'my-drop' && event.done === event.of,
    );
    const view = (await visitor.get<PageState>(pageRoutes.state)).plugins.find(
      ({ snapshot }) => snapshot.id === 'Dropped',
    );
    expect(view).toMatchObject({ store: '-', seal: 'verified', job: 'my-drop' });
    expect((await visitor.get<InstallTrace>(pageRoutes.trace('my-drop'))).code).toBeNull();
    expect(await visitor.refused(pageRoutes.action('-', 'Dropped', 'install'), { method: 'POST' })).toBe(
      'ACTION_NOT_POSSIBLE',
    );
    const again = await drop(await readFile(path));
    expect([again.status, again.json<Problem>().code]).toEqual([409, 'SAME_VERSION']);
    expect((await drop(await readFile(path), 'name=x.jpl&force=true')).status).toBe(200);
    await visitor.ask(pageRoutes.action('-', 'Dropped', 'uninstall'), { method: 'POST' });
    await listener.until((event) => event.type === 'gone' && event.store === '-' && event.id === 'Dropped');
  });

  test('that was changed is refused with the daemon’s reason', async () => {
    const bytes = await readFile(await makePackage(hand, { id: 'Changed', version: '1.0.0' }));
    bytes.writeUInt8((bytes[bytes.length >> 1] ?? 0) ^ 1, bytes.length >> 1);
    const answer = await drop(bytes, 'name=x.jpl&job=changed');
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.json<Problem & { resultCode: number }>().code).toMatch(/SIGNATURE|CRC|DATA/);
    expect((await visitor.get<InstallTrace>(pageRoutes.trace('changed'))).code).toMatch(/SIGNATURE|CRC|DATA/);
    expect(await leftOver()).toEqual([]);
  });

  test('that is none, too large, of another type, or never whole', async () => {
    expect(await code(drop(''))).toBe('PACKAGE_EMPTY');
    expect(await code(drop('hello'))).toBe('NOT_A_ZIP');
    const large = await drop(Buffer.alloc(2_000_001)).catch((error: NodeJS.ErrnoException) => error.code);
    if (typeof large === 'object') expect(large.json<Problem>().code).toBe('PACKAGE_TOO_LARGE');
    else expect(['EPIPE', 'ECONNRESET']).toContain(large);
    expect(await visitor.refused(`${pageRoutes.packages}?name=x`, { method: 'PUT', json: {} })).toBe(
      'MEDIA_TYPE_UNSUPPORTED',
    );
    expect(await visitor.refused(pageRoutes.packages, { method: 'PUT', json: {} })).toBe('REQUEST_INVALID');
    expect(await leftOver()).toEqual([]);
  });
});

describe('pictures', () => {
  const root = () => join(world.folder, 'data', 'plugins', 'Pictured');
  const png = Buffer.from('89504e470d0a1a0a0000', 'hex');

  beforeAll(async () => {
    const path = await makePackage(hand, { id: 'Pictured', version: '1.0.0', bulk: 1_000 });
    await world.connect().install({ path });
    await world.connect().list();
    await vi.waitFor(() => expect(client.local.registry.row('Pictured')?.id).toBe('Pictured'), 10_000);
    await writeFile(join(root(), 'data', 'icon.png'), png);
  });

  test('are sent as what their bytes are, sandboxed', async () => {
    const answer = await visitor.ask(pageRoutes.image('-', 'Pictured', 'icon'));
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'image/png']);
    expect(answer.headers['content-security-policy']).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    );
    expect(answer.body.equals(png)).toBe(true);
    const etag = String(answer.headers.etag);
    const again = await visitor.ask(pageRoutes.image('-', 'Pictured', 'icon'), {
      headers: { 'if-none-match': etag },
    });
    expect(again.status).toBe(304);
  });

  test.each([
    ['a link out of the folder', (file: string) => symlink('/etc/passwd', file), 'IMAGE_REFUSED'],
    ['a link within the folder', (file: string) => symlink('icon.png', file), 'IMAGE_REFUSED'],
    ['a page', (file: string) => writeFile(file, '<html><script>alert(1)</script></html>'), 'IMAGE_REFUSED'],
    ['a folder', (file: string) => mkdir(file), 'IMAGE_REFUSED'],
    ['nothing', async () => undefined, 'IMAGE_NOT_FOUND'],
  ])('that are %s are not shown', async (_, put, reason) => {
    const file = join(root(), 'data', 'background.jpg');
    await rm(file, { recursive: true, force: true });
    await put(file);
    expect(await visitor.refused(pageRoutes.image('-', 'Pictured', 'background'))).toBe(reason);
  });
});

describe('whatever comes', () => {
  test('random requests to every route are answered, never with a defect', async () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('hand', '-', 'Greeter', '..', '%2e%2e', '__proto__', '%'),
    );
    const value = fc.oneof(
      fc.jsonValue(),
      fc.record(
        { code: text, version: text, pinned: fc.boolean(), values: fc.dictionary(text, text) },
        { requiredKeys: [] },
      ),
    );
    const paths = host.routes.filter((route) => !route.endsWith(pageRoutes.events));
    const request = fc.record({
      route: fc.constantFrom(...paths),
      parts: fc.array(text, { minLength: 3, maxLength: 3 }),
      query: fc.dictionary(text, text, { maxKeys: 3 }),
      body: fc.option(value),
      type: fc.constantFrom(
        'application/json',
        'application/octet-stream',
        'text/plain',
        'application/json; charset=x',
      ),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ route, parts, query, body, type }) => {
        const [method = '', template = ''] = route.split(' ');
        let index = 0;
        const path = template.replace(/:\w+/g, () => encodeURIComponent(parts[index++] ?? ''));
        if (method === 'DELETE' && path === pageRoutes.session) return;
        const answer = await visitor.ask(`${path}?${new URLSearchParams(query)}`, {
          method,
          headers: { 'content-type': type },
          ...(method === 'GET' || body === null ? {} : { body: JSON.stringify(body) }),
        });
        const told = answer.status < 400 || answer.json<Problem>().code;
        expect([route, told]).not.toEqual([route, 'INTERNAL']);
        expect([
          route,
          answer.status < 500 || ['HTTP_STATUS', 'DAEMON_UNAVAILABLE'].includes(String(told)),
        ]).toEqual([route, true]);
      }),
      { numRuns: 150 },
    );
  });

  test('what is no HTTP, or has no end, is cut off', async () => {
    const { port } = new URL(host.origin);
    const answer = await new Promise<string>((resolve) => {
      let got = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('\x16\x03\x01 hello\r\n\r\n'));
      socket.on('data', (chunk) => {
        got += chunk;
      });
      socket.on('close', () => resolve(got));
      socket.on('error', () => undefined);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400/);
    const headers = { cookie: 'x'.repeat(20_000) };
    expect((await visit(host.origin, '/', { headers })).status).toBe(431);
  });
});
