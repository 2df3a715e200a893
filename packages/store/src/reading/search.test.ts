import { CatalogPage } from '@jami-plugin-store/contract';
import fc from 'fast-check';
import { Check } from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { linux, publishedAt, publisherNamed, windows } from '../catalog/catalog-fixtures.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { ReadingPlace } from './reading-fixtures.js';

const day = 24 * 60 * 60 * 1000;
const acme = publisherNamed('Acme').organization ?? '';

describeOnBoth('a search', (places) => {
  let place: ReadingPlace;
  const published: [id: string, given: object][] = [
    [
      'GreenScreen',
      {
        texts: {
          en: { name: 'Green Screen', description: 'Replaces the background' },
          fr: { name: 'Fond vert', description: 'Remplace l’arrière-plan' },
        },
        categories: ['video', 'media'],
      },
    ],
    ['Green', { texts: { en: { name: 'Paint', description: 'Colours everything' } }, platforms: [windows] }],
    [
      'AutoAnswer',
      {
        texts: { en: { name: 'Auto Answer', description: 'Answers when a green light is on' } },
        platforms: 'any',
      },
    ],
    [
      'Greeter',
      {
        texts: { en: { name: 'Greeter', description: 'Says hello' } },
        publisher: publisherNamed('Green Globe'),
        categories: ['chat'],
      },
    ],
    [
      'Zürich',
      { id: 'Zurich', texts: { en: { name: 'Zürich', description: '翻訳 a b c' } }, categories: ['chat'] },
    ],
  ];
  beforeAll(async () => {
    place = await ReadingPlace.open(await places.create());
    for (const [index, [id, given]] of published.entries())
      await place.publish({ id, ...given }, { at: new Date(publishedAt.getTime() + index * day) });
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const found = async (query: string): Promise<string[]> => {
    const { status, json } = await place.ask(`/v1/plugins?${query}`);
    expect([status, Check(CatalogPage, json)]).toEqual([200, true]);
    return json.plugins.map(({ id }: { id: string }) => id);
  };

  test.each([
    // Exactly the id; then words of the names; then beginnings; then anywhere. In each the latest first.
    ['q=green', ['Green', 'GreenScreen', 'Greeter', 'AutoAnswer']],
    ['q=GREEN%20screen', ['GreenScreen']],
    ['q=gre', ['Greeter', 'Green', 'GreenScreen', 'AutoAnswer']],
    ['q=fond', ['GreenScreen']],
    ['q=arriere', ['GreenScreen']],
    ['q=zur', ['Zurich']],
    ['q=%E7%BF%BB%E8%A8%B3', ['Zurich']],
    ['q=globe', ['Greeter']],
    ['q=hello%20z', ['Greeter']],
    ['q=g', ['Greeter', 'Green', 'GreenScreen', 'AutoAnswer']],
    ['q=nothing', []],
    ['q=filter', []],
    ['q=%21%3F', []],
    ['q=%20', ['Zurich', 'Greeter', 'AutoAnswer', 'Green', 'GreenScreen']],
    ['', ['Zurich', 'Greeter', 'AutoAnswer', 'Green', 'GreenScreen']],
    ['sort=name', ['AutoAnswer', 'GreenScreen', 'Greeter', 'Green', 'Zurich']],
    ['q=gre&sort=newest', ['Greeter', 'AutoAnswer', 'Green', 'GreenScreen']],
    ['q=gre&sort=name', ['AutoAnswer', 'GreenScreen', 'Greeter', 'Green']],
    [`platform=${linux}`, ['Zurich', 'Greeter', 'AutoAnswer', 'GreenScreen']],
    [`platform=${windows}&q=green`, ['Green', 'AutoAnswer']],
    ['platform=unheard-of', ['AutoAnswer']],
    ['category=chat', ['Zurich', 'Greeter']],
    ['category=chat&sort=name', ['Greeter', 'Zurich']],
    ['category=none', []],
    [`organization=${acme}`, ['Zurich', 'AutoAnswer', 'Green', 'GreenScreen']],
    [`organization=${acme}&platform=${windows}&q=a`, ['AutoAnswer', 'Green']],
  ])('for %j finds %j', async (query, expected) => {
    expect(await found(query)).toEqual(expected);
  });

  test('tells of each what is shown of it, in the language wished for', async () => {
    const answer = await place.ask('/v1/plugins?q=greenscreen', { 'accept-language': 'fr-CH, de;q=0.5' });
    expect(answer.headers).toMatchObject({
      'content-language': 'fr',
      'cache-control': 'public, no-cache',
      vary: 'Accept-Language, Accept-Encoding',
    });
    expect(answer.json).toEqual({
      plugins: [
        {
          id: 'GreenScreen',
          name: 'Fond vert',
          description: 'Remplace l’arrière-plan',
          version: '1.0.0',
          publisher: { name: 'Acme', organization: acme },
          categories: ['media', 'video'],
          platforms: [linux],
          platformIndependent: false,
          size: 1000,
          publishedAt: '2029-12-01T00:00:00.000Z',
          downloads: 0,
        },
      ],
    });
  });

  test('answers 304, HEAD and codings', async () => {
    const { headers, body } = await place.ask('/v1/plugins');
    const again = await place.ask('/v1/plugins', { 'if-none-match': headers.etag });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const head = await place.ask('/v1/plugins', {}, 'HEAD');
    expect([head.status, head.headers.etag, head.headers['content-length'], head.body.length]).toEqual([
      200,
      headers.etag,
      String(body.length),
      0,
    ]);
    for (const coding of ['gzip', 'br']) {
      const coded = await place.ask('/v1/plugins', { 'accept-encoding': coding });
      expect([coded.headers['content-encoding'], coded.body.length < body.length]).toEqual([coding, true]);
    }
  });

  test.each([
    ['nope=1', 'PARAMETER_UNKNOWN', 'nope'],
    ['__proto__=1', 'PARAMETER_UNKNOWN', '__proto__'],
    ['limit=0', 'PARAMETER_MALFORMED', 'limit'],
    ['limit=101', 'PARAMETER_MALFORMED', 'limit'],
    ['limit=1e1', 'PARAMETER_MALFORMED', 'limit'],
    ['limit=1&limit=2', 'PARAMETER_MALFORMED', 'limit'],
    ['sort=best', 'PARAMETER_MALFORMED', 'sort'],
    ['platform=a%2Fb', 'PARAMETER_MALFORMED', 'platform'],
    ['organization=acme', 'PARAMETER_MALFORMED', 'organization'],
    [`q=${'x'.repeat(201)}`, 'PARAMETER_MALFORMED', 'q'],
    ['cursor=AAAA', 'PARAMETER_MALFORMED', 'cursor'],
    ['cursor=%7B', 'PARAMETER_MALFORMED', 'cursor'],
  ])('with %j is refused', async (query, code, parameter) => {
    const { status, json, headers } = await place.ask(`/v1/plugins?${query}`);
    expect([status, headers['content-type'], json.code, json.parameter]).toEqual([
      400,
      'application/problem+json',
      code,
      parameter,
    ]);
    expect(json.detail).toContain(`"${parameter}"`);
  });

  test('whatever the text, it is found or not, the same way on every page', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 40 }),
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom('"', "'", 'a OR b', 'NEAR(a b)', 'title:x', '* *', "a':*", 'a & !b', '\\', '\u0000'),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('relevance', 'newest', 'name', 'downloads'), async (q, sort) => {
        const asked = Buffer.from(q).toString();
        const { status } = await place.ask(`/v1/plugins?sort=${sort}&q=${encodeURIComponent(asked)}`);
        expect(status).toBe(200);
      }),
      { numRuns: 100 },
    );
  });
});

describeOnBoth('the pages of a search', (places) => {
  let place: ReadingPlace;
  const count = 23;
  beforeAll(async () => {
    place = await ReadingPlace.open(await places.create());
    for (let index = 0; index < count; index += 1) {
      // Names that languages order in ways of their own, and equal ones.
      const name = ['Zed', 'apple', 'Äpfel', 'apple'][index % 4] ?? '';
      const texts = { en: { name: `${name} tool`, description: index % 3 === 0 ? 'apple' : '' } };
      await place.publish({ id: `P${index}`, texts }, { at: new Date(publishedAt.getTime() + index) });
      await place.database.queries
        .updateTable('plugins')
        .set({ downloads: (index * 7) % 5 })
        .where('id', '=', `P${index}`)
        .execute();
    }
  });
  afterAll(() => place[Symbol.asyncDispose]());

  async function walk(query: string, limit: number, between?: () => Promise<void>): Promise<string[]> {
    const ids: string[] = [];
    for (let cursor = ''; ; ) {
      const { json } = await place.ask(`/v1/plugins?${query}&limit=${limit}${cursor}`);
      ids.push(...json.plugins.map(({ id }: { id: string }) => id));
      if (json.next === undefined) return ids;
      cursor = `&cursor=${json.next}`;
      await between?.();
    }
  }

  test.each([
    'sort=newest',
    'sort=name',
    'sort=downloads',
    'q=apple',
    'q=tool&sort=name',
    'q=a&sort=downloads',
    `platform=${linux}`,
  ])('of %j are the whole, cut anywhere', async (query) => {
    const whole = await walk(query, 100);
    expect(new Set(whole).size).toBe(whole.length);
    for (const limit of [1, 2, 5, 22]) expect(await walk(query, limit)).toEqual(whole);
  });

  test('belong to their search alone', async () => {
    const { json } = await place.ask('/v1/plugins?limit=2&sort=name');
    for (const query of ['limit=2', 'limit=2&sort=downloads', 'limit=2&sort=name&q=apple']) {
      const answer = await place.ask(`/v1/plugins?${query}&cursor=${json.next}`);
      expect([answer.status, answer.json.code, answer.json.parameter]).toEqual([
        400,
        'PARAMETER_MALFORMED',
        'cursor',
      ]);
    }
  });

  test('stay right while others publish: none comes twice, none of the rest is left out', async () => {
    const before = await walk('q=tool', 100);
    let round = 0;
    const seen = await walk('q=tool', 4, async () => {
      round += 1;
      // One that was shown already, and a new one.
      const at = new Date(publishedAt.getTime() + day + round);
      await place.publish(
        {
          id: before[0] ?? '',
          version: `2.${round}`,
          texts: { en: { name: 'Moved tool', description: '' } },
        },
        { at },
      );
      await place.publish(
        { id: `New${round}`, texts: { en: { name: 'New tool', description: '' } } },
        { at },
      );
    });
    expect(seen).toEqual(before);
  });

  test('leave out what has expired meanwhile, and go on', async () => {
    const soon = new Date(place.at.getTime() + 60_000);
    for (const id of ['Short1', 'Short2', 'Short3'])
      await place.publish(
        { id, expiresAt: soon, texts: { en: { name: 'Short lived', description: '' } } },
        { at: place.at },
      );
    expect(await walk('q=short', 2)).toEqual(['Short3', 'Short2', 'Short1']);
    place.at = soon;
    expect(await walk('q=short', 2)).toEqual([]);
    const { json } = await place.ask(`/v1/plugins?limit=3`);
    expect(json.plugins).toHaveLength(3);
  });
});
