import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const checkout = process.cwd();
const run = promisify(execFile);

/** The direction check over a small tree of the same shape as this repository. */
async function checkDirections(folder: string): Promise<string> {
  const cli = join(checkout, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  try {
    const args = [cli, '--config', '.dependency-cruiser.cjs', '--output-type', 'err', 'packages'];
    return (await run(process.execPath, args, { cwd: folder })).stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-rooms-'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json'])
    await cp(join(checkout, file), join(folder, file));
  await symlink(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  await write('packages/jpl/src/index.ts', 'export const name = "jpl";\n');
  await write('packages/jpl/src/archive/inside.ts', 'export const inside = 1;\n');
  await write('packages/daemon/src/index.ts', 'export const name = "daemon";\n');
});

afterEach(() => rm(folder, { recursive: true }));

async function write(file: string, text: string): Promise<void> {
  await mkdir(join(folder, dirname(file)), { recursive: true });
  await writeFile(join(folder, file), text);
}

describe('import directions', () => {
  it('pass a lawful import', async () => {
    await write('packages/trust/src/index.ts', "export * from '../../jpl/src/index.js';\n");
    expect(await checkDirections(folder)).toContain('no dependency violations found');
  });

  it.each([
    ['a room it may not import', 'trust', "export * from '../../daemon/src/index.js';\n", 'trust-directions'],
    [
      'past the public face',
      'trust',
      "export * from '../../jpl/src/archive/inside.js';\n",
      'public-face-only',
    ],
    ['the disk in the judge', 'trust', "export { readFile } from 'node:fs/promises';\n", 'judge-does-no-io'],
    ['the network in the judge', 'trust', "export { request } from 'https';\n", 'judge-does-no-io'],
    [
      'a Node built-in in the contract',
      'contract',
      "export { createHash } from 'node:crypto';\n",
      'contract-runs-in-a-browser',
    ],
    [
      'a Node built-in in the page',
      'web',
      "export { readFile } from 'node:fs/promises';\n",
      'page-runs-in-a-browser',
    ],
    [
      'another room than the contract in the page',
      'web',
      "export * from '../../jpl/src/index.js';\n",
      'web-directions',
    ],
    ['something that is not there', 'trust', "export * from './nothing.js';\n", 'not-unresolvable'],
  ])('refuse %s', async (_what, room, source, rule) => {
    await write(`packages/${room}/src/index.ts`, source);
    expect(await checkDirections(folder)).toContain(rule);
  });

  it('refuse a cycle', async () => {
    await write('packages/trust/src/index.ts', "import './other.js';\nexport const one = 1;\n");
    await write('packages/trust/src/other.ts', "import './index.js';\nexport const two = 2;\n");
    expect(await checkDirections(folder)).toContain('no-cycles');
  });
});
