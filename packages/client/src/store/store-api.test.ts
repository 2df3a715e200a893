import type { IncomingMessage, ServerResponse } from 'node:http';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { createNetwork } from '../network/network.js';
import { createTestTimer, rejection, serve } from '../network/test-server-fixtures.js';
import { readListing } from './catalog.js';
import { createStoreApi, type StoreApi } from './store-api.js';

// What answers here is a store that goes wrong, or is not ours: our own is met in tests/client-system.test.ts.
const platform = 'x86_64-linux-gnu';
const plugin = (id: string, more: object = {}) => ({
  id,
  name: id,
  version: '1.0.0',
  description: '',
  author: 'A',
  iconPath: '',
  backgroundPath: '',
  timestamp: '2026-01-01T00:00:00.000Z',
  ...more,
});
const sha256 = 'ab'.repeat(32);
const info = { name: 'S', api: ['v1'], roots: [], revocation: 'required', plugins: 1 };
const release = {
  version: '1.2.0',
  platforms: [platform],
  platformIndependent: false,
  sha256,
  size: 10,
  publishedAt: '2026-01-01T00:00:00Z',
  expiresAt: '2027-01-01T00:00:00Z',
  url: `/blobs/sha256/${sha256}`,
};
const facts = {
  id: 'Greeter',
  publisher: { name: 'A' },
  offered: { [platform]: sha256 },
  releases: [release],
};

type Routes = Record<string, unknown>;
const route = (routes: Routes) => (request: IncomingMessage, response: ServerResponse) => {
  const found = routes[request.url ?? ''];
  if (typeof found === 'number') response.writeHead(found).end();
  else if (found === undefined)
    response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
  else response.end(JSON.stringify(found));
};

async function withStore(
  routes: Routes,
  use: (store: StoreApi, url: string) => Promise<void>,
  base = '',
): Promise<void> {
  await using server = await serve(route(routes));
  await using network = createNetwork({ timer: createTestTimer(25_000), retry: { attempts: 1 } });
  await use(createStoreApi(network, `${server.url}${base}`, platform), server.url);
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await rejection(promise);
  expect(error).toBeInstanceOf(ClientError);
  return (error as ClientError).code;
}

describe('a list', () => {
  test('comes sorted ascending by time, numbers as numbers', () => {
    const texts = ['2026-02-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'];
    const sorted = readListing(
      texts.map((timestamp, index) => plugin(`p${index}`, { timestamp })),
      'x',
    );
    expect(sorted.plugins.map(({ id }) => id)).toEqual(['p1', 'p0']);
    const numbers = readListing(
      [1000, '999', 98.5].map((timestamp, index) => plugin(`p${index}`, { timestamp })),
      'x',
    );
    expect(numbers.plugins.map(({ id }) => id)).toEqual(['p2', 'p1', 'p0']);
  });

  test.each([
    ['a path as id', plugin('../../x')],
    ['a device as id', plugin('CON')],
    ['a prototype as id', plugin('__proto__')],
    ['no id', { ...plugin('x'), id: undefined }],
    ['a version that is none', plugin('x', { version: 'new' })],
    ['a number as name', plugin('x', { name: 1 })],
    ['an endless description', plugin('x', { description: 'x'.repeat(100_000) })],
    ['nothing', null],
    ['a second one of the same id', plugin('GREETER')],
  ])('skips %s, and says so', (_, entry) => {
    const { plugins, skipped } = readListing([plugin('Greeter'), entry], 'x');
    expect(plugins.map(({ id }) => id)).toEqual(['Greeter']);
    expect(skipped).toEqual([{ index: 1, reason: expect.any(String) }]);
  });

  test('fills what older stores leave out', () => {
    expect(readListing([{ id: 'Old', version: '1' }], 'x').plugins).toEqual([
      {
        id: 'Old',
        name: 'Old',
        version: '1',
        description: '',
        author: '',
        iconPath: '',
        backgroundPath: '',
        timestamp: '',
      },
    ]);
  });

  test.each([{}, null, 'x', Array.from({ length: 10_001 }, () => null)])(
    'is refused where it is none',
    (value) => {
      expect(() => readListing(value, 'x')).toThrowError(
        expect.objectContaining({ code: 'ANSWER_MALFORMED' }),
      );
    },
  );

  test('is read or refused whatever comes', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.array(fc.record({ id: fc.jsonValue(), version: fc.jsonValue() }))),
        (value) => {
          try {
            const { plugins, skipped } = readListing(value, 'x');
            expect(plugins.length + skipped.length).toBe((value as unknown[]).length);
          } catch (error) {
            expect(error).toBeInstanceOf(ClientError);
          }
        },
      ),
    );
  });
});

describe('a plain Jami store', () => {
  test('is asked by its routes, below the path of its address', async () => {
    const routes = {
      [`/jami/?arch=${platform}`]: [plugin('Greeter')],
      [`/jami/details/Greeter?arch=${platform}`]: plugin('Greeter'),
      [`/jami/versions/Greeter?arch=${platform}`]: [
        plugin('Greeter', { version: '1.10.0' }),
        plugin('Greeter'),
      ],
    };
    await withStore(
      routes,
      async (store, url) => {
        expect((await store.listing()).plugins).toHaveLength(1);
        expect((await store.details('Greeter')).id).toBe('Greeter');
        expect(await store.hasV1()).toBe(false);
        const offer = await store.offer('Greeter');
        expect(offer.release).toEqual({ version: '1.10.0' });
        expect(offer.url.href).toBe(`${url}jami/download/${platform}/Greeter`);
        expect(store.iconUrl('Greeter').href).toBe(`${url}jami/icons/Greeter?arch=${platform}`);
        expect(store.backgroundUrl('Greeter').href).toBe(`${url}jami/backgrounds/Greeter?arch=${platform}`);
      },
      'jami',
    );
  });

  test('that answers about another plugin, or with no versions, is refused', async () => {
    const routes = {
      [`/details/Greeter?arch=${platform}`]: plugin('Other'),
      [`/versions/Greeter?arch=${platform}`]: [],
      [`/versions/Mixed?arch=${platform}`]: [plugin('Mixed'), plugin('Other')],
      [`/versions/Odd?arch=${platform}`]: { 0: plugin('Odd') },
    };
    await withStore(routes, async (store) => {
      expect(await codeOf(store.details('Greeter'))).toBe('ANSWER_MALFORMED');
      expect(await codeOf(store.offer('Greeter'))).toBe('ANSWER_MALFORMED');
      expect(await codeOf(store.versions('Mixed'))).toBe('ANSWER_MALFORMED');
      expect(await codeOf(store.versions('Odd'))).toBe('ANSWER_MALFORMED');
      expect(await codeOf(store.offer('Missing'))).toBe('NOT_FOUND');
    });
  });

  test.each(['', '..', 'a/b', 'a?b', '__proto__', 'x'.repeat(65)])('is never asked about %j', async (id) => {
    await using server = await serve(() => undefined);
    await using network = createNetwork();
    const store = createStoreApi(network, server.url, platform);
    expect(await codeOf(store.details(id))).toBe('PLUGIN_ID_INVALID');
    expect(await codeOf(store.offer(id))).toBe('PLUGIN_ID_INVALID');
    expect(server.requests).toEqual([]);
  });
});

describe('a store of ours', () => {
  test('tells what to expect, and from where', async () => {
    await withStore({ '/v1/store': info, '/v1/plugins/Greeter': facts }, async (store, url) => {
      const offer = await store.offer('Greeter');
      expect(offer.release).toEqual({ version: '1.2.0', sha256, size: 10 });
      expect(offer.url.href).toBe(`${url}blobs/sha256/${sha256}`);
      expect(await codeOf(store.offer('Other'))).toBe('NOT_FOUND');
    });
  });

  test.each([
    ['another plugin', { ...facts, id: 'Other' }, 'ANSWER_MALFORMED'],
    ['nothing for this platform', { ...facts, offered: { 'x64-windows': sha256 } }, 'NOT_FOUND'],
    [
      'a release it does not describe',
      { ...facts, offered: { [platform]: 'cd'.repeat(32) } },
      'ANSWER_MALFORMED',
    ],
    ['a version that is none', { ...facts, releases: [{ ...release, version: '../1' }] }, 'ANSWER_MALFORMED'],
    ['no digest', { ...facts, releases: [{ ...release, sha256: undefined }] }, 'ANSWER_MALFORMED'],
    [
      'bytes of an unencrypted address',
      { ...facts, releases: [{ ...release, url: 'http://cdn.example/x' }] },
      'REDIRECT_REFUSED',
    ],
    [
      'bytes of a file',
      { ...facts, releases: [{ ...release, url: 'file:///etc/passwd' }] },
      'REDIRECT_REFUSED',
    ],
  ])('that offers %s is refused', async (_, answer, code) => {
    await withStore({ '/v1/store': info, '/v1/plugins/Greeter': answer }, async (store) => {
      expect(await codeOf(store.offer('Greeter'))).toBe(code);
    });
  });

  test.each([500, 401])('that has trouble (%i) is not taken for a plain one', async (status) => {
    const routes: Routes = {
      '/v1/store': status,
      [`/versions/Greeter?arch=${platform}`]: [plugin('Greeter')],
    };
    await withStore(routes, async (store) => {
      expect(await codeOf(store.offer('Greeter'))).toBe(status === 500 ? 'HTTP_STATUS' : 'ACCESS_DENIED');
      routes['/v1/store'] = info;
      routes['/v1/plugins/Greeter'] = facts;
      expect((await store.offer('Greeter')).release.sha256).toBe(sha256);
    });
  });
});

test('a store on an unencrypted address is refused', async () => {
  await using network = createNetwork();
  for (const [url, code] of [
    ['http://store.example', 'STORE_URL_INSECURE'],
    ['store', 'STORE_URL_INVALID'],
  ] as const) {
    expect(() => createStoreApi(network, url, platform)).toThrowError(expect.objectContaining({ code }));
  }
});
