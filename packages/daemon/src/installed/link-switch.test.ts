import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Disk, nodeDisk } from '../disk/disk.js';
import { type OnStep, steppedDisk } from '../faults/stepped-disk.js';
import { type Layout, layoutOf, linkTarget } from './layout.js';
import { linkSwitch } from './link-switch.js';
import { recover, removeUnused } from './recovery.js';

const trees = ['1.0.0-0000000000000000', '2.0.0-1111111111111111'] as const;
let layout: Layout;

beforeEach(async () => {
  layout = layoutOf(await mkdtemp(join(tmpdir(), 'jpl-switch-')));
  const disk = nodeDisk();
  await recover({
    disk,
    layout,
    links: linkSwitch(disk, layout, 'linux'),
    onLeftover: (error) => {
      throw error;
    },
  });
  for (const tree of trees) {
    await mkdir(layout.tree('A', tree), { recursive: true });
    await writeFile(join(layout.tree('A', tree), 'tree'), tree);
  }
});
afterEach(() => rm(layout.dataDir, { recursive: true, force: true }));

const active = (): Promise<string> => readFile(join(layout.link('A'), 'tree'), 'utf8');

describe.each(['linux', 'win32'] as const)('linkSwitch on %s', (system) => {
  const links = (disk: Disk = nodeDisk(system)) => linkSwitch(disk, layout, system);

  it('activates one tree after the other, and none', async () => {
    expect(await links().active('A')).toBeUndefined();
    for (const tree of [...trees, trees[0]]) {
      await links().activate('A', tree);
      expect(await links().active('A')).toEqual({ tree });
      expect(await active()).toBe(tree);
    }
    await links().deactivate('A');
    expect(await links().active('A')).toBeUndefined();
    expect(await readdir(layout.staging)).toEqual([]);
    expect(await readdir(layout.home('A'))).toEqual([...trees]);
  });

  it('sees what is not its own as foreign', async () => {
    await mkdir(layout.link('A'));
    expect(await links().active('A')).toBe('foreign');
    await rm(layout.link('A'), { recursive: true });
    for (const target of ['/etc', '../..', linkTarget('B', trees[0]), '.versions/A/..', '.versions/A/']) {
      await symlink(target, layout.link('A'));
      expect({ target, is: await links().active('A') }).toEqual({ target, is: 'foreign' });
      await rm(layout.link('A'));
    }
  });

  it('is old or new after a stop at any step and recovery', async () => {
    await links().activate('A', trees[0]);
    const seen = new Set<string>();
    for (let stop = 1; ; stop += 1) {
      const stopped = new Error('stopped');
      const onStep: OnStep = ({ number }) => {
        if (number >= stop) throw stopped;
      };
      const ended = await links(steppedDisk(nodeDisk(system), onStep))
        .activate('A', trees[1])
        .catch((error: unknown) => error);
      await links().recover('A');
      const version = await active();
      expect(trees).toContain(version);
      seen.add(version);
      expect((await readdir(layout.home('A'))).sort()).toEqual([...trees]);
      if (ended !== stopped) break;
      await links().activate('A', trees[0]);
    }
    expect([...seen]).toEqual([...trees]);
  });
});

describe.each(['linux', 'win32'] as const)('a switch on %s that fails at one step', (system) => {
  const links = (disk: Disk = nodeDisk(system)) => linkSwitch(disk, layout, system);

  it('leaves the old one active when it throws, without a trace', async () => {
    await links().activate('A', trees[0]);
    for (let fault = 1; ; fault += 1) {
      let steps = 0;
      const onStep: OnStep = ({ number }) => {
        steps = number;
        if (number === fault) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'x' });
      };
      const failed = await links(steppedDisk(nodeDisk(system), onStep))
        .activate('A', trees[1])
        .then(
          () => false,
          () => true,
        );
      expect(await active()).toBe(failed ? trees[0] : trees[1]);
      if (failed) expect(await readdir(layout.home('A'))).toEqual([...trees]);
      await links().recover('A');
      expect(await active()).toBe(failed ? trees[0] : trees[1]);
      if (steps < fault) return;
      await links().activate('A', trees[0]);
    }
  });

  it('costs nothing where even the way back fails: recovery goes on', async () => {
    if (system === 'linux') return;
    await links().activate('A', trees[0]);
    const onStep: OnStep = ({ action, path }) => {
      if (action === 'symlink' && path === layout.link('A')) throw new Error('EIO');
    };
    const broken = links(steppedDisk(nodeDisk(system), onStep));
    await expect(broken.activate('A', trees[1])).rejects.toThrow('EIO');
    expect(await links().active('A')).toBeUndefined();
    await removeUnused({ disk: nodeDisk(system), layout, links: links() }, 'A');
    await links().recover('A');
    expect(await active()).toBe(trees[1]);
  });

  it('brings nothing back that was taken away since', async () => {
    await links().activate('A', trees[0]);
    if (system === 'win32') await writeFile(layout.journal('A'), JSON.stringify({ tree: trees[0] }));
    await links().deactivate('A');
    await links().recover('A');
    expect(await links().active('A')).toBeUndefined();
  });
});

describe('the switch of Windows', () => {
  const links = () => linkSwitch(nodeDisk('win32'), layout, 'win32');

  it('makes junctions with absolute targets', async () => {
    await links().activate('A', trees[0]);
    expect(await readlink(layout.link('A'))).toBe(layout.tree('A', trees[0]));
  });

  it.each([
    ['not JSON', '{'],
    ['of another shape', '{"tree":5}'],
    ['with a way out', '{"tree":"../../etc"}'],
    ['of a tree that is gone', '{"tree":"3.0.0-2222222222222222"}'],
  ])('forgets a journal that is %s', async (_name, content) => {
    await links().activate('A', trees[0]);
    await writeFile(layout.journal('A'), content);
    await links().recover('A');
    expect(await active()).toBe(trees[0]);
    expect(await readdir(layout.home('A'))).not.toContain('switch.journal.json');
  });
});
