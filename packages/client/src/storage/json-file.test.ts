import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { rejection, temporaryFolder } from '../network/test-server-fixtures.js';
import { jsonFile } from './json-file.js';

const Numbers = Type.Object({ numbers: Type.Array(Type.Integer()) });

function open(folder: string, invalid: 'refuse' | 'forget' = 'refuse') {
  const path = join(folder, 'deep', 'numbers.json');
  return jsonFile({ path, schema: Numbers, empty: { numbers: [] }, maxBytes: 10_000, invalid });
}

test('what is changed is there for the next, and nothing else is left', async () => {
  await using folder = await temporaryFolder();
  const file = open(folder.path);
  expect(await file.read()).toEqual({ numbers: [] });
  await file.change(({ numbers }) => ({ numbers: [...numbers, 1] }));
  expect(await open(folder.path).read()).toEqual({ numbers: [1] });
  expect(await readdir(join(folder.path, 'deep'))).toEqual(['numbers.json']);
});

test('many changes at once are all kept', async () => {
  await using folder = await temporaryFolder();
  const files = Array.from({ length: 20 }, () => open(folder.path));
  await Promise.all(
    files.map((file, index) => file.change(({ numbers }) => ({ numbers: [...numbers, index] }))),
  );
  const { numbers } = await open(folder.path).read();
  expect([...numbers].sort((a, b) => a - b)).toEqual(files.map((_, index) => index));
});

test('a lock whose process is gone is taken over; one that is held is waited for, and then given up', async () => {
  await using folder = await temporaryFolder();
  const file = open(folder.path);
  const lock = `${file.path}.lock`;
  await mkdir(join(folder.path, 'deep'));
  const child = fork(join(folder.path, 'nothing.mjs'), { stdio: 'ignore' });
  await once(child, 'exit');
  await writeFile(lock, `${child.pid} 1`);
  await file.change(() => ({ numbers: [1] }));
  await writeFile(lock, `${process.ppid} 1`);
  expect(await rejection(file.change(() => ({ numbers: [2] })))).toMatchObject({ code: 'CLIENT_FILE_BUSY' });
  const old = new Date(Date.now() - 60_000);
  await utimes(lock, old, old);
  await file.change(() => ({ numbers: [3] }));
  expect(await file.read()).toEqual({ numbers: [3] });
});

test('an edit that fails changes nothing, and holds nobody up', async () => {
  await using folder = await temporaryFolder();
  const file = open(folder.path);
  await file.change(() => ({ numbers: [1] }));
  const refusal = new Error('no');
  expect(
    await rejection(
      file.change(() => {
        throw refusal;
      }),
    ),
  ).toMatchObject({ code: 'CLIENT_FILE_NOT_WRITABLE', cause: refusal });
  await file.change(({ numbers }) => ({ numbers: [...numbers, 2] }));
  expect(await file.read()).toEqual({ numbers: [1, 2] });
});

test.each(['', '{', '{"numbers":["x"]}', `{"numbers":[${'1,'.repeat(9_000)}1]}`])(
  'a file that is none is refused, or as none, as its owner wants it',
  async (text) => {
    await using folder = await temporaryFolder();
    const file = open(folder.path);
    await mkdir(join(folder.path, 'deep'));
    await writeFile(file.path, text);
    expect(await rejection(file.read())).toMatchObject({ code: 'CLIENT_FILE_INVALID', at: file.path });
    expect(await open(folder.path, 'forget').read()).toEqual({ numbers: [] });
    expect(await readFile(file.path, 'utf8')).toBe(text);
  },
);

test('a folder in the place of the file, and a file in the place of the folder', async () => {
  await using folder = await temporaryFolder();
  const file = open(folder.path);
  await mkdir(file.path, { recursive: true });
  expect(await rejection(file.read())).toMatchObject({ code: 'CLIENT_FILE_NOT_READABLE' });
  await using other = await temporaryFolder();
  await writeFile(join(other.path, 'deep'), '');
  expect(await rejection(open(other.path).change(() => ({ numbers: [] })))).toMatchObject({
    code: 'CLIENT_FILE_NOT_WRITABLE',
  });
});
