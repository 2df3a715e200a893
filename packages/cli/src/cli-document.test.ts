import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { jpl } from './cli-fixtures.js';

const page = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url));
const groups = ['ca', 'store'];
/** Told once for every command, or by the words "trust options". */
const everywhere = ['--help', '--version', '--json', '--data-dir'];
const trustOptions = '--trust-anchor --revocation --at';

/** Names and `--options` in the help of a command. */
async function helpOf(...path: string[]): Promise<{ commands: string[]; options: string[] }> {
  const { code, out } = await jpl({ cwd: tmpdir() }, ...path, '--help');
  expect(code).toBe(0);
  const [, commands = ''] = out.split('Commands:\n');
  const names = [...commands.matchAll(/^ {2}([a-z]+)\b/gm)].map(([, name = '']) => name);
  return {
    commands: names.filter((name) => name !== 'help'),
    options: [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-0-9]+)/gm)].map(([, name = '']) => name),
  };
}

it('docs/cli.md has a row for every command, with every option', async () => {
  const lines = (await readFile(page, 'utf8')).split('\n');
  const { commands } = await helpOf();
  const inGroups = await Promise.all(
    groups.map(async (group) => (await helpOf(group)).commands.map((name) => [group, name])),
  );
  const all = [
    ...commands.filter((name) => !groups.includes(name)).map((name) => [name]),
    ...inGroups.flat(),
  ];
  expect(all.length).toBeGreaterThan(19);
  const missing: string[] = [];
  for (const path of all) {
    const name = `jpl ${path.join(' ')}`;
    const row = lines.find(
      (line) => line.startsWith('| ') && new RegExp(`\`${name}(?![a-z])`).test(line.split(' | ')[0] ?? ''),
    );
    if (row === undefined) missing.push(name);
    const told = `${row} ${row?.includes('trust options') === true ? trustOptions : ''}`;
    for (const option of (await helpOf(...path)).options) {
      const isTold = new RegExp(`${option === '--output' ? '-o' : option}(?![a-z-])`).test(told);
      if (!everywhere.includes(option) && !isTold) missing.push(`${name} ${option}`);
    }
  }
  expect(missing).toEqual([]);
});
