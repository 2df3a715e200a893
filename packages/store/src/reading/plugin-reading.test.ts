import {
  CatalogOrganization,
  CategoryList,
  Feed,
  PluginStatistics,
  StoreInfo,
  StorePluginFacts,
  UpdateAnswer,
} from '@jami-plugin-store/contract';
import { platforms } from '@jami-plugin-store/jpl';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appendAudit } from '../audit/audit-log.js';
import { linux, publishedAt, publisherNamed, sha256Of, windows } from '../catalog/catalog-fixtures.js';
import { refreshPlugin } from '../catalog/refresh-plugin.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { ReadingPlace } from './reading-fixtures.js';

const day = 24 * 60 * 60 * 1000;
const later = (days: number) => ({ at: new Date(publishedAt.getTime() + days * day) });
const icon = { entry: 'data/icon.png', sha256: '1c'.repeat(32), size: 10, mediaType: 'image/png' };

describeOnBoth('one plugin', (places) => {
  let place: ReadingPlace;
  const sha = (name: string) => sha256Of(name);
  beforeAll(async () => {
    place = await ReadingPlace.open(await places.create());
    const texts = { en: { name: 'Foo', description: 'A foo' }, de: { name: 'Fu', description: 'Ein Fu' } };
    const each = { id: 'Foo', texts, categories: ['tools'], icon };
    await place.publish({ ...each, version: '1.0', sha256: sha('1.0') }, { ...later(0), changelog: 'First' });
    await place.publish({ ...each, version: '1.1', sha256: sha('1.1') }, later(1));
    await place.publish({ ...each, version: '1.10', sha256: sha('1.10'), contentSha256: sha('c') }, later(2));
    await place.publish(
      { ...each, version: '1.10', sha256: sha('1.10r'), contentSha256: sha('c') },
      later(3),
    );
    await place.publish({ ...each, version: '1.9', sha256: sha('1.9w'), platforms: [windows] }, later(4));
    await place.publish({ id: 'Bar', platforms: 'any', publisher: publisherNamed('Globex') }, later(5));
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const facts = async (id: string, headers = {}): Promise<StorePluginFacts> => {
    const { status, json } = await place.ask(`/v1/plugins/${id}`, headers);
    expect([status, Check(StorePluginFacts, json)]).toEqual([200, true]);
    return json;
  };

  test('has its versions, the highest first, and of one version its latest revision', async () => {
    const { releases, offered, ...rest } = await facts('Foo', { 'accept-language': 'de' });
    expect(rest).toEqual({
      id: 'Foo',
      publisher: { name: 'Acme', organization: publisherNamed('Acme').organization },
      name: 'Fu',
      description: 'Ein Fu',
      languages: ['de', 'en'],
      categories: ['tools'],
      downloads: 0,
      iconUrl: `/images/sha256/${icon.sha256}`,
    });
    expect(releases.map(({ version, sha256, revision }) => [version, sha256, revision])).toEqual([
      ['1.10', sha('1.10r'), 2],
      ['1.10', sha('1.10'), 1],
      ['1.9', sha('1.9w'), 1],
      ['1.1', sha('1.1'), 1],
      ['1.0', sha('1.0'), 1],
    ]);
    expect(releases.at(-1)).toEqual({
      version: '1.0',
      platforms: [linux],
      platformIndependent: false,
      sha256: sha('1.0'),
      size: 1000,
      publishedAt: '2029-12-01T00:00:00.000Z',
      expiresAt: '2031-01-01T00:00:00.000Z',
      url: `/blobs/sha256/${sha('1.0')}`,
      revision: 1,
      files: 7,
      changelog: 'First',
    });
    expect(offered).toEqual({ [linux]: sha('1.10r'), [windows]: sha('1.9w') });
  });

  test('without native parts is offered wherever Jami has a name for', async () => {
    const { offered, releases } = await facts('Bar');
    expect(Object.keys(offered)).toEqual([...platforms].sort());
    expect(releases[0]).toMatchObject({ platforms: [...platforms].sort(), platformIndependent: true });
  });

  test('taken back is told with its reason and offered to nobody; revoked is not told', async () => {
    await place.publish({ id: 'Gone', version: '1', sha256: sha('g1') }, later(1));
    const { plugin, release } = await place.publish(
      { id: 'Gone', version: '2', sha256: sha('g2') },
      later(2),
    );
    const { number } = await place.publish({ id: 'Gone', version: '3', sha256: sha('g3') }, later(3));
    await place.change(async (tx) => {
      const yanked = { yanked_at: place.at.getTime(), yanked_reason: 'Broken' };
      await tx.updateTable('releases').set(yanked).where('number', '=', release).execute();
      const revoked = { revoked_at: place.at.getTime(), revoked_reason: 'keyCompromise' };
      await tx.updateTable('packages').set(revoked).where('number', '=', number).execute();
      const deprecated = {
        deprecated_at: place.at.getTime(),
        deprecated_reason: 'Old',
        deprecated_successor: 'Foo',
      };
      await tx.updateTable('plugins').set(deprecated).where('number', '=', plugin).execute();
      await refreshPlugin(tx, place.database.kind, plugin, place.at);
    });
    const { releases, offered, deprecated } = await facts('Gone');
    expect(releases.map(({ version, yanked }) => [version, yanked?.reason])).toEqual([
      ['2', 'Broken'],
      ['1', undefined],
    ]);
    expect(offered).toEqual({ [linux]: sha('g1') });
    expect(deprecated).toMatchObject({ reason: 'Old', successor: 'Foo' });
  });

  test.each([
    ['/v1/plugins/foo', 404, 'PLUGIN_NOT_FOUND'],
    ['/v1/plugins/Nope', 404, 'PLUGIN_NOT_FOUND'],
    ['/v1/plugins/..%2fx', 400, 'PLUGIN_ID_MALFORMED'],
    ['/v1/plugins/__proto__', 400, 'PLUGIN_ID_MALFORMED'],
    ['/v1/plugins/Foo?arch=x', 400, 'PARAMETER_UNKNOWN'],
    ['/v1/plugins/Nope/statistics', 404, 'PLUGIN_NOT_FOUND'],
    ['/v1/plugins/Foo/statistics?days=367', 400, 'PARAMETER_MALFORMED'],
    ['/v1/organizations/acme', 400, 'DIGEST_MALFORMED'],
    [`/v1/organizations/${'0'.repeat(64)}`, 404, 'ORGANIZATION_NOT_FOUND'],
    ['/v1/feed?after=-1', 400, 'PARAMETER_MALFORMED'],
    ['/v1/categories?platform=', 400, 'PARAMETER_MALFORMED'],
    [`/images/sha256/${icon.sha256}`, 404, 'IMAGE_NOT_FOUND'],
    ['/images/sha256/x', 400, 'DIGEST_MALFORMED'],
  ])('asked for as %s is %i %s', async (path, status, code) => {
    const answer = await place.ask(path);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  test('has its downloads by day, of all versions and platforms', async () => {
    const { plugin, release } = await place.publish({ id: 'Counted' }, later(1));
    const today = Math.floor(place.at.getTime() / day);
    const count = { plugin_number: plugin, release_number: release };
    await place.change(async (tx) => {
      await tx
        .insertInto('downloads')
        .values([
          { ...count, platform: linux, day: today, count: 3 },
          { ...count, platform: windows, day: today, count: 4 },
          { ...count, platform: linux, day: today - 2, count: 1 },
          { ...count, platform: linux, day: today - 40, count: 90 },
        ])
        .execute();
      await tx.updateTable('plugins').set({ downloads: 98 }).where('number', '=', plugin).execute();
    });
    const { json } = await place.ask('/v1/plugins/Counted/statistics');
    expect(Check(PluginStatistics, json)).toBe(true);
    expect(json).toEqual({
      id: 'Counted',
      total: 98,
      days: [
        { day: '2029-12-31', downloads: 1 },
        { day: '2030-01-02', downloads: 7 },
      ],
    });
    const long = await place.ask('/v1/plugins/Counted/statistics?days=366');
    expect(long.json.days).toHaveLength(3);
    expect((await place.ask('/v1/plugins/Counted/statistics?days=1')).json.days).toHaveLength(1);
  });

  test('is counted in its categories, for its platforms', async () => {
    const { json } = await place.ask('/v1/categories');
    expect([Check(CategoryList, json), json]).toEqual([
      true,
      { categories: [{ name: 'tools', plugins: 1 }] },
    ]);
    expect((await place.ask(`/v1/categories?platform=${windows}`)).json.categories).toHaveLength(1);
    expect((await place.ask('/v1/categories?platform=iphone')).json.categories).toEqual([]);
  });

  test('is one of its organization', async () => {
    const id = publisherNamed('Globex').organization;
    const { json } = await place.ask(`/v1/organizations/${id}`);
    expect(Check(CatalogOrganization, json)).toBe(true);
    expect(json).toEqual({ organization: id, name: 'Globex', since: later(5).at.toISOString(), plugins: 1 });
  });

  test('is one of the store', async () => {
    const { json } = await place.ask('/v1/store');
    expect(Check(StoreInfo, json)).toBe(true);
    expect(json).toMatchObject({ name: 'Test', api: ['v1'], roots: [], revocation: 'required' });
    expect(json.plugins).toBeGreaterThanOrEqual(2);
  });
});

describeOnBoth('updates of what is installed', (places) => {
  let place: ReadingPlace;
  const sha = sha256Of;
  beforeAll(async () => {
    place = await ReadingPlace.open(await places.create());
    await place.publish({ id: 'Foo', version: '1.0', sha256: sha('1.0'), contentSha256: sha('c') }, later(0));
    await place.publish(
      { id: 'Foo', version: '1.0', sha256: sha('1.0r'), contentSha256: sha('c') },
      later(1),
    );
    await place.publish(
      { id: 'Foo', version: '2.0', sha256: sha('2.0w'), platforms: [windows] },
      { ...later(2), changelog: 'New' },
    );
    const { release } = await place.publish({ id: 'Bad', version: '2', sha256: sha('b2') }, later(2));
    const { number } = await place.publish({ id: 'Stolen', version: '1', sha256: sha('s1') }, later(2));
    const old = await place.publish(
      { id: 'Old', version: '1', sha256: sha('o1'), platforms: 'any' },
      later(2),
    );
    await place.change(async (tx) => {
      const at = place.at.getTime();
      await tx
        .updateTable('releases')
        .set({ yanked_at: at, yanked_reason: 'Crashes' })
        .where('number', '=', release)
        .execute();
      await tx
        .updateTable('packages')
        .set({ revoked_at: at, revoked_reason: 'keyCompromise' })
        .where('number', '=', number)
        .execute();
      await tx
        .updateTable('plugins')
        .set({ deprecated_at: at, deprecated_reason: 'Tired' })
        .where('number', '=', old.plugin)
        .execute();
      for (const { number: plugin } of await tx.selectFrom('plugins').select('number').execute())
        await refreshPlugin(tx, place.database.kind, plugin, place.at);
    });
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const ask = async (plugins: object[], platform = linux): Promise<UpdateAnswer['notices']> => {
    const { status, json, headers } = await place.ask('/v1/updates', {}, 'POST', { platform, plugins });
    expect([status, Check(UpdateAnswer, json), headers['cache-control'], headers.etag]).toEqual([
      200,
      true,
      'no-store',
      undefined,
    ]);
    return json.notices;
  };

  test('are nothing for what is as it should be', async () => {
    expect(await ask([])).toEqual([]);
    expect(await ask([{ id: 'Foo', version: '1.0', sha256: sha('1.0r') }])).toEqual([]);
    expect(await ask([{ id: 'Foo', version: '1.0.0' }])).toEqual([]);
    expect(await ask([{ id: 'Foo', version: '3' }], windows)).toEqual([]);
    // Other bytes of that version, from elsewhere.
    expect(await ask([{ id: 'Foo', version: '1.0', sha256: sha('other') }])).toEqual([]);
  });

  test('are a higher version for the platform, with all that is asked of a user', async () => {
    expect(await ask([{ id: 'Foo', version: '1.0', sha256: sha('1.0r') }], windows)).toEqual([
      {
        id: 'Foo',
        update: {
          version: '2.0',
          sha256: sha('2.0w'),
          size: 1000,
          publishedAt: later(2).at.toISOString(),
          publisher: { name: 'Acme', organization: publisherNamed('Acme').organization },
          changelog: 'New',
          isRevision: false,
        },
        isOffered: true,
      },
    ]);
    const [unknown] = await ask([{ id: 'Foo', version: '' }]);
    expect(unknown?.update).toMatchObject({ version: '1.0', sha256: sha('1.0r'), isRevision: false });
  });

  test('are the same version under a renewed certificate', async () => {
    const [notice] = await ask([{ id: 'Foo', version: '1.0', sha256: sha('1.0') }]);
    expect(notice).toMatchObject({
      id: 'Foo',
      update: { version: '1.0', sha256: sha('1.0r'), isRevision: true },
    });
  });

  test('are what was taken back, revoked, given up or never here', async () => {
    const at = new Date(place.at.getTime() - 10_000).toISOString();
    expect(
      await ask([
        { id: 'Bad', version: '2' },
        { id: 'Stolen', version: '1', sha256: sha('s1') },
        { id: 'Old', version: '1' },
        { id: 'Never', version: '1' },
        { id: 'foo', version: '1.0' },
      ]),
    ).toEqual([
      { id: 'Bad', yanked: { reason: 'Crashes', at }, isOffered: false },
      { id: 'Stolen', revoked: { reason: 'keyCompromise', at }, isOffered: false },
      { id: 'Old', deprecated: { reason: 'Tired', since: at }, isOffered: true },
      { id: 'Never', isOffered: false },
      { id: 'foo', isOffered: false },
    ]);
  });

  test('of a thousand plugins are one question', async () => {
    const plugins = Array.from({ length: 1000 }, (_, index) => ({
      id: `N${index}`,
      version: `1.${index}`,
      sha256: sha('x'),
    }));
    expect(await ask([{ id: 'Foo', version: '0.1' }, ...plugins.slice(1)])).toHaveLength(1000);
    const many = await place.ask('/v1/updates', {}, 'POST', {
      platform: linux,
      plugins: [...plugins, ...plugins],
    });
    expect([many.status, many.json.code]).toEqual([400, 'BODY_MALFORMED']);
  });

  test.each([
    ['no object', [], 'BODY_MALFORMED'],
    ['no platform', { plugins: [] }, 'BODY_MALFORMED'],
    ['a member nobody knows', { platform: linux, plugins: [], more: 1 }, 'BODY_MALFORMED'],
    ['a platform that climbs', { platform: '../x', plugins: [] }, 'BODY_MALFORMED'],
    ['too much', { platform: linux, plugins: [], more: 'x'.repeat(600_000) }, 'REQUEST_TOO_LARGE'],
  ])('asked for with %s are refused', async (_, body, code) => {
    const { json, status, headers } = await place.ask('/v1/updates', {}, 'POST', body);
    expect([json.code, status < 500, headers['content-type']]).toEqual([
      code,
      true,
      'application/problem+json',
    ]);
  });

  test('take JSON, by POST alone', async () => {
    const wrong = await place.ask('/v1/updates', { 'content-type': 'text/plain' }, 'POST', {
      platform: linux,
      plugins: [],
    });
    expect([wrong.status, wrong.json.code]).toEqual([415, 'MEDIA_TYPE_UNSUPPORTED']);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await place.ask('/v1/updates', {}, method);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    }
  });
});

describeOnBoth('the feed', (places) => {
  test('is the public part of the audit log, the newest, or what came after', async () => {
    await using place = await ReadingPlace.open(await places.create());
    const append = (action: 'published' | 'submitted', plugin: string) =>
      place.change((tx) =>
        appendAudit(tx, {
          at: place.at,
          actor: 'test',
          action,
          subject: `plugin/${plugin}`,
          plugin,
          version: '1',
        }).then(() => undefined),
      );
    for (const plugin of ['A', 'B', 'C', 'D']) {
      await append('submitted', plugin);
      await append('published', plugin);
    }
    const read = async (query: string) => {
      const { json } = await place.ask(`/v1/feed${query}`);
      expect(Check(Feed, json)).toBe(true);
      return [json.entries.map(({ plugin }: { plugin: string }) => plugin).join(''), json.hasMore];
    };
    expect(await read('')).toEqual(['ABCD', false]);
    expect(await read('?limit=2')).toEqual(['CD', false]);
    expect(await read('?after=0&limit=3')).toEqual(['ABC', true]);
    expect(await read('?after=6')).toEqual(['D', false]);
  });
});

describe('images', () => {
  test('are served by their digest, for ever, and nothing else of the blobs is', async () => {
    await using place = await ReadingPlace.open();
    const png = Buffer.from('89504e470d0a1a0a00', 'hex');
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>');
    const jpl = Buffer.from('PK\x03\x04 package');
    for (const bytes of [png, svg, jpl]) await place.blobs.put(bytes);
    const ask = (bytes: Buffer, headers = {}) => place.ask(`/images/sha256/${sha256Of(bytes)}`, headers);
    const shown = await ask(png);
    expect([shown.status, shown.body.equals(png)]).toEqual([200, true]);
    expect(shown.headers).toMatchObject({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      etag: `"${sha256Of(png)}"`,
    });
    expect((await ask(png, { 'if-none-match': `"${sha256Of(png)}"` })).status).toBe(304);
    expect((await ask(svg)).headers['content-security-policy']).toMatch(/^sandbox; default-src 'none'/);
    expect((await ask(jpl)).json.code).toBe('IMAGE_NOT_FOUND');
  });
});
