import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileSource, openFileSource } from './file-source.js';
import { openArchive } from './open-archive.js';
import { rawZip } from './raw-zip-fixtures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-file-source-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('openFileSource', () => {
  it.each([
    ['a missing file', 'missing.jpl', 'FILE_NOT_FOUND'],
    ['a file below a file', 'file/below.jpl', 'FILE_NOT_FOUND'],
    ['a folder', '.', 'NOT_A_FILE'],
    ['an empty file', 'empty.jpl', 'EMPTY_FILE'],
  ])('refuses %s, naming it', async (_, name, code) => {
    await writeFile(join(folder, 'empty.jpl'), '');
    await writeFile(join(folder, 'file'), 'x');
    const path = join(folder, name);
    await expect(openFileSource(path)).rejects.toMatchObject({ name: 'JplError', code });
    await expect(openFileSource(path)).rejects.toThrow(path);
  });

  it.skipIf(process.platform === 'win32')('refuses a named pipe without waiting for a writer', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(openFileSource(path)).rejects.toMatchObject({ code: 'NOT_A_FILE' });
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'refuses a file it may not read',
    async () => {
      const path = join(folder, 'secret.jpl');
      await writeFile(path, 'x');
      await chmod(path, 0);
      await expect(openFileSource(path)).rejects.toMatchObject({ code: 'FILE_NOT_READABLE' });
    },
  );

  it('reads what was opened, even after the path holds another file', async () => {
    const path = join(folder, 'a.jpl');
    await writeFile(path, rawZip([{ name: 'a', content: 'before' }]));
    await using source = await openFileSource(path);
    await rm(path);
    await writeFile(path, rawZip([{ name: 'a', content: 'after!' }]));
    const archive = await openArchive(source);
    const entry = archive.get('a');
    expect(entry && (await archive.read(entry)).toString()).toBe('before');
  });

  it('says so when the file shrinks or a range is not there', async () => {
    const path = join(folder, 'shrinking');
    await writeFile(path, Buffer.alloc(1000));
    await using source = await openFileSource(path);
    for (const [position, length] of [
      [990, 11],
      [-1, 2],
      [0, -1],
      [0.5, 1],
      [Number.MAX_SAFE_INTEGER, 1],
    ] as const) {
      await expect(source.read(position, length)).rejects.toMatchObject({ code: 'READ_FAILED' });
    }
    await truncate(path, 10);
    await expect(source.read(0, 20)).rejects.toMatchObject({ code: 'READ_FAILED', offset: 10 });
  });

  it('leaves a refused handle to its owner and closes an accepted one', async () => {
    const directory = await open(folder);
    await expect(fileSource(directory)).rejects.toMatchObject({ code: 'NOT_A_FILE' });
    await directory.close();
    const handle = await open(join(folder, 'file'));
    {
      await using source = await fileSource(handle);
      expect(source.size).toBe(1);
    }
    expect(handle.fd).toBe(-1);
  });
});
