import type { InstalledPlugin } from '@jami-plugin-store/contract';
import { expect, test } from 'vitest';
import { createNetwork } from '../network/network.js';
import { createTestTimer, rejection, serve } from '../network/test-server-fixtures.js';
import { createStoreApi } from '../store/store-api.js';
import { askForNotices } from './store-notice.js';

// What answers here is a store that is not ours, is older, or goes wrong; ours is met in tests/client-updates.test.ts.
const platform = 'x86_64-linux-gnu';
const sha256 = 'ab'.repeat(32);
const at = '2026-06-01T00:00:00Z';
const row = (id: string, version = '1.9.0'): InstalledPlugin => ({
  id,
  version,
  path: `/data/plugins/${id}`,
  publisher: 'A',
  state: 'installed',
  sha256,
});
const rows = [row('Greeter'), row('Painter'), row('Gone')];
const release = {
  version: '1.10.0',
  sha256,
  size: 5,
  publishedAt: at,
  publisher: { name: 'A' },
  isRevision: false,
};
const info = { name: 'S', api: ['v1'], roots: [], revocation: 'required', plugins: 1 };
const described = (id: string, version: string) => ({ id, version, timestamp: at });

interface Answers {
  isDocumented: boolean;
  updates?: unknown;
  versions?: Record<string, unknown>;
}

async function ask({ isDocumented, updates, versions = {} }: Answers) {
  const questions: unknown[] = [];
  await using server = await serve((request, response) => {
    const path = request.url ?? '';
    const send = (value: unknown) => {
      if (typeof value === 'number') response.writeHead(value).end();
      else if (value === undefined) response.writeHead(404).end();
      else response.end(JSON.stringify(value));
    };
    if (path === '/v1/store') return send(isDocumented ? info : undefined);
    if (path.startsWith('/versions/')) return send(versions[path.slice(10).replace(/\?.*/, '')]);
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      questions.push(JSON.parse(body));
      send(updates);
    });
  });
  await using network = createNetwork({ timer: createTestTimer(25_000), retry: { attempts: 1 } });
  const store = createStoreApi(network, server.url, platform);
  const answer = await askForNotices(store, rows, {}).catch((error: unknown) => Promise.reject(error));
  return { ...answer, questions, paths: server.requests.map(({ path }) => path) };
}

test('a documented store is asked once about everything, and says what there is', async () => {
  const said = { reason: 'broken', at };
  const { notices, questions, paths } = await ask({
    isDocumented: true,
    updates: {
      at,
      notices: [
        { id: 'Greeter', isOffered: true, update: release, yanked: said },
        { id: 'Gone', isOffered: false, deprecated: { reason: 'old', successor: 'New', since: at } },
        { id: 'Painter', isOffered: true, update: { ...release, version: '1.9.0', isRevision: true } },
        { id: '../x', isOffered: true },
        'nonsense',
      ],
    },
  });
  expect(paths).toEqual(['/v1/store', '/v1/updates']);
  expect(questions).toEqual([
    { platform, plugins: rows.map(({ id, version }) => ({ id, version, sha256 })) },
  ]);
  expect(notices).toEqual([
    {
      id: 'Greeter',
      isOffered: true,
      yanked: said,
      update: { version: '1.10.0', sha256, size: 5, publishedAt: at, publisher: { name: 'A' } },
    },
    { id: 'Painter', isOffered: true, revision: { sha256, publishedAt: at } },
    { id: 'Gone', isOffered: false, deprecated: { reason: 'old', successor: 'New', since: at } },
  ]);
});

test('a store that offers what is older, or the same, has no update', async () => {
  const { notices } = await ask({
    isDocumented: true,
    updates: { at, notices: [{ id: 'Greeter', isOffered: true, update: { ...release, version: '1.9' } }] },
  });
  expect(notices.map(({ update }) => update)).toEqual([undefined, undefined, undefined]);
});

test.each([
  ['a plain store', { isDocumented: false }],
  ['a documented store that is older than the question', { isDocumented: true, updates: 405 }],
])('%s is asked about each plugin', async (_, answers) => {
  const { notices, failures } = await ask({
    ...answers,
    versions: { Greeter: [described('Greeter', '1.10.0')], Painter: 403 },
  });
  expect(notices).toEqual(
    expect.arrayContaining([
      {
        id: 'Greeter',
        isOffered: true,
        update: { version: '1.10.0', publishedAt: '2026-06-01T00:00:00.000Z' },
      },
      { id: 'Gone', isOffered: false },
    ]),
  );
  expect(failures).toMatchObject([{ id: 'Painter', error: { code: 'ACCESS_DENIED' } }]);
});

test.each([
  ['no answer about updates', { updates: [] }, 'ANSWER_MALFORMED'],
  ['an error of its own', { updates: 503 }, 'HTTP_STATUS'],
])('%s is no "up to date"', async (_, { updates }, code) => {
  expect(await rejection(ask({ isDocumented: true, updates }))).toMatchObject({ code });
});
