import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { notOffered } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createImageRenderer } from '../images/render-image.js';
import { type JudgedPackage, judgePackageFile } from './judge-package-file.js';
import {
  FixtureCa,
  fixtureInstant,
  makePackage,
  type PluginWish,
  type Publisher,
} from './package-fixtures.js';

let ca: FixtureCa;
let [acme, renewed]: Publisher[] = [];
let folder: string;
beforeAll(async () => {
  ca = await FixtureCa.create();
  folder = await mkdtemp(join(tmpdir(), 'jpl-judging-'));
  acme = await ca.publisher('Acme');
  renewed = await ca.anotherPlugin(acme.organization);
});
afterAll(async () => {
  await ca[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const images = createImageRenderer();
let made = 0;

async function written(wish: PluginWish, by = acme): Promise<string> {
  if (by === undefined) throw new Error('no publisher yet');
  made += 1;
  const path = join(folder, `${made}.jpl`);
  await makePackage(path, by, wish);
  return path;
}

const judge = (path: string): Promise<JudgedPackage> =>
  judgePackageFile({
    path,
    anchors: ca.anchors,
    revocation: 'when-named',
    ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
    images,
    at: fixtureInstant,
    signal: new AbortController().signal,
  });

const files = { 'data/x.bin': 'content', 'data/large.bin': Buffer.alloc(5 * 1024 * 1024, 7) };

describe('categories', () => {
  test('are those of the verified manifest', async () => {
    const wish = { id: 'Foo', manifest: { categories: ['video', 'chat'] } };
    expect((await judge(await written(wish))).categories).toEqual(['chat', 'video']);
    expect((await judge(await written({ id: 'Foo' }))).categories).toEqual([]);
  });

  test('that are no such list hold a package back', async () => {
    const path = await written({ id: 'Foo', manifest: { categories: 'video' } });
    await expect(judge(path)).rejects.toMatchObject({ name: 'StoreError', code: 'CATEGORIES_MALFORMED' });
  });
});

describe('the digest of the content', () => {
  test('is the same whoever signs it and however it is packed', async () => {
    const first = await judge(await written({ id: 'Foo', files }));
    const again = await judge(await written({ id: 'Foo', files }, renewed));
    const reordered = Object.fromEntries(Object.entries(files).reverse());
    const other = await judge(await written({ id: 'Foo', files: reordered }));
    expect(again.sha256).not.toBe(first.sha256);
    expect([again.contentSha256, other.contentSha256]).toEqual([first.contentSha256, first.contentSha256]);
  });

  test.each<[string, PluginWish]>([
    ['a byte', { id: 'Foo', files: { ...files, 'data/x.bin': 'Content' } }],
    ['a name', { id: 'Foo', files: { 'data/y.bin': 'content', 'data/large.bin': files['data/large.bin'] } }],
    [
      'a byte of a large file',
      { id: 'Foo', files: { ...files, 'data/large.bin': Buffer.alloc(5 * 1024 * 1024, 8) } },
    ],
    ['a file more', { id: 'Foo', files: { ...files, 'data/z': '' } }],
    ['a file less', { id: 'Foo', files: { 'data/x.bin': 'content' } }],
    ['the version', { id: 'Foo', files, version: '1.0.1' }],
  ])('is another one where %s differs', async (_, wish) => {
    const first = await judge(await written({ id: 'Foo', files }));
    expect((await judge(await written(wish))).contentSha256).not.toBe(first.contentSha256);
  });
});

test('images and preferences that are broken are told, and hold nothing back', async () => {
  const broken = {
    'data/icon.png': Buffer.from('89504e470d0a1a0a00', 'hex'),
    'data/background.jpg': '<svg/>',
    'data/preferences.json': '{',
    'data/accountpreferences.json': '[]',
  };
  const judged = await judge(await written({ id: 'Foo', files: broken }));
  expect([judged.icon, judged.background]).toEqual([undefined, undefined]);
  expect(judged.flaws).toEqual([
    expect.stringMatching(/^preferences "data\/preferences.json": /),
    expect.stringMatching(/^icon: "data\/icon.png": .* cannot be decoded/),
    expect.stringMatching(/^background: "data\/background.jpg": .* no PNG/),
  ]);
});

test('a package that is written to while it is judged is not what was judged', async () => {
  const path = await written({ id: 'Foo' });
  const bytes = await readFile(path);
  const ask = async (questions: readonly { certificate: Parameters<typeof notOffered>[0] }[]) => {
    await writeFile(path, bytes);
    return questions.map(({ certificate }) => notOffered(certificate));
  };
  const request = {
    path,
    anchors: ca.anchors,
    revocation: 'when-named' as const,
    ask,
    images,
    at: fixtureInstant,
    signal: new AbortController().signal,
  };
  await expect(judgePackageFile(request)).rejects.toMatchObject({ code: 'PACKAGE_CHANGED_ON_DISK' });
});

test('its digest is that of the file, as openssl sees it', async () => {
  const path = await written({ id: 'Foo' });
  const { stdout } = await promisify(execFile)('openssl', ['dgst', '-sha256', '-r', path]);
  expect(stdout.slice(0, 64)).toBe((await judge(path)).sha256);
});
