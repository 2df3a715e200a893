import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jpl } from '../cli-fixtures.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-upkeep-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...args: string[]) => jpl({ cwd: folder }, ...args);

it('says that there is no store, and makes none', async () => {
  for (const args of [['check'], ['backup', 'backup'], ['migrate', '--to', 'other']]) {
    const { code, err } = await run('store', ...args, '--data-dir', 'nowhere');
    expect(err).toContain('DATA_FOLDER_UNUSABLE');
    expect(code).toBe(args[0] === 'check' ? 2 : 1);
  }
  expect((await run('store', 'restore', 'nowhere', '--data-dir', 'restored')).err).toContain(
    'BACKUP_MALFORMED',
  );
});
