import { lstat, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDaemon, type Daemon, errorOutcome } from '@jami-plugin-store/daemon';
import { openArchive, openFileSource } from '@jami-plugin-store/jpl';
import { notOffered, parseTrustAnchors } from '@jami-plugin-store/trust';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conformanceFolder, skipMessage } from './conformance/shared.js';

const folder = conformanceFolder();
const upstream = join(folder ?? '', 'upstream-jpl');
const at = new Date('2026-11-22T00:00:00Z');

describe.skipIf(folder === undefined)(
  `the daemon on Jami's own test packages${folder === undefined ? ` (${skipMessage})` : ''}`,
  () => {
    let dataDir: string;
    let daemon: Daemon;

    beforeEach(async () => {
      dataDir = await realpath(await mkdtemp(join(tmpdir(), 'jpl-upstream-')));
      daemon = await createDaemon({
        dataDir,
        anchors: parseTrustAnchors(await certificateOf('TestSuite.jpl')),
        revocation: 'when-named',
        ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
        clock: () => at,
        platform: 'x86_64-linux-gnu',
        language: 'en',
      });
    });
    afterEach(async () => {
      await daemon[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
    });

    it('installs TestSuite.jpl, its library flattened, its texts in two languages', async () => {
      const outcome = await daemon.install({ path: join(upstream, 'TestSuite.jpl') });
      const root = join(dataDir, 'plugins', 'TestSuite');
      expect(outcome).toMatchObject({ id: 'TestSuite', path: root, from: null });
      expect((await lstat(join(root, 'libTestSuite.so'))).isFile()).toBe(true);
      expect(await readdir(root)).toContain('manifest.json');
      expect(await readdir(root)).not.toContain('lib');

      const english = await daemon.details('TestSuite', 'en');
      const french = await daemon.details('TestSuite', 'fr-CA, fr;q=0.8');
      expect(english).toMatchObject({
        author: 'Jami',
        soPath: join(root, 'libTestSuite.so'),
        language: 'en',
      });
      expect(french.language).toBe('fr');
      expect(english.description).not.toBe('');
      expect(french.description).not.toBe(english.description);
      expect(`${english.name}${english.description}${french.name}${french.description}`).not.toContain('{{');
      expect((await readFile(english.iconPath)).length).toBeGreaterThan(0);
    });

    it('answers a second install with 100, and replaces it by force', async () => {
      const path = join(upstream, 'TestSuite.jpl');
      await daemon.install({ path });
      const refusal = await daemon.install({ path }).catch(errorOutcome);
      expect(refusal).toMatchObject({ code: 'SAME_VERSION', resultCode: 100 });
      expect(await daemon.install({ path, force: true })).toMatchObject({ from: '1.0.1' });
      expect(await readdir(join(dataDir, 'plugins', '.staging'))).toEqual([]);
    });

    it('loads its real library, which hands over its media and chat handlers', async () => {
      await daemon.install({ path: join(upstream, 'TestSuite.jpl') });
      const { load } = await daemon.load('TestSuite');
      expect(load).toMatchObject({ state: 'loaded', remembered: true });
      expect(load.components.map(({ manager }) => manager)).toEqual([
        'CallMediaHandlerManager',
        'CallMediaHandlerManager',
        'ChatHandlerManager',
      ]);
      expect(load.refusedServices).toContain('getPluginDataPath');
      expect(await daemon.unload('TestSuite')).toMatchObject({ load: { state: 'unloaded' } });
    });

    it('tells its preferences in two languages, sets and resets them', async () => {
      await daemon.install({ path: join(upstream, 'TestSuite.jpl') });
      const account = '0123456789abcdef';
      const [english, french] = [
        await daemon.preferences('TestSuite', account, 'en'),
        await daemon.preferences('TestSuite', account, 'fr'),
      ];
      expect(english.preferences.map(({ scope, key }) => [scope, key])).toEqual([
        ['global', 'textGlobalPreference'],
        ['account', 'textAccountPreference'],
      ]);
      expect(english.preferences[0]?.fields.title).not.toBe(french.preferences[0]?.fields.title);
      const set = await daemon.setPreference('TestSuite', account, 'textGlobalPreference', 'for all');
      expect(set.values.textGlobalPreference).toBe('for all');
      expect((await daemon.preferences('TestSuite')).values.textGlobalPreference).toBe('for all');
      const reset = await daemon.resetPreferences('TestSuite');
      expect(reset.values.textGlobalPreference).toBe(english.values.textGlobalPreference);
    });

    it('refuses the other five with 400 and leaves nothing', async () => {
      const names = (await readdir(upstream)).filter(
        (name) => name.endsWith('.jpl') && name !== 'TestSuite.jpl',
      );
      expect(names).toHaveLength(5);
      for (const name of names) {
        const refusal = await daemon.install({ path: join(upstream, name) }).catch(errorOutcome);
        expect({ name, ...refusal }).toMatchObject({ name, resultCode: 400 });
      }
      expect(await daemon.list()).toEqual([]);
      expect((await readdir(join(dataDir, 'plugins'))).sort()).toEqual(['.staging', '.versions']);
      expect(await readdir(join(dataDir, 'plugins', '.versions'))).toEqual([]);
    });
  },
);

async function certificateOf(name: string): Promise<Buffer> {
  await using file = await openFileSource(join(upstream, name));
  const archive = await openArchive(file);
  const entry = archive.entries.find((candidate) => candidate.name.endsWith('.crt'));
  if (entry === undefined) throw new Error(`${name} has no certificate`);
  return archive.read(entry);
}
