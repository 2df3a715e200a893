import { readFile } from 'node:fs/promises';
import { applicationErrorTable, localErrorTable, pageErrorTable } from '@jami-plugin-store/contract';
import { expect, test } from 'vitest';

const read = (name: string): Promise<string> =>
  readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

test('the page’s document has every code of the host, with its status and title', async () => {
  const rows = Object.entries(pageErrorTable).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  );
  const document = await read('page.md');
  expect(rows.filter((row) => !document.includes(row))).toEqual([]);
});

test('the client’s document has every code that is not the network’s', async () => {
  const document = await read('client.md');
  expect(
    Object.keys({ ...localErrorTable, ...applicationErrorTable }).filter(
      (code) => !document.includes(`\`${code}\``),
    ),
  ).toEqual([]);
});
