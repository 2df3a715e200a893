import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { jpl } from './cli-fixtures.js';

const page = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url));
/** Told once for every command. */
const everywhere = ['--help', '--version', '--json', '--data-dir'];
/** Told once for many, by these words. */
const together: Readonly<Record<string, string>> = {
  'store options': '--store --token-file',
  'trust options': '--trust-anchor --revocation --at',
  'authority options': '--authority --credential',
  'authority or store options': '--authority --credential --store --token-file',
};

/** Names and `--options` in the help of a command. */
async function helpOf(...path: string[]): Promise<{ commands: string[]; options: string[] }> {
  const { code, out } = await jpl({ cwd: tmpdir() }, ...path, '--help');
  expect(code).toBe(0);
  const [, commands = ''] = out.split('Commands:\n');
  const names = [...commands.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name);
  return {
    commands: names.filter((name) => name !== 'help'),
    options: [...out.matchAll(/^ {2}(?:-\w, )?(--[a-z-0-9]+)/gm)].map(([, name = '']) => name),
  };
}

/** Every command as one types it; a group stands for the commands in it. */
async function commandsIn(...path: string[]): Promise<string[][]> {
  const { commands } = await helpOf(...path);
  if (commands.length === 0) return [path];
  const below = await Promise.all(commands.map((name) => commandsIn(...path, name)));
  return below.flat();
}

it('docs/cli.md has a row for every command, with every option', async () => {
  const lines = (await readFile(page, 'utf8')).split('\n');
  const all = await commandsIn();
  expect(all.length).toBeGreaterThan(19);
  const missing: string[] = [];
  for (const path of all) {
    const name = `jpl ${path.join(' ')}`;
    const row = lines.find(
      (line) => line.startsWith('| ') && new RegExp(`\`${name}(?![a-z])`).test(line.split(' | ')[0] ?? ''),
    );
    if (row === undefined) missing.push(name);
    const words = Object.keys(together).filter((name) => row?.includes(name));
    const told = [row, ...words.map((name) => together[name])].join(' ');
    for (const option of (await helpOf(...path)).options) {
      const isTold = new RegExp(`${option === '--output' ? '-o' : option}(?![a-z-])`).test(told);
      if (!everywhere.includes(option) && !isTold) missing.push(`${name} ${option}`);
    }
  }
  expect(missing).toEqual([]);
});

it('docs/authority.md names every command of an authority', async () => {
  const text = await readFile(fileURLToPath(new URL('../../../docs/authority.md', import.meta.url)), 'utf8');
  const names = (await commandsIn('ca')).map((path) => `jpl ${path.join(' ')}`);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
