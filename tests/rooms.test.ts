import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const checkout = process.cwd();
const run = promisify(execFile);

/** Files of a small tree of the same shape as this repository, and the rule that each one breaks; undefined where it is lawful. */
const files: readonly [what: string, file: string, text: string, rule: string | undefined][] = [
  ['a lawful import', 'trust/src/lawful.ts', "export * from '../../jpl/src/index.js';\n", undefined],
  [
    'a room it may not import',
    'trust/src/other-room.ts',
    "export * from '../../daemon/src/index.js';\n",
    'trust-directions',
  ],
  [
    'past the public face',
    'trust/src/past-the-face.ts',
    "export * from '../../jpl/src/archive/inside.js';\n",
    'public-face-only',
  ],
  [
    'the disk in the judge',
    'trust/src/disk.ts',
    "export { readFile } from 'node:fs/promises';\n",
    'judge-does-no-io',
  ],
  [
    'the network in the judge',
    'trust/src/network.ts',
    "export { request } from 'https';\n",
    'judge-does-no-io',
  ],
  [
    'a Node built-in in the contract',
    'contract/src/built-in.ts',
    "export { createHash } from 'node:crypto';\n",
    'contract-runs-in-a-browser',
  ],
  [
    'a Node built-in in the page',
    'web/src/built-in.ts',
    "export { readFile } from 'node:fs/promises';\n",
    'page-runs-in-a-browser',
  ],
  [
    'another room than the contract in the page',
    'web/src/other-room.ts',
    "export * from '../../jpl/src/index.js';\n",
    'web-directions',
  ],
  [
    'something that is not there',
    'trust/src/missing.ts',
    "export * from './nothing.js';\n",
    'not-unresolvable',
  ],
  ['a cycle', 'trust/src/one.ts', "import './two.js';\nexport const one = 1;\n", 'no-cycles'],
];

/** The rules that each file breaks, of the direction check over all of them at once: most of its time is its start. */
let broken: ReadonlyMap<string, readonly string[]>;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-rooms-'));
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.base.json'])
    await cp(join(checkout, file), join(folder, file));
  await symlink(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  await write('jpl/src/index.ts', 'export const name = "jpl";\n');
  await write('jpl/src/archive/inside.ts', 'export const inside = 1;\n');
  await write('daemon/src/index.ts', 'export const name = "daemon";\n');
  await write('trust/src/two.ts', "import './one.js';\nexport const two = 2;\n");
  for (const [, file, text] of files) await write(file, text);
  broken = await brokenRules();
});
afterAll(() => rm(folder, { recursive: true }));

async function write(file: string, text: string): Promise<void> {
  const path = join(folder, 'packages', file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

async function brokenRules(): Promise<ReadonlyMap<string, readonly string[]>> {
  const cli = join(checkout, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
  const args = [cli, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'packages'];
  const { stdout } = await run(process.execPath, args, { cwd: folder, maxBuffer: 1 << 24 });
  const { summary } = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  const rules = new Map<string, string[]>();
  for (const { from, rule } of summary.violations)
    rules.set(from, [...new Set([...(rules.get(from) ?? []), rule.name])]);
  return rules;
}

describe('import directions', () => {
  it.each(files)('are asked of %s', (_what, file, _text, rule) => {
    expect(broken.get(`packages/${file}`) ?? []).toEqual(rule === undefined ? [] : [rule]);
  });

  it('are an error, not a remark', async () => {
    const cli = join(checkout, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
    const args = [cli, '--config', '.dependency-cruiser.cjs', 'packages/trust/src/disk.ts'];
    await expect(run(process.execPath, args, { cwd: folder })).rejects.toMatchObject({ code: 1 });
  });
});
