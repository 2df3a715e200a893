import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './cli-fixtures.js';
import type { Io } from './io.js';
import { defaultCacheDir, defaultDataDir, parseInstant, parsePort, readInput } from './options.js';

const ioIn = (cwd: string, env: Record<string, string> = {}): Io => ({
  stdout: () => undefined,
  stderr: () => undefined,
  interactive: false,
  env,
  cwd,
  clock: () => new Date(0),
  signal: new AbortController().signal,
});

describe('parseInstant', () => {
  it.each([
    ['2026-11-22T00:00:00Z', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22t00:00:00z', '2026-11-22T00:00:00.000Z'],
    ['2026-11-22T01:30:00+01:30', '2026-11-22T00:00:00.000Z'],
    ['2028-02-29T23:59:59.5-00:30', '2028-03-01T00:29:59.500Z'],
  ])('reads %s', (text, instant) => {
    expect(parseInstant(text).toISOString()).toBe(instant);
  });

  it.each([
    'now',
    '',
    '2026-11-22',
    '2026-11-22T00:00:00',
    '2026-11-22 00:00:00Z',
    '2026-11-22T00:00Z',
    '2026-02-30T00:00:00Z',
    '2027-02-29T00:00:00Z',
    '2026-11-22T24:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-22T00:00:00+25:00',
    ' 2026-11-22T00:00:00Z',
    '2026-11-22T00:00:00Z\n',
    '1795305600',
  ])('refuses %j', (text) => {
    expect(() => parseInstant(text)).toThrow('an instant as in');
  });
});

describe('parsePort', () => {
  it('takes the whole range', () => {
    expect([parsePort('0'), parsePort('65535')]).toEqual([0, 65_535]);
  });

  it.each(['65536', '-1', '1.5', '0x10', '', ' 80', '8080 ', '٣', '1e3'])('refuses %j', (text) => {
    expect(() => parsePort(text)).toThrow('a port from 0 to 65535');
  });
});

describe('readInput', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let io: Io;

  beforeAll(async () => {
    folder = await temporaryFolder();
    io = ioIn(folder.path);
    await writeFile(join(folder.path, 'small'), 'abc');
    await writeFile(join(folder.path, 'large'), '');
    await truncate(join(folder.path, 'large'), 1024 * 1024 + 1);
    await writeFile(join(folder.path, 'full'), Buffer.alloc(1024 * 1024, 7));
    await mkdir(join(folder.path, 'folder'));
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  it('reads a file relative to the working folder', async () => {
    expect((await readInput(io, 'small')).toString()).toBe('abc');
    expect((await readInput(io, 'full')).length).toBe(1024 * 1024);
  });

  it.each([
    ['missing', 'FILE_NOT_FOUND'],
    ['folder', 'NOT_A_FILE'],
    ['large', 'FILE_TOO_LARGE'],
    ['small/below', 'FILE_NOT_READABLE'],
    ['nul\0byte', 'FILE_NOT_READABLE'],
  ])('refuses %j: %s', async (path, code) => {
    await expect(readInput(io, path)).rejects.toMatchObject({ name: 'UsageError', code });
  });

  it.skipIf(process.platform === 'win32')('never reads a file without an end into memory', async () => {
    await expect(readInput(io, '/dev/zero')).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });
});

describe.skipIf(process.platform !== 'linux')('the folders of a user', () => {
  it('follow the XDG base directories', () => {
    const io = ioIn('/', { HOME: '/home/a', XDG_DATA_HOME: '/data', XDG_CACHE_HOME: '/cache' });
    expect([defaultDataDir(io), defaultCacheDir(io)]).toEqual(['/data/jami', '/cache/jpl']);
  });

  it('ignore a relative one, as the specification says', () => {
    const io = ioIn('/', { HOME: '/home/a', XDG_DATA_HOME: 'data', XDG_CACHE_HOME: '' });
    expect([defaultDataDir(io), defaultCacheDir(io)]).toEqual([
      '/home/a/.local/share/jami',
      '/home/a/.cache/jpl',
    ]);
  });
});
