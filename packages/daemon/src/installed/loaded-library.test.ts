import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Daemon } from '../daemon.js';
import { type Authority, DaemonFixtures, startDaemon, writePackage } from '../daemon-fixtures.js';
import { type Disk, nodeDisk } from '../disk/disk.js';
import { layoutOf } from './layout.js';

/** As Windows does it: what holds a library that some process has loaded can be neither removed nor renamed. */
class LockingDisk {
  readonly disk: Disk;
  /** Folders of trees with a loaded library. */
  readonly loaded = new Set<string>();

  constructor(real = nodeDisk('win32')) {
    this.disk = {
      ...real,
      rename: async (from, to) => {
        this.#assertFree(from);
        this.#assertFree(to);
        await real.rename(from, to);
      },
      remove: async (path) => {
        this.#assertFree(path);
        await real.remove(path);
      },
      removeTree: async (path) => {
        this.#assertFree(path);
        await real.removeTree(path);
      },
    };
  }

  #assertFree(path: string): void {
    for (const tree of this.loaded) {
      if (tree !== path && !tree.startsWith(`${path}/`) && !path.startsWith(`${tree}/`)) continue;
      throw Object.assign(new Error(`EBUSY: a library is loaded, '${path}'`), { code: 'EBUSY' });
    }
  }
}

let fixtures: DaemonFixtures;
let authority: Authority;
let packages: readonly string[];
let dataDir: string;
let locking: LockingDisk;
let warnings: string[];

const start = (disk: Disk = locking.disk): Promise<Daemon> =>
  startDaemon(fixtures, [authority.anchor], {
    dataDir,
    disk,
    system: 'win32',
    logger: { warn: (_about, message) => void warnings.push(message) },
  });

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  packages = await Promise.all(
    ['1.0.0', '2.0.0', '3.0.0'].map((version) => writePackage(fixtures, signer, { version })),
  );
});
afterAll(() => fixtures[Symbol.asyncDispose]());
beforeEach(() => {
  warnings = [];
  locking = new LockingDisk();
  dataDir = fixtures.path('data');
});

const trees = async (): Promise<string[]> => {
  const names = await readdir(layoutOf(dataDir).home('Greeter')).catch(() => []);
  return names.filter((name) => /^\d\.0\.0-[0-9a-f]{16}$/.test(name)).map((name) => name.slice(0, 5));
};
const holdLoaded = async (version: string): Promise<void> => {
  const home = layoutOf(dataDir).home('Greeter');
  const tree = (await readdir(home)).find(
    (name) => name.startsWith(`${version}-`) && !name.endsWith('.json'),
  );
  locking.loaded.add(join(home, tree ?? ''));
};

describe('a library that another process has loaded on Windows', () => {
  it('stays where it is through updates and starts, and goes when it is free', async () => {
    {
      await using daemon = await start();
      await daemon.install({ path: packages[0] ?? '' });
      await holdLoaded('1.0.0');
      for (const path of packages.slice(1)) await daemon.install({ path });
      expect(await daemon.list()).toMatchObject([{ version: '3.0.0', previousVersion: '2.0.0' }]);
      expect(await trees()).toEqual(['1.0.0', '2.0.0', '3.0.0']);
      expect(warnings).toEqual(['Left for the next start of the daemon to clean up']);
    }
    {
      await using daemon = await start();
      expect(await daemon.list()).toMatchObject([{ version: '3.0.0', state: 'installed' }]);
      expect(await trees()).toEqual(['1.0.0', '2.0.0', '3.0.0']);
    }
    await using _daemon = await start(nodeDisk('win32'));
    expect(await trees()).toEqual(['2.0.0', '3.0.0']);
  });

  it('does not keep its plugin installed, nor the next start from coming', async () => {
    {
      await using daemon = await start();
      await daemon.install({ path: packages[0] ?? '' });
      await holdLoaded('1.0.0');
      await daemon.uninstall('Greeter');
      expect(await daemon.list()).toEqual([]);
      expect(await trees()).toEqual(['1.0.0']);
    }
    {
      await using daemon = await start();
      expect(await daemon.list()).toEqual([]);
      await daemon.install({ path: packages[1] ?? '' });
      expect(await daemon.list()).toMatchObject([{ version: '2.0.0', state: 'installed' }]);
    }
    await using _daemon = await start(nodeDisk('win32'));
    expect(await trees()).toEqual(['2.0.0']);
  });
});
