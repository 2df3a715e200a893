import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AskRevocation,
  notOffered,
  type RevocationMode,
  type TrustAnchor,
} from '@jami-plugin-store/trust';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { BlobStore } from '../blobs/blob-store.js';
import { openBlobs } from '../blobs/open-blobs.js';
import { applyTrust } from '../catalog/apply-trust.js';
import { readOffers } from '../catalog/read-offers.js';
import type { StoreDatabase } from '../database/database.js';
import { describeOnBoth } from '../database/database-fixtures.js';
import { type DatabaseOptions, openDatabase } from '../database/open-database.js';
import { createImageRenderer } from '../images/render-image.js';
import {
  FixtureCa,
  fixtureInstant,
  makePackage,
  type PluginWish,
  type Publisher,
} from '../judging/package-fixtures.js';
import { Lifetime } from '../lifetime.js';
import { createServer } from '../serving/server.js';
import { folderName } from './folder-name.js';
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
const publish = (file: string, wish: PluginWish, by = acme) => makePackage(packagePath(file), by, wish);

interface Run extends AsyncDisposable {
  readonly database: StoreDatabase;
  readonly blobs: BlobStore;
  readonly scanner: Scanner;
  readonly judged: () => number;
  readonly codes: () => [string, string][];
}

interface Given {
  anchors?: TrustAnchor[];
  revocation?: RevocationMode;
  clock?: () => Date;
  ask?: AskRevocation;
}

/** A process of a store over the folder and a database, as far as the folder goes, after its first scan. */
async function openRun(place: DatabaseOptions, given: Given): Promise<Run> {
  let judged = 0;
  const ask: AskRevocation = async (questions) => {
    judged += 1;
    return questions.map(({ certificate }) => notOffered(certificate));
  };
  const lifetime = new Lifetime();
  const { anchors = ca.anchors, revocation = 'when-named', clock = () => fixtureInstant } = given;
  const database = lifetime.use(await openDatabase(place));
  const blobs = lifetime.use(await openBlobs({ dataDir, clock }));
  const judging = { anchors, revocation, ask: given.ask ?? ask, images };
  await applyTrust(database, judging, clock());
  const scanner = new Scanner({
    database,
    blobs,
    packagesDir: join(dataDir, 'packages'),
    folder: await folderName(dataDir),
    judging,
    clock,
    log: createServer().log,
  });
  lifetime.defer(() => scanner.close());
  await scanner.scan();
  return {
    database,
    blobs,
    scanner,
    judged: () => judged,
    codes: () => scanner.problems().map(({ file, code }) => [file, code]),
    [Symbol.asyncDispose]: () => lifetime[Symbol.asyncDispose](),
  };
}

/** `id version` of what a platform is offered. */
async function offered({ database }: Run, platform = linux, at = fixtureInstant): Promise<string[]> {
  const found: string[] = [];
  for await (const page of readOffers(database.queries, platform, at.getTime()))
    for (const { id, version } of page) found.push(`${id} ${version}`);
  return found.sort();
}

const packages = ({ database }: Run) =>
  database.queries.selectFrom('packages').selectAll().orderBy('number').execute();
const imported = async ({ database }: Run) =>
  (await database.queries.selectFrom('imported_files').select('file').orderBy('file').execute()).map(
    ({ file }) => file,
  );
const audited = async ({ database }: Run) =>
  (await database.queries.selectFrom('audit_records').select('action').orderBy('sequence').execute()).map(
    ({ action }) => action,
  );

describeOnBoth('the packages folder', (places) => {
  let place: DatabaseOptions;
  beforeEach(async () => {
    place = await places.create();
  });
  const start = (given: Given = {}) => openRun(place, given);

  describe('a package in the folder', () => {
    test('is judged, and what is known of it was read from verified bytes', async () => {
      const platforms = ['x64-windows', linux];
      await publish('foo.jpl', { id: 'Foo', version: '1.2.0', platforms });
      await using run = await start();
      expect(run.codes()).toEqual([]);
      const bytes = await readFile(packagePath('foo.jpl'));
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      const [row] = await packages(run);
      expect(row).toMatchObject({
        version: '1.2.0',
        state: 'published',
        publisher_name: 'Acme',
        platforms: JSON.stringify(platforms),
        languages: '["en","fr"]',
        sha256,
        size: bytes.length,
        published_at: fixtureInstant.getTime(),
        expires_at: Date.parse('2027-01-01T00:00:00.000Z'),
        background: null,
      });
      const icon = JSON.parse(row?.icon ?? '');
      expect(icon).toMatchObject({ entry: 'data/icon.png', mediaType: 'image/png' });
      expect(await run.blobs.stat(icon.sha256)).toMatchObject({ size: icon.size });
      expect(await run.blobs.stat(sha256)).toMatchObject({ size: bytes.length });
      expect(await offered(run)).toEqual(['Foo 1.2.0']);
      expect(await offered(run, 'iphone')).toEqual([]);
      expect(await audited(run)).toEqual(['published']);
    });

    test('without a library is offered for every platform', async () => {
      await publish('foo.jpl', { id: 'Foo' });
      await using run = await start();
      for (const platform of [linux, 'iphone', 'x64-windows'])
        expect(await offered(run, platform)).toEqual(['Foo 1.0.0']);
    });

    test('is not judged again by the next start, and keeps its time of publication', async () => {
      await publish('foo.jpl', { id: 'Foo' });
      {
        await using first = await start();
        expect(first.judged()).toBe(1);
      }
      const later = new Date('2026-07-01T00:00:00.000Z');
      await using run = await start({ clock: () => later });
      expect(run.judged()).toBe(0);
      expect(await offered(run)).toEqual(['Foo 1.0.0']);
      expect(await packages(run)).toMatchObject([{ published_at: fixtureInstant.getTime() }]);
    });

    test('is judged again when its time changed, and stays what was published', async () => {
      await publish('foo.jpl', { id: 'Foo' });
      await using run = await start();
      const before = await packages(run);
      await utimes(packagePath('foo.jpl'), 1_000, 1_000);
      await run.scanner.scan();
      await run.scanner.scan();
      expect([run.judged(), await packages(run)]).toEqual([2, before]);
      expect(await audited(run)).toEqual(['published']);
    });

    test('that is renamed stays published under its new name', async () => {
      await publish('foo.jpl', { id: 'Foo' });
      await using run = await start();
      const before = await packages(run);
      await rename(packagePath('foo.jpl'), packagePath('bar.jpl'));
      await run.scanner.scan();
      expect([await imported(run), await packages(run)]).toEqual([['bar.jpl'], before]);
      expect(await audited(run)).toEqual(['published']);
    });

    test('that is removed is withdrawn and no other; put back, it is published since when it was', async () => {
      await publish('a.jpl', { id: 'Foo', version: '1.0' });
      await publish('b.jpl', { id: 'Foo', version: '2.0' });
      let at = fixtureInstant;
      await using run = await start({ clock: () => at });
      expect(await offered(run)).toEqual(['Foo 2.0']);
      await rename(packagePath('b.jpl'), join(dataDir, 'b'));
      at = new Date('2026-07-01T00:00:00.000Z');
      await run.scanner.scan();
      expect([await offered(run), await imported(run)]).toEqual([['Foo 1.0'], ['a.jpl']]);
      expect(await audited(run)).toEqual(['published', 'published', 'withdrawn']);
      await rename(join(dataDir, 'b'), packagePath('c.jpl'));
      await run.scanner.scan();
      expect([await offered(run), await imported(run)]).toEqual([['Foo 2.0'], ['a.jpl', 'c.jpl']]);
      const times = (await packages(run)).map(({ published_at }) => published_at);
      expect(times).toEqual([fixtureInstant.getTime(), fixtureInstant.getTime()]);
    });

    test('that is replaced by another of the same version is that other one', async () => {
      await publish('a.jpl', { id: 'Foo', files: { x: 'one' } });
      await using run = await start();
      await publish('a.jpl', { id: 'Foo', files: { x: 'another' } });
      await publish('b.jpl', { id: 'Bar' });
      await run.scanner.scan();
      expect([run.codes(), await offered(run)]).toEqual([[], ['Bar 1.0.0', 'Foo 1.0.0']]);
      expect((await packages(run)).map(({ state }) => state)).toEqual([
        'withdrawn',
        'published',
        'published',
      ]);
    });

    test('that is replaced by another plugin leaves with its own', async () => {
      await publish('a.jpl', { id: 'Foo' });
      await using run = await start();
      await publish('a.jpl', { id: 'Bar', version: '1.0.1' });
      await run.scanner.scan();
      expect([await offered(run), await imported(run)]).toEqual([['Bar 1.0.1'], ['a.jpl']]);
    });

    test('is judged again under other anchors, or when revocation must be asked more strictly', async () => {
      await using foreign = await FixtureCa.create('Foreign root');
      await publish('foo.jpl', { id: 'Foo' });
      {
        await using _first = await start();
      }
      {
        await using underForeign = await start({ anchors: foreign.anchors });
        expect(await offered(underForeign)).toEqual([]);
        expect(underForeign.codes()).toEqual([['foo.jpl', 'PATH_NOT_FOUND']]);
      }
      {
        await using strict = await start({ revocation: 'required' });
        expect(strict.codes()).toEqual([['foo.jpl', 'REVOCATION_NOT_OFFERED']]);
      }
      await using run = await start();
      expect([run.judged(), await offered(run)]).toEqual([0, ['Foo 1.0.0']]);
    });

    test('that passes under other settings is offered under them, since when it was', async () => {
      await publish('foo.jpl', { id: 'Foo' });
      {
        await using _off = await start({ revocation: 'off' });
      }
      await using run = await start({ clock: () => new Date('2026-07-01T00:00:00.000Z') });
      expect([run.judged(), await offered(run)]).toEqual([1, ['Foo 1.0.0']]);
      expect(await packages(run)).toMatchObject([
        { revocation_mode: 'when-named', published_at: fixtureInstant.getTime() },
      ]);
    });

    test('without any anchor nothing is offered and nothing is lost', async () => {
      await publish('foo.jpl', { id: 'Foo' });
      {
        await using _first = await start();
      }
      {
        await using none = await start({ anchors: [] });
        expect(await offered(none)).toEqual([]);
      }
      await using run = await start();
      expect([run.judged(), await offered(run)]).toEqual([0, ['Foo 1.0.0']]);
    });

    test('that was revoked meanwhile stays revoked, whatever happens to its file', async () => {
      await publish('foo.jpl', { id: 'Foo' });
      await using run = await start();
      await run.database.queries.updateTable('packages').set({ revoked_at: 1 }).execute();
      await utimes(packagePath('foo.jpl'), 1_000, 1_000);
      await run.scanner.scan();
      await rename(packagePath('foo.jpl'), join(dataDir, 'foo'));
      await run.scanner.scan();
      await rename(join(dataDir, 'foo'), packagePath('foo.jpl'));
      await run.scanner.scan();
      expect([run.judged(), run.codes()]).toEqual([3, []]);
      expect([await offered(run), await packages(run)]).toMatchObject([[], [{ revoked_at: 1 }]]);
    });
  });

  test('two processes over one folder: one looks after it, the other takes over', async () => {
    await using one = await start();
    await using other = await start();
    await publish('foo.jpl', { id: 'Foo' });
    await other.scanner.scan();
    expect(other.judged()).toBe(0);
    await one.scanner.close();
    await other.scanner.scan();
    expect([other.judged(), await offered(other)]).toEqual([1, ['Foo 1.0.0']]);
  });

  test('a folder of another process of the same store is left to it', async () => {
    await publish('foo.jpl', { id: 'Foo' });
    await using run = await start();
    await rm(join(dataDir, 'folder-name'));
    await rename(packagePath('foo.jpl'), packagePath('bar.jpl'));
    await using other = await start();
    expect([other.codes(), await offered(run)]).toEqual([[['bar.jpl', 'PACKAGE_DUPLICATE']], ['Foo 1.0.0']]);
  });
});

// What is refused is refused before any database is asked: one of them is enough.
const start = (given: Given = {}) => openRun({ dataDir }, given);

describe('a package that is not offered', () => {
  test('one byte changed after signing: the signature room says so', async () => {
    await publish('foo.jpl', { id: 'Foo', files: { 'data/x': 'A'.repeat(100) } });
    const bytes = await readFile(packagePath('foo.jpl'));
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    await writeFile(packagePath('foo.jpl'), bytes);
    await using run = await start();
    expect(await offered(run)).toEqual([]);
    expect(run.codes()).toHaveLength(1);
  });

  test('no package at all, a folder, an empty file: the exact reason each, the good one beside them is offered', async () => {
    await publish('good.jpl', { id: 'Good' });
    await writeFile(packagePath('text.jpl'), 'This is no archive. '.repeat(10));
    await writeFile(packagePath('empty.jpl'), '');
    await mkdir(packagePath('folder.jpl'));
    await writeFile(packagePath('.hidden.jpl'), 'somebody is copying');
    await writeFile(packagePath('note.txt'), 'no package');
    await using run = await start();
    expect(await offered(run)).toEqual(['Good 1.0.0']);
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
      await using run = await start();
      expect(await offered(run)).toEqual(['Good 1.0.0']);
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
    await using run = await start();
    expect(await offered(run)).toEqual(['Foo 1.0.0']);
    expect(await offered(run, linux, new Date('2026-07-01T00:00:01Z'))).toEqual([]);
    await publish('bar.jpl', { id: 'Bar' }, brief);
    await run.scanner.close();
    await using late = await start({ clock: () => new Date('2026-08-01T00:00:00Z') });
    expect(late.codes()).toEqual([['bar.jpl', 'CERTIFICATE_EXPIRED']]);
  });

  test('an id belongs to the first who published it, whatever its case, also when his packages are gone', async () => {
    await publish('a.jpl', { id: 'Foo' });
    await utimes(packagePath('a.jpl'), 1_000, 1_000);
    await publish('b.jpl', { id: 'Foo', version: '9.0' }, other);
    await publish('c.jpl', { id: 'foo', version: '9.0' }, other);
    await publish('d.jpl', { id: 'FOO', version: '9.0' });
    await using run = await start();
    expect(await offered(run)).toEqual(['Foo 1.0.0']);
    const taken = ['b.jpl', 'c.jpl', 'd.jpl'].map((file) => [file, 'PLUGIN_ID_TAKEN']);
    expect(run.codes()).toEqual(taken);
    await rm(packagePath('a.jpl'));
    await run.scanner.scan({ everything: true });
    expect([await offered(run), run.codes()]).toEqual([[], taken]);
    await run.scanner.close();
    await using again = await start();
    expect(again.codes()).toEqual(taken);
  });

  test('another key of the same organization may publish under its ids', async () => {
    await publish('a.jpl', { id: 'Foo' });
    await publish('b.jpl', { id: 'Foo', version: '1.1' }, await ca.anotherPlugin(acme.organization));
    await using run = await start();
    expect([await offered(run), run.codes()]).toEqual([['Foo 1.1'], []]);
  });

  test('a version is published once a platform; equal bytes once at all', async () => {
    await publish('a.jpl', { id: 'Foo', platforms: [linux] });
    await publish('b.jpl', { id: 'Foo', platforms: ['x64-windows'] });
    await publish('c.jpl', { id: 'Foo', version: '1.0', platforms: [linux], files: { x: 'other' } });
    await copyFile(packagePath('a.jpl'), packagePath('d.jpl'));
    for (const [index, file] of ['a.jpl', 'b.jpl', 'c.jpl', 'd.jpl'].entries())
      await utimes(packagePath(file), 1_000 + index, 1_000 + index);
    await using run = await start();
    expect(await offered(run)).toEqual(['Foo 1.0.0']);
    expect(await offered(run, 'x64-windows')).toEqual(['Foo 1.0.0']);
    expect(run.codes()).toEqual([
      ['c.jpl', 'VERSION_TAKEN'],
      ['d.jpl', 'PACKAGE_DUPLICATE'],
    ]);
  });

  test('is not judged again until it changes or somebody asks', async () => {
    await writeFile(packagePath('foo.jpl'), 'nothing of the kind');
    await using run = await start();
    const [first] = run.scanner.problems();
    await run.scanner.scan();
    expect(run.scanner.problems()[0]).toBe(first);
    await run.scanner.scan({ everything: true });
    expect(run.scanner.problems()[0]).not.toBe(first);
    await publish('foo.jpl', { id: 'Foo' });
    await run.scanner.scan();
    expect([await offered(run), run.codes()]).toEqual([['Foo 1.0.0'], []]);
  });
});

test('flaws of texts and images do not hold a package back, over-long texts do', async () => {
  await publish('flawed.jpl', {
    id: 'Flawed',
    files: { 'data/icon.png': '<script>', 'data/locale/Flawed_fr.json': '{"name":"a","name":"b"}' },
  });
  await publish('long.jpl', { id: 'Long', manifest: { name: 'n'.repeat(201) } });
  await using run = await start();
  expect(await packages(run)).toMatchObject([{ icon: null, languages: '["en"]' }]);
  expect(run.codes()).toEqual([['long.jpl', 'TEXT_TOO_LONG']]);
});

test('scans asked for during a scan are one scan after it', async () => {
  await using run = await start();
  await publish('foo.jpl', { id: 'Foo' });
  const first = run.scanner.scan();
  const [second, third] = [run.scanner.scan(), run.scanner.scan({ everything: true })];
  expect(second).not.toBe(first);
  expect(third).toBe(second);
  await Promise.all([first, second]);
  expect(await offered(run)).toEqual(['Foo 1.0.0']);
});
