import { X509Certificate } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createPublishing,
  jpl,
  namesIn,
  type Place,
  type Publishing,
  serve,
  temporaryFolder,
  terminalControls,
} from '../cli-fixtures.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let publishing: Publishing;
let place: Place;
let sha256: string;
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = await temporaryFolder();
  publishing = await createPublishing(folder.path);
  place = publishing.place;
  sha256 = new X509Certificate(await readFile(publishing.root)).fingerprint256;
});
afterAll(() => folder[Symbol.asyncDispose]());

const add = (dataDir: string, name: string, url: string, ...args: string[]) => {
  const given = ['--root', 'ca/root.pem', '--sha256', sha256, '--data-dir', dataDir];
  return jpl(place, 'store', 'add', name, url, ...given, ...args);
};

describe('the configured stores', () => {
  const digest = () => sha256.replaceAll(':', '').toLowerCase();

  it('are none at first, and asking makes nothing', async () => {
    expect(await jpl(place, 'store', 'list', '--data-dir', 'none')).toMatchObject({ code: 0, out: '' });
    expect((await jpl(place, 'store', 'list', '--data-dir', 'none', '--json')).json()).toEqual([]);
    const removed = await jpl(place, 'store', 'remove', 'x', '--data-dir', 'none', '--json');
    expect([removed.code, removed.json().code]).toEqual([2, 'STORE_NOT_CONFIGURED']);
    for (const line of [['search'], ['info', 'Demo'], ['search', '--store', 'x']]) {
      const ran = await jpl(place, ...line, '--data-dir', 'none', '--json');
      expect([ran.code, ran.json().code]).toEqual([2, 'STORE_NOT_CONFIGURED']);
    }
    expect(await namesIn(folder.path)).not.toContain('none');
  });

  it('are added, listed and removed', async () => {
    const ran = await add('some', 'one', 'https://store.example/base', '--json');
    const one = { name: 'one', url: 'https://store.example/base/', rootSha256: digest() };
    expect([ran.code, ran.json()]).toEqual([0, one]);
    expect(await add('some', 'two', 'http://[::1]:8080')).toMatchObject({
      code: 0,
      out: `two: http://[::1]:8080/, under the root ${digest()}\n`,
    });
    const listed = await jpl(place, 'store', 'list', '--data-dir', 'some', '--json');
    expect(listed.json()).toEqual([one, { name: 'two', url: 'http://[::1]:8080/', rootSha256: digest() }]);
    const ambiguous = await jpl(place, 'info', 'Demo', '--data-dir', 'some', '--json');
    expect([ambiguous.code, ambiguous.json()]).toEqual([
      2,
      { code: 'STORE_AMBIGUOUS', message: expect.stringContaining('one, two') },
    ]);
    const removed = await jpl(place, 'store', 'remove', 'one', '--data-dir', 'some', '--json');
    expect([removed.code, removed.json()]).toEqual([0, { removed: 'one' }]);
    expect((await jpl(place, 'store', 'list', '--data-dir', 'some')).out).toMatch(/^two /);
  });

  it.each([
    ['name', 'http://store.example', [], 1, 'STORE_URL_INSECURE'],
    ['name', 'ftp://store.example', [], 2, 'STORE_URL_INVALID'],
    ['name', 'https://user:secret@store.example', [], 2, 'STORE_URL_INVALID'],
    ['name', 'store', [], 2, 'STORE_URL_INVALID'],
    ['Name!', 'https://store.example', [], 2, 'STORE_NAME_INVALID'],
    ['name', 'https://store.example', ['--sha256', 'ff'], 2, 'ROOT_DIGEST_INVALID'],
    ['name', 'https://store.example', ['--sha256', '00'.repeat(32)], 1, 'ROOT_DIGEST_MISMATCH'],
    ['name', 'https://store.example', ['--root', 'Missing.pem'], 2, 'FILE_NOT_FOUND'],
    ['name', 'https://store.example', ['--root', 'ca'], 2, 'NOT_A_FILE'],
    ['name', 'https://store.example', ['--root', 'ca/authority.json'], 1, 'ROOT_CERTIFICATE_INVALID'],
  ])('%s %s %j: exit %i, %s', async (name, url, args, exitCode, code) => {
    const ran = await add('refusing', name, url, ...args, '--json');
    expect([ran.code, ran.json().code]).toEqual([exitCode, code]);
    expect(ran.out).not.toContain('secret');
    expect(await namesIn(folder.path)).not.toContain('refusing');
  });

  it('are not believed when their file was changed', async () => {
    await add('changed', 'one', 'https://store.example');
    const file = at('changed/jpl/stores.json');
    await writeFile(file, (await readFile(file, 'utf8')).replace('https:', 'http:'));
    for (const line of [['store', 'list'], ['search'], ['verify', 'x.jpl'], ['list'], ['install', 'Demo']]) {
      const ran = await jpl(place, ...line, '--data-dir', 'changed', '--json');
      expect([line, ran.code, ran.json().code]).toEqual([line, 1, 'STORES_FILE_INVALID']);
    }
  });
});

describe('a store', () => {
  let server: Awaited<ReturnType<typeof serve>>;

  beforeAll(async () => {
    await mkdir(at('offers/packages'), { recursive: true });
    for (const version of ['1.9.0', '1.10.0']) {
      const file = await publishing.sign({ id: 'Demo', version, name: 'A demonstration' });
      await copyFile(file, at(`offers/packages/Demo-${version}.jpl`));
    }
    await copyFile(await publishing.sign({ id: 'Other', version: '1.0.0' }), at('offers/packages/Other.jpl'));
    const trusting = ['--trust-anchor', 'ca/root.pem', '--revocation', 'off'];
    const args = ['store', 'serve', '--data-dir', 'offers', '--port', '0', '--name', 'Fixture', ...trusting];
    server = await serve(place, ...args);
    await add('user', 'fixture', server.url);
    await vi.waitFor(
      async () => {
        const answer = await fetch(new URL('/v1/store', server.url));
        expect(await answer.json()).toMatchObject({ name: 'Fixture', plugins: 2 });
      },
      { timeout: 20_000 },
    );
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const ask = (...line: string[]) => jpl(place, ...line, '--data-dir', 'user');

  it('is searched by id, name and publisher', async () => {
    const all = await ask('search', '--json');
    expect(all.json<{ id: string; version: string }[]>().map(({ id, version }) => [id, version])).toEqual(
      expect.arrayContaining([
        ['Demo', '1.10.0'],
        ['Other', '1.0.0'],
      ]),
    );
    const keys = ['id', 'name', 'version', 'description', 'author', 'timestamp', 'store'];
    for (const plugin of all.json<object[]>()) expect(Object.keys(plugin).slice(0, 7)).toEqual(keys);
    const byName = await ask('search', '--sort', 'name', '--limit', '1');
    expect([byName.out.split('\n')[0], byName.err]).toEqual([
      'Demo (A demonstration)  1.10.0  by Fixture Organization',
      'There are more than 1: --limit\n',
    ]);
    expect((await ask('search', '--category', 'none', '--json')).json()).toEqual([]);
    expect((await ask('search', 'DEMONSTRATION', '--json')).json()).toMatchObject([{ id: 'Demo' }]);
    expect((await ask('search', 'fixture org', '--json')).json<unknown[]>()).toHaveLength(2);
    const shown = await ask('search', 'demo');
    expect(shown.out).toBe('Demo (A demonstration)  1.10.0  by Fixture Organization\n  What Demo does\n');
    const nothing = await ask('search', 'zebra');
    expect([nothing.code, nothing.out, nothing.err]).toEqual([0, '', 'Nothing matches "zebra".\n']);
    expect((await ask('search', 'zebra', '--json')).json()).toEqual([]);
  });

  it('tells of one plugin and its versions', async () => {
    const ran = await ask('info', 'Demo', '--json');
    expect(ran.json()).toMatchObject({
      id: 'Demo',
      version: '1.10.0',
      versions: [{ version: '1.10.0' }, { version: '1.9.0' }],
    });
    const shown = await ask('info', 'Demo');
    expect(shown.out).toMatch(
      /^Demo \(A demonstration\) {2}1\.10\.0 {2}by Fixture Organization\n\n {2}What Demo does\n\n {2}1\.10\.0 {2}\S+Z\n {2}1\.9\.0 {2}\S+Z\n$/,
    );
  });

  it.each([
    ['Nobody', 1, 'NOT_FOUND'],
    ['../Demo', 2, 'PLUGIN_ID_INVALID'],
    ['', 2, 'PLUGIN_ID_INVALID'],
  ])('info %j: exit %i, %s', async (id, exitCode, code) => {
    const ran = await ask('info', id, '--json');
    expect([ran.code, ran.json().code]).toEqual([exitCode, code]);
  });

  it('has what is installed by id, and says so when it is installed already', async () => {
    const install = (...args: string[]) =>
      ask('install', 'Demo', '--trust-anchor', 'ca/root.pem', '--revocation', 'off', ...args);
    expect(await install()).toMatchObject({ code: 0, out: 'Demo 1.10.0 is installed\n', err: '' });
    const again = await install('--json');
    expect([again.code, again.json()]).toEqual([
      1,
      expect.objectContaining({ installed: false, code: 'SAME_VERSION', resultCode: 100 }),
    ]);
    expect(await install('--force')).toMatchObject({ code: 0 });
    const cached = (await namesIn(at('home'))).filter((name) => /\.jpl/.test(name));
    expect(cached).toEqual([]);
  });

  it('does not have what it does not have', async () => {
    const ran = await ask('install', 'Nobody', '--json');
    expect([ran.code, ran.json()]).toEqual([
      1,
      expect.objectContaining({ installed: false, code: 'NOT_FOUND', resultCode: -1 }),
    ]);
  });

  it('has nothing for a platform nothing was made for, or everything where there is no library', async () => {
    expect((await ask('search', '--platform', 'x64-windows', '--json')).json<unknown[]>()).toHaveLength(2);
  });

  it('is away', async () => {
    await add('lonely', 'away', 'http://127.0.0.1:9');
    const ran = await jpl(place, 'search', '--data-dir', 'lonely', '--json');
    expect([ran.code, ran.json().code]).toEqual([1, 'CONNECTION_REFUSED']);
    // Beside another one, what that has is told, and the reason.
    await add('lonely', 'near', server.url);
    const both = await jpl(place, 'search', 'demo', '--data-dir', 'lonely');
    expect([both.code, both.out]).toEqual([1, expect.stringMatching(/^Demo .* {2}\(near\)\n/)]);
    expect(both.err).toMatch(/^away: .*\n {2}code: CONNECTION_REFUSED\n$/);
    await rm(at('lonely'), { recursive: true });
  });
});

describe('a hostile store', () => {
  const evil = 'Nice\u001b[2K\u009b1A\u202e\r\n\u2028Demo  9.9  by Jami\u0007';
  let server: Server;

  beforeAll(async () => {
    const plugin = (id: string) => ({
      id,
      name: evil,
      version: '1.0.0',
      description: `${evil}\ncode: NONE\n`,
      author: evil,
      iconPath: evil,
      backgroundPath: evil,
      timestamp: evil,
    });
    server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? '/', 'http://store');
      const answers: Record<string, unknown> = {
        '/': [plugin('Demo'), plugin(evil)],
        '/details/Demo': plugin('Demo'),
        '/versions/Demo': [plugin('Demo'), plugin('Demo')],
        '/details/Swapped': plugin(evil),
        '/versions/Swapped': [plugin(evil)],
      };
      const answer = answers[pathname];
      response.setHeader('content-type', 'application/json');
      if (answer === undefined) response.statusCode = 400;
      response.end(
        JSON.stringify(answer ?? { type: evil, title: evil, detail: evil, code: evil, status: 400 }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await add('prey', 'hostile', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    [['search'], 0],
    [['search', '--json'], 0],
    [['info', 'Demo'], 0],
    [['info', 'Demo', '--json'], 0],
    [['info', 'Swapped'], 1],
    [['info', 'Swapped', '--json'], 1],
    [['info', 'Broken'], 1],
    [['info', 'Broken', '--json'], 1],
    [['install', 'Broken'], 1],
    [['install', 'Demo', '--json'], 1],
  ])('%j does not move the cursor or print a line of its own', async (line, exitCode) => {
    const ran = await jpl(place, ...line, '--data-dir', 'prey');
    expect(ran.code).toBe(exitCode);
    const said = ran.out + ran.err;
    expect(said).not.toBe('');
    expect(said).not.toMatch(terminalControls);
    expect(said).not.toMatch(/^(Demo {2}9\.9|code: )/m);
  });

  it('gives programs the same text', async () => {
    const ran = await jpl(place, 'search', '--json', '--data-dir', 'prey');
    expect(ran.json()).toMatchObject([{ id: 'Demo', name: evil, author: evil }]);
  });
});
