import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDaemon } from './daemon.js';
import {
  type Authority,
  DaemonFixtures,
  fixtureInstant,
  type Signer,
  startDaemon,
  writePackage,
} from './daemon-fixtures.js';
import { layoutOf } from './installed/layout.js';

let fixtures: DaemonFixtures;
let authority: Authority;
let signer: Signer;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  signer = await (await authority.organization('Hello Ltd'))();
});
afterAll(() => fixtures[Symbol.asyncDispose]());

const start = (dataDir: string) => startDaemon(fixtures, [authority.anchor], { dataDir });

describe('a data folder', () => {
  it('has one daemon, by whatever name it is called', async () => {
    const dataDir = fixtures.path('data');
    const first = await start(dataDir);
    const link = fixtures.path('link');
    await symlink(dataDir, link);
    for (const name of [dataDir, link]) {
      await expect(start(name)).rejects.toMatchObject({
        code: 'DATA_DIR_BUSY',
        message: `Another daemon (process ${process.pid}) owns ${dataDir}.`,
      });
    }
    await first[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    await (await start(link))[Symbol.asyncDispose]();
  });

  it('cannot be a file, or below one', async () => {
    const file = fixtures.path('file');
    await writeFile(file, '');
    for (const dataDir of [file, join(file, 'data')]) {
      await expect(
        createDaemon({ dataDir, anchors: [], revocation: 'required', clock: () => fixtureInstant }),
      ).rejects.toMatchObject({ code: 'IO_ERROR', path: dataDir });
    }
  });

  it('is brought to rest: staging, unused trees and homes go, all else stays', async () => {
    const dataDir = fixtures.path('data');
    const layout = layoutOf(dataDir);
    {
      await using daemon = await start(dataDir);
      for (const version of ['1.0.0', '1.1.0'])
        await daemon.install({ path: await writePackage(fixtures, signer, { version }) });
    }
    const kept = await readdir(layout.home('Greeter'));
    await mkdir(join(layout.staging, 'abc', 'tree'), { recursive: true });
    await writeFile(join(layout.staging, 'left.link'), '');
    await mkdir(join(layout.home('Greeter'), '0.5.0-0123456789abcdef'));
    await writeFile(join(layout.home('Greeter'), '0.5.0-0123456789abcdef.record.json'), '{}');
    await mkdir(join(layout.home('Never'), '1.0.0-0123456789abcdef'), { recursive: true });
    // Another program replaced the link of this one by a folder.
    await mkdir(layout.link('Foreign'));
    await mkdir(layout.home('Foreign'));
    await writeFile(layout.preferences('Foreign'), 'values');
    await writeFile(join(layout.plugins, 'notes.txt'), 'mine');
    await using daemon = await start(dataDir);
    expect(await readdir(layout.staging)).toEqual([]);
    expect(await readdir(layout.home('Greeter'))).toEqual(kept);
    expect((await readdir(layout.versions)).sort()).toEqual(['Foreign', 'Greeter']);
    expect(await readdir(layout.home('Foreign'))).toEqual(['preferences.msgpack']);
    expect((await readdir(layout.plugins)).sort()).toEqual([
      '.staging',
      '.versions',
      'Foreign',
      'Greeter',
      'notes.txt',
    ]);
    expect(await daemon.list()).toMatchObject([
      { id: 'Greeter', version: '1.1.0', previousVersion: '1.0.0' },
    ]);
  });

  it('keeps the way back where the active record is damaged', async () => {
    const dataDir = fixtures.path('data');
    const layout = layoutOf(dataDir);
    {
      await using daemon = await start(dataDir);
      for (const version of ['1.0.0', '1.1.0'])
        await daemon.install({ path: await writePackage(fixtures, signer, { version }) });
    }
    const names = await readdir(layout.home('Greeter'));
    const record = names.find((name) => name.startsWith('1.1.0') && name.endsWith('.json')) ?? '';
    await writeFile(join(layout.home('Greeter'), record), 'damaged');
    await using daemon = await start(dataDir);
    expect(await readdir(layout.home('Greeter'))).toEqual(names);
    expect(await daemon.list()).toMatchObject([{ id: 'Greeter', state: 'damaged' }]);
  });
});
