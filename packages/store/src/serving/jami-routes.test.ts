import { createHash } from 'node:crypto';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { StoreListing, StorePlugin, StorePluginFacts, StoreVersions } from '@jami-plugin-store/contract';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnBoth } from '../database/database-fixtures.js';
import { linux, type RawAnswer, ServedStore } from './serving-fixtures.js';

const json = (answer: RawAnswer) => JSON.parse(answer.body.toString());

describeOnBoth("Jami's calls", (places) => {
  let served: ServedStore;
  beforeAll(async () => {
    served = await ServedStore.open({ database: await places.create() });
    const texts = {
      en: { name: 'Green screen', description: 'Hides the **room**' },
      fr: { name: 'Fond vert', description: 'Cache la **pièce**' },
    };
    const icon = await served.keepImage(
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      'data/icon.svg',
      'image/svg+xml',
    );
    const green = { id: 'GreenScreen', texts, icon };
    await served.publish(Buffer.from('green 1.9'), {
      ...green,
      version: '1.9.0',
      publishedAt: new Date('2029-03-01T00:00:00.000Z'),
    });
    await served.publish(Buffer.from('green 1.10'), {
      ...green,
      version: '1.10.0',
      publishedAt: new Date('2029-05-01T00:00:00.000Z'),
    });
    await served.publish(Buffer.from('green win'), {
      ...green,
      version: '1.8.0',
      platforms: ['x64-windows'],
    });
    await served.publish(Buffer.from('data'), {
      id: 'Words',
      platforms: 'any',
      publishedAt: new Date('2029-04-01T00:00:00.000Z'),
      texts: { de: { name: 'Wörter', description: 'd' }, en: { name: 'Words', description: 'e' } },
    });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  const words = {
    id: 'Words',
    name: 'Words',
    version: '1.0.0',
    description: 'e',
    author: 'Acme',
    iconPath: '',
    backgroundPath: '',
    timestamp: '2029-04-01T00:00:00.000Z',
  };
  const green = {
    id: 'GreenScreen',
    name: 'Green screen',
    version: '1.10.0',
    description: 'Hides the **room**',
    author: 'Acme',
    iconPath: 'data/icon.svg',
    backgroundPath: '',
    timestamp: '2029-05-01T00:00:00.000Z',
  };

  test('the listing has the newest of each, exactly these keys in this order, oldest publication first', async () => {
    const answer = await served.ask(`/?arch=${linux}`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.body.toString()).toBe(JSON.stringify([words, green]));
    expect(Value.Check(StoreListing, json(answer))).toBe(true);
  });

  test('details are one such object', async () => {
    const answer = await served.ask(`/details/GreenScreen?arch=${linux}`);
    expect(answer.body.toString()).toBe(JSON.stringify(green));
    expect(Value.Check(StorePlugin, json(answer))).toBe(true);
  });

  test('versions come newest first, by number', async () => {
    const answer = await served.ask(`/versions/GreenScreen?arch=${linux}`);
    expect(json(answer).map(({ version }: StorePlugin) => version)).toEqual(['1.10.0', '1.9.0']);
    expect(Value.Check(StoreVersions, json(answer))).toBe(true);
  });

  test('each platform has its own newest; data-only plugins are for all of them', async () => {
    expect(
      json(await served.ask('/?arch=x64-windows')).map(({ id, version }: StorePlugin) => [id, version]),
    ).toEqual(
      [
        ['GreenScreen', '1.8.0'],
        ['Words', '1.0.0'],
      ].sort((a) => (a[0] === 'Words' ? -1 : 1)),
    );
    expect(json(await served.ask('/?arch=iphone')).map(({ id }: StorePlugin) => id)).toEqual(['Words']);
  });

  test('a platform nobody knows has nothing, and that is no error', async () => {
    const answer = await served.ask('/?arch=toaster');
    expect([answer.status, answer.body.toString()]).toEqual([200, '[]']);
  });

  test.each([
    ['/', 400, 'PLATFORM_MISSING'],
    ['/?arch=', 400, 'PLATFORM_MISSING'],
    ['/?arch=a&arch=b', 400, 'PLATFORM_MALFORMED'],
    ['/?arch=..%2Fetc', 400, 'PLATFORM_MALFORMED'],
    [`/?arch=${'a'.repeat(65)}`, 400, 'PLATFORM_MALFORMED'],
    [`/versions/Nobody?arch=${linux}`, 404, 'PLUGIN_NOT_FOUND'],
    [`/details/Nobody?arch=${linux}`, 404, 'PLUGIN_NOT_FOUND'],
    ['/versions/GreenScreen?arch=iphone', 404, 'PLATFORM_NOT_OFFERED'],
    ['/details/GreenScreen', 400, 'PLATFORM_MISSING'],
    [`/details/..%2F..%2Fetc%2Fpasswd?arch=${linux}`, 400, 'PLUGIN_ID_MALFORMED'],
    [`/details/a%00b?arch=${linux}`, 400, 'PLUGIN_ID_MALFORMED'],
    [`/details/__proto__?arch=${linux}`, 400, 'PLUGIN_ID_MALFORMED'],
    [`/details/constructor?arch=${linux}`, 400, 'PLUGIN_ID_MALFORMED'],
    [`/details/${'a'.repeat(300)}?arch=${linux}`, 414, 'URI_TOO_LONG'],
    ['/details/%E0%A4%A?arch=x', 400, 'REQUEST_MALFORMED'],
    ['/nothing/here', 404, 'ROUTE_NOT_FOUND'],
  ])('%s is %i %s', async (path, status, code) => {
    const answer = await served.ask(path);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(json(answer)).toMatchObject({ code, status, type: `urn:jpl:error:${code}` });
  });

  test('texts follow Accept-Language, each plugin in the first wish it has', async () => {
    const names = async (language: string) => {
      const answer = await served.ask(`/?arch=${linux}`, { 'accept-language': language });
      return [answer.headers['content-language'], ...json(answer).map(({ name }: StorePlugin) => name)];
    };
    expect(await names('fr')).toEqual(['en, fr', 'Words', 'Fond vert']);
    expect(await names('fr-CA, de;q=0.5')).toEqual(['de, fr', 'Wörter', 'Fond vert']);
    expect(await names('de;q=0.5, en;q=0.9')).toEqual(['en', 'Words', 'Green screen']);
    expect(await names('zz')).toEqual(['en', 'Words', 'Green screen']);
    const details = await served.ask(`/details/GreenScreen?arch=${linux}`, { 'accept-language': 'fr' });
    expect(details.headers['content-language']).toBe('fr');
    expect(details.headers.vary).toContain('Accept-Language');
    expect(json(details).description).toBe('Cache la **pièce**');
  });

  test('an answer already had is 304; one in another language is another answer', async () => {
    const first = await served.ask(`/?arch=${linux}`);
    const headers = { 'if-none-match': String(first.headers.etag) };
    const again = await served.ask(`/?arch=${linux}`, headers);
    expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, first.headers.etag]);
    expect((await served.ask(`/?arch=${linux}`, { ...headers, 'accept-language': 'fr' })).status).toBe(200);
  });

  test('facts name what a download answers with', async () => {
    const answer = await served.ask('/v1/plugins/GreenScreen');
    const facts = json(answer);
    expect(Value.Check(StorePluginFacts, facts)).toBe(true);
    expect(facts.releases.map(({ version }: { version: string }) => version)).toEqual([
      '1.10.0',
      '1.9.0',
      '1.8.0',
    ]);
    expect(Object.keys(facts.offered)).toEqual(['x64-windows', linux]);
    for (const [platform, sha256] of Object.entries(facts.offered)) {
      const { body } = await served.ask(`/download/${platform}/GreenScreen`);
      expect(createHash('sha256').update(body).digest('hex')).toBe(sha256);
    }
    expect(facts.releases[0]).toMatchObject({
      version: '1.10.0',
      platforms: [linux],
      platformIndependent: false,
      sha256: facts.offered[linux],
      size: 10,
      publishedAt: '2029-05-01T00:00:00.000Z',
      expiresAt: '2031-01-01T00:00:00.000Z',
      url: `/blobs/sha256/${facts.offered[linux]}`,
    });
  });

  test('an icon is served by its bytes, an SVG without any power', async () => {
    const { status, headers } = await served.ask(`/icons/GreenScreen?arch=${linux}`);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('image/svg+xml');
    expect(headers['content-security-policy']).toContain('sandbox');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['x-content-type-options']).toBe('nosniff');
    const none = await served.ask(`/backgrounds/GreenScreen?arch=${linux}`);
    expect([none.status, json(none).code]).toEqual([404, 'IMAGE_NOT_FOUND']);
  });
});

test('long answers are coded as asked, each coding with its own tag and digest', async () => {
  await using served = await ServedStore.open();
  for (let n = 0; n < 50; n += 1) await served.publish(Buffer.from(`p${n}`), { id: `Plugin${n}` });
  const plain = await served.ask(`/?arch=${linux}`);
  const decode = { br: brotliDecompressSync, gzip: gunzipSync };
  const tags = new Set([plain.headers.etag]);
  for (const coding of ['br', 'gzip'] as const) {
    const coded = await served.ask(`/?arch=${linux}`, { 'accept-encoding': coding });
    expect(coded.headers['content-encoding']).toBe(coding);
    expect(decode[coding](coded.body).equals(plain.body)).toBe(true);
    expect(coded.headers['repr-digest']).toBe(
      `sha-256=:${createHash('sha256').update(coded.body).digest('base64')}:`,
    );
    tags.add(coded.headers.etag);
  }
  expect(tags.size).toBe(3);
  const chosen = async (wish: string) =>
    (await served.ask(`/?arch=${linux}`, { 'accept-encoding': wish })).headers['content-encoding'];
  expect(await chosen('gzip, br')).toBe('br');
  expect(await chosen('gzip;q=1, br;q=0.1')).toBe('gzip');
  expect(await chosen('*')).toBe('br');
  expect(await chosen('identity, br;q=0')).toBeUndefined();
  expect(await chosen('*;q=0')).toBeUndefined();
  expect(await chosen('deflate')).toBeUndefined();
  expect(await chosen('br;q=5')).toBeUndefined();
});

test('what is offered follows additions, withdrawals and expiry at once', async () => {
  await using served = await ServedStore.open();
  const versions = async (path = `/?arch=${linux}`) =>
    json(await served.ask(path)).map(({ version }: StorePlugin) => version);
  const until = new Date('2030-06-01T00:00:00.000Z');
  await served.publish(Buffer.from('1'), { id: 'Foo', version: '1.0' });
  expect(await versions()).toEqual(['1.0']);
  await served.publish(Buffer.from('2'), { id: 'Foo', version: '2.0', expiresAt: until });
  const third = await served.publish(Buffer.from('3'), { id: 'Foo', version: '3.0' });
  expect(await versions()).toEqual(['3.0']);
  await served.change(third.plugin, (tx) =>
    tx.updateTable('packages').set({ state: 'withdrawn' }).where('number', '=', third.number).execute(),
  );
  expect(await versions()).toEqual(['2.0']);
  expect(await versions(`/versions/Foo?arch=${linux}`)).toEqual(['2.0', '1.0']);
  served.at = until;
  expect(await versions(`/versions/Foo?arch=${linux}`)).toEqual(['1.0']);
  expect(json(await served.ask(`/details/Foo?arch=${linux}`)).version).toBe('1.0');
  served.at = new Date('2031-01-01T00:00:00.000Z');
  expect(await versions()).toEqual([]);
  expect((await served.ask(`/versions/Foo?arch=${linux}`)).status).toBe(404);
  served.at = new Date('2030-12-31T23:59:59.999Z');
  expect(await versions(`/versions/Foo?arch=${linux}`)).toEqual(['1.0']);
});

const manyLanguages = ['cs', 'da', 'de', 'el', 'es', 'fi', 'fr', 'hu', 'it', 'ja', 'ko', 'nl'];

test('listings in every order of languages are not all made: the first wish counts when there are too many', async () => {
  await using served = await ServedStore.open();
  const texts = [...manyLanguages, 'en'].map((language) => [language, { name: language, description: '' }]);
  for (const id of ['Foo', 'Bar'])
    await served.publish(Buffer.from(id), {
      id,
      texts: Object.fromEntries(texts.slice(id === 'Foo' ? 0 : 3)),
    });
  const tags = new Set<unknown>();
  for (const first of manyLanguages) {
    for (const second of manyLanguages) {
      for (const third of manyLanguages.slice(0, 3)) {
        if (new Set([first, second, third]).size < 3) continue;
        const wish = `${first}, ${second};q=0.9, ${third};q=0.8`;
        const answer = await served.ask(`/?arch=${linux}`, { 'accept-language': wish });
        tags.add(answer.headers.etag);
        expect(json(answer)[0].name).toBe(first);
      }
    }
  }
  expect(tags.size).toBeLessThanOrEqual(64 + manyLanguages.length);
});
