import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AskRevocation,
  notOffered,
  type RevocationMode,
  type TrustAnchor,
} from '@jami-plugin-store/trust';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Catalog } from '../catalog/catalog.js';
import { DataFolder } from '../catalog/data-folder.js';
import { createImageRenderer } from '../images/render-image.js';
import {
  FixtureCa,
  fixtureInstant,
  makePackage,
  type PluginWish,
  type Publisher,
} from '../judging/package-fixtures.js';
import { createServer } from '../serving/server.js';
import { Scanner } from './scanner.js';

const images = createImageRenderer();
const linux = 'x86_64-linux-gnu';

let ca: FixtureCa;
let acme: Publisher;
let other: Publisher;
beforeAll(async () => {
  ca = await FixtureCa.create();
  [acme, other] = [await ca.publisher('Acme'), await ca.publisher('Other')];
});
afterAll(() => ca[Symbol.asyncDispose]());

const dataDirs: string[] = [];
let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'jpl-store-scan-'));
  dataDirs.push(dataDir);
  await mkdir(join(dataDir, 'packages'));
});
afterEach(async () => {
  for (const path of dataDirs.splice(0)) await rm(path, { recursive: true, force: true });
});

const packagePath = (file: string) => join(dataDir, 'packages', file);

interface Run {
  readonly catalog: Catalog;
  readonly scanner: Scanner;
  readonly judged: () => number;
  readonly codes: () => [string, string][];
}

/** A store's catalog and scanner over the data folder, after load and one scan. */
async function start(
  given: {
    anchors?: TrustAnchor[];
    revocation?: RevocationMode;
    clock?: () => Date;
    ask?: AskRevocation;
  } = {},
): Promise<Run> {
  let judged = 0;
  const ask: AskRevocation = async (questions) => {
    judged += 1;
    return questions.map(({ certificate }) => notOffered(certificate));
  };
  const catalog = new Catalog();
  const scanner = new Scanner({
    catalog,
    folder: await DataFolder.open(dataDir),
    anchors: ca.anchors,
    revocation: 'when-named',
    ask,
    images,
    clock: () => fixtureInstant,
    log: createServer(undefined).log,
    ...given,
  });
  await scanner.load();
  await scanner.scan();
  return {
    catalog,
    scanner,
    judged: () => judged,
    codes: () => scanner.problems().map(({ file, code }) => [file, code]),
  };
}

const publish = (file: string, wish: PluginWish, by = acme) => makePackage(packagePath(file), by, wish);
const offered = ({ catalog }: Run, platform = linux) =>
  catalog.offered(platform, fixtureInstant.getTime()).map(({ record }) => `${record.id} ${record.version}`);

describe('a package in the folder', () => {
  test('is judged, and its record says what was read from verified bytes', async () => {
    const platforms = ['x64-windows', linux];
    await publish('foo.jpl', { id: 'Foo', version: '1.2.0', platforms });
    const run = await start();
    expect(run.codes()).toEqual([]);
    const bytes = await readFile(packagePath('foo.jpl'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const record = JSON.parse(await readFile(join(dataDir, 'catalog', `${sha256}.json`), 'utf8'));
    expect(record).toMatchObject({
      id: 'Foo',
      version: '1.2.0',
      publisher: { name: 'Acme' },
      platforms,
      sha256,
      size: bytes.length,
      file: 'foo.jpl',
      timestamp: fixtureInstant.toISOString(),
      expiresAt: '2027-01-01T00:00:00.000Z',
      texts: {
        en: { name: 'Foo in English', description: 'About it' },
        fr: { name: 'Foo en français', description: 'À propos' },
      },
      icon: { entry: 'data/icon.png', mediaType: 'image/png' },
      background: null,
    });
    const icon = await readFile(join(dataDir, 'images', record.icon.sha256));
    expect([icon.length, createHash('sha256').update(icon).digest('hex')]).toEqual([
      record.icon.size,
      record.icon.sha256,
    ]);
    expect(offered(run)).toEqual(['Foo 1.2.0']);
    expect(offered(run, 'iphone')).toEqual([]);
  });

  test('without a library is offered for every platform', async () => {
    await publish('foo.jpl', { id: 'Foo' });
    const run = await start();
    for (const platform of [linux, 'iphone', 'x64-windows'])
      expect(offered(run, platform)).toEqual(['Foo 1.0.0']);
  });

  test('is not judged again by the next start, and keeps its time of publication', async () => {
    await publish('foo.jpl', { id: 'Foo' });
    expect((await start()).judged()).toBe(1);
    const later = new Date('2026-07-01T00:00:00.000Z');
    const run = await start({ clock: () => later });
    expect(run.judged()).toBe(0);
    expect(offered(run)).toEqual(['Foo 1.0.0']);
    expect(run.catalog.releases('Foo', 0)[0].record.timestamp).toBe(fixtureInstant.toISOString());
  });

  test('is judged again when its time changed, and keeps its time of publication where its bytes are the same', async () => {
    await publish('foo.jpl', { id: 'Foo' });
    const run = await start({ clock: () => fixtureInstant });
    await utimes(packagePath('foo.jpl'), 1_000, 1_000);
    const again = await start({ clock: () => new Date('2026-07-01T00:00:00.000Z') });
    expect(again.judged()).toBe(1);
    expect(offered(again)).toEqual(offered(run));
    expect(again.catalog.releases('Foo', 0)[0].record.timestamp).toBe(fixtureInstant.toISOString());
  });

  test('that is renamed stays published under its new name', async () => {
    await publish('foo.jpl', { id: 'Foo' });
    const run = await start();
    await rename(packagePath('foo.jpl'), packagePath('bar.jpl'));
    await run.scanner.scan();
    expect(run.catalog.releases('Foo', 0)[0].record.file).toBe('bar.jpl');
    expect(await readdir(join(dataDir, 'catalog'))).toHaveLength(1);
  });

  test('that is removed is withdrawn, its record and no other too', async () => {
    await publish('a.jpl', { id: 'Foo', version: '1.0' });
    await publish('b.jpl', { id: 'Foo', version: '2.0' });
    const run = await start();
    expect(offered(run)).toEqual(['Foo 2.0']);
    await rm(packagePath('b.jpl'));
    await run.scanner.scan();
    expect(offered(run)).toEqual(['Foo 1.0']);
    expect(await readdir(join(dataDir, 'catalog'))).toHaveLength(1);
  });

  test('is judged again under other anchors, or when revocation must be asked more strictly', async () => {
    await using foreign = await FixtureCa.create('Foreign root');
    await publish('foo.jpl', { id: 'Foo' });
    await start();
    const underForeign = await start({ anchors: foreign.anchors });
    expect(offered(underForeign)).toEqual([]);
    expect(underForeign.codes()).toEqual([['foo.jpl', 'PATH_NOT_FOUND']]);
    const strict = await start({ revocation: 'required' });
    expect(strict.codes()).toEqual([['foo.jpl', 'REVOCATION_NOT_OFFERED']]);
    expect(offered(await start())).toEqual(['Foo 1.0.0']);
  });

  test('without any anchor nothing is offered and nothing is lost', async () => {
    await publish('foo.jpl', { id: 'Foo' });
    await start();
    expect(offered(await start({ anchors: [] }))).toEqual([]);
    const run = await start();
    expect([run.judged(), offered(run)]).toEqual([0, ['Foo 1.0.0']]);
    expect(await readdir(join(dataDir, 'images'))).toHaveLength(1);
  });

  test('whose record or image was damaged is judged again', async () => {
    await publish('foo.jpl', { id: 'Foo' });
    await start();
    const [record = ''] = await readdir(join(dataDir, 'catalog'));
    await writeFile(join(dataDir, 'catalog', record), '{"format":1');
    const first = await start();
    expect([first.judged(), offered(first)]).toEqual([1, ['Foo 1.0.0']]);
    const [image = ''] = await readdir(join(dataDir, 'images'));
    await rm(join(dataDir, 'images', image));
    const second = await start();
    expect([second.judged(), offered(second)]).toEqual([1, ['Foo 1.0.0']]);
    expect(await readdir(join(dataDir, 'images'))).toEqual([image]);
  });
});

test.skipIf(process.platform === 'win32')(
  'what somebody else put where records are is ignored and left alone',
  async () => {
    await publish('foo.jpl', { id: 'Foo' });
    await start();
    const [owner = ''] = await readdir(join(dataDir, 'owners'));
    const claim = await readFile(join(dataDir, 'owners', owner), 'utf8');
    await writeFile(join(dataDir, 'owners', `${'0'.repeat(64)}.json`), claim.replace('"Foo"', '"Bar"'));
    await mkdir(join(dataDir, 'catalog', `${'1'.repeat(64)}.json`));
    spawnSync('mkfifo', [join(dataDir, 'catalog', `${'2'.repeat(64)}.json`)]);
    await mkdir(join(dataDir, 'images', 'lost+found'));
    const run = await start();
    expect([offered(run), run.judged(), run.codes()]).toEqual([['Foo 1.0.0'], 0, []]);
    expect(run.catalog.ownerOf('Bar')).toBeUndefined();
    expect(await readdir(join(dataDir, 'images'))).toContain('lost+found');
  },
);

test('the record is what counts: what an operator changes with it is served as it is, not judged again', async () => {
  await publish('foo.jpl', { id: 'Foo' });
  await start();
  const bytes = await readFile(packagePath('foo.jpl'));
  bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
  await writeFile(packagePath('foo.jpl'), bytes);
  const [name = ''] = await readdir(join(dataDir, 'catalog'));
  const record = JSON.parse(await readFile(join(dataDir, 'catalog', name), 'utf8'));
  await rm(join(dataDir, 'catalog', name));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { mtimeMs } = await stat(packagePath('foo.jpl'));
  await writeFile(
    join(dataDir, 'catalog', `${sha256}.json`),
    JSON.stringify({ ...record, sha256, size: bytes.length, mtimeMs }),
  );
  const run = await start();
  expect([offered(run), run.judged(), run.codes()]).toEqual([['Foo 1.0.0'], 0, []]);
});

describe('a package that is not offered', () => {
  test('one byte changed after signing: the signature room says so', async () => {
    await publish('foo.jpl', { id: 'Foo', files: { 'data/x': 'A'.repeat(100) } });
    const bytes = await readFile(packagePath('foo.jpl'));
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    await writeFile(packagePath('foo.jpl'), bytes);
    const run = await start();
    expect(offered(run)).toEqual([]);
    expect(run.codes()).toHaveLength(1);
  });

  test('no package at all, a folder, an empty file: the exact reason each, the good one beside them is offered', async () => {
    await publish('good.jpl', { id: 'Good' });
    await writeFile(packagePath('text.jpl'), 'This is no archive. '.repeat(10));
    await writeFile(packagePath('empty.jpl'), '');
    await mkdir(packagePath('folder.jpl'));
    await writeFile(packagePath('.hidden.jpl'), 'somebody is copying');
    await writeFile(packagePath('note.txt'), 'no package');
    const run = await start();
    expect(offered(run)).toEqual(['Good 1.0.0']);
    expect(run.codes()).toEqual([
      ['empty.jpl', 'EMPTY_FILE'],
      ['folder.jpl', 'NOT_A_FILE'],
      ['text.jpl', 'NOT_A_ZIP'],
    ]);
  });

  test.skipIf(process.platform === 'win32')(
    'a link in a circle, a link through a file, a named pipe: the good one beside them is offered',
    async () => {
      await publish('good.jpl', { id: 'Good' });
      await symlink('circle.jpl', packagePath('circle.jpl'));
      await symlink('good.jpl/x', packagePath('through.jpl'));
      await symlink('gone', packagePath('dangling.jpl'));
      spawnSync('mkfifo', [packagePath('pipe.jpl')]);
      const run = await start();
      expect(offered(run)).toEqual(['Good 1.0.0']);
      expect(run.codes()).toEqual([
        ['circle.jpl', 'FILE_NOT_READABLE'],
        ['pipe.jpl', 'NOT_A_FILE'],
        ['through.jpl', 'FILE_NOT_FOUND'],
      ]);
    },
  );

  test('expired: the judge says so; once expired, a published one is not offered', async () => {
    const brief = await ca.anotherPlugin(acme.organization, { notAfter: '20260701000000Z' });
    await publish('foo.jpl', { id: 'Foo' }, brief);
    const run = await start();
    expect(offered(run)).toEqual(['Foo 1.0.0']);
    expect(run.catalog.offered(linux, Date.parse('2026-07-01T00:00:01Z'))).toEqual([]);
    await publish('bar.jpl', { id: 'Bar' }, brief);
    const late = await start({ clock: () => new Date('2026-08-01T00:00:00Z') });
    expect(late.codes()).toEqual([['bar.jpl', 'CERTIFICATE_EXPIRED']]);
  });

  test('an id belongs to the first who published it, whatever its case, also when his packages are gone', async () => {
    await publish('a.jpl', { id: 'Foo' });
    await utimes(packagePath('a.jpl'), 1_000, 1_000);
    await publish('b.jpl', { id: 'Foo', version: '9.0' }, other);
    await publish('c.jpl', { id: 'foo', version: '9.0' }, other);
    await publish('d.jpl', { id: 'FOO', version: '9.0' });
    const run = await start();
    expect(offered(run)).toEqual(['Foo 1.0.0']);
    const taken = ['b.jpl', 'c.jpl', 'd.jpl'].map((file) => [file, 'PLUGIN_ID_TAKEN']);
    expect(run.codes()).toEqual(taken);
    await rm(packagePath('a.jpl'));
    await run.scanner.scan({ everything: true });
    expect([offered(run), run.codes()]).toEqual([[], taken]);
    expect((await start()).codes()).toEqual(taken);
  });

  test('another key of the same organization may publish under its ids', async () => {
    await publish('a.jpl', { id: 'Foo' });
    await publish('b.jpl', { id: 'Foo', version: '1.1' }, await ca.anotherPlugin(acme.organization));
    const run = await start();
    expect([offered(run), run.codes()]).toEqual([['Foo 1.1'], []]);
  });

  test('a version is published once a platform; equal bytes once at all', async () => {
    await publish('a.jpl', { id: 'Foo', platforms: [linux] });
    await publish('b.jpl', { id: 'Foo', platforms: ['x64-windows'] });
    await publish('c.jpl', { id: 'Foo', version: '1.0', platforms: [linux], files: { x: 'other' } });
    await copyFile(packagePath('a.jpl'), packagePath('d.jpl'));
    for (const [index, file] of ['a.jpl', 'b.jpl', 'c.jpl', 'd.jpl'].entries())
      await utimes(packagePath(file), 1_000 + index, 1_000 + index);
    const run = await start();
    expect(offered(run)).toEqual(['Foo 1.0.0']);
    expect(offered(run, 'x64-windows')).toEqual(['Foo 1.0.0']);
    expect(run.codes()).toEqual([
      ['c.jpl', 'VERSION_TAKEN'],
      ['d.jpl', 'PACKAGE_DUPLICATE'],
    ]);
  });

  test('is not judged again until it changes or somebody asks', async () => {
    await writeFile(packagePath('foo.jpl'), 'nothing of the kind');
    const run = await start();
    const [first] = run.scanner.problems();
    await run.scanner.scan();
    expect(run.scanner.problems()[0]).toBe(first);
    await run.scanner.scan({ everything: true });
    expect(run.scanner.problems()[0]).not.toBe(first);
    await publish('foo.jpl', { id: 'Foo' });
    await run.scanner.scan();
    expect([offered(run), run.codes()]).toEqual([['Foo 1.0.0'], []]);
  });
});

test('flaws of texts and images do not hold a package back, over-long texts do', async () => {
  await publish('flawed.jpl', {
    id: 'Flawed',
    files: { 'data/icon.png': '<script>', 'data/locale/Flawed_fr.json': '{"name":"a","name":"b"}' },
  });
  await publish('long.jpl', { id: 'Long', manifest: { name: 'n'.repeat(201) } });
  const run = await start();
  const [{ record }] = run.catalog.releases('Flawed', 0);
  expect(record.icon).toBeNull();
  expect(Object.keys(record.texts)).toEqual(['en']);
  expect(run.codes()).toEqual([['long.jpl', 'TEXT_TOO_LONG']]);
});

test('scans asked for during a scan are one scan after it', async () => {
  const run = await start();
  await publish('foo.jpl', { id: 'Foo' });
  const first = run.scanner.scan();
  const [second, third] = [run.scanner.scan(), run.scanner.scan({ everything: true })];
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await Promise.all([first, second]);
  expect(offered(run)).toEqual(['Foo 1.0.0']);
});
