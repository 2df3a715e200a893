import { appendFile, cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DaemonEvent } from '@jami-plugin-store/contract';
import { type AskRevocation, notOffered, TrustError } from '@jami-plugin-store/trust';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Daemon, DaemonOptions } from '../daemon.js';
import {
  type Authority,
  DaemonFixtures,
  fixtureInstant,
  startDaemon,
  writePackage,
} from '../daemon-fixtures.js';
import { nodeDisk } from '../disk/disk.js';
import { steppedDisk } from '../faults/stepped-disk.js';
import { layoutOf } from '../installed/layout.js';

const dayMs = 86_400_000;
let fixtures: DaemonFixtures;
let authority: Authority;
let packages: string[];
let installed: string;

beforeAll(async () => {
  fixtures = await DaemonFixtures.create();
  authority = await fixtures.authority();
  const signer = await (await authority.organization('Hello Ltd'))();
  packages = [];
  for (const version of ['1.0.0', '2.0.0']) packages.push(await writePackage(fixtures, signer, { version }));
  installed = fixtures.path('installed');
  await using daemon = await startDaemon(fixtures, [authority.anchor], { dataDir: installed });
  await daemon.install({ path: packages[0] ?? '' });
});
afterAll(() => fixtures[Symbol.asyncDispose]());

/** What the responder says of each certificate, by common name; and what time it is. */
class World {
  now = fixtureInstant;
  readonly answers = new Map<string, TrustError>();
  readonly asked: string[] = [];
  readonly events: DaemonEvent[] = [];
  dataDir = '';

  readonly ask: AskRevocation = async (questions) =>
    questions.map(({ certificate }) => {
      const name = certificate.subject.text;
      this.asked.push(name);
      const refusal = this.answers.get(name);
      if (refusal !== undefined) throw refusal;
      return notOffered(certificate);
    });

  async start(options: Partial<DaemonOptions> = {}): Promise<Daemon> {
    if (this.dataDir === '') {
      this.dataDir = fixtures.path('data');
      await cp(installed, this.dataDir, { recursive: true, verbatimSymlinks: true });
    }
    const daemon = await startDaemon(fixtures, [authority.anchor], {
      dataDir: this.dataDir,
      ask: this.ask,
      clock: () => this.now,
      ...options,
    });
    daemon.events.subscribe((event) => this.events.push(event));
    return daemon;
  }

  get told(): string[] {
    return this.events.map(({ type }) => type).splice(0);
  }

  async tree(): Promise<string> {
    const home = layoutOf(this.dataDir).home('Greeter');
    return join(home, (await readdir(home)).find((name) => /-[0-9a-f]{16}$/.test(name)) ?? '');
  }
}

const leaf = 'CN=Hello Ltd plugin';
const organization = 'CN=Hello Ltd';
const revoked = new TrustError('CERTIFICATE_REVOKED', 'It was revoked (keyCompromise).');
const unknown = new TrustError('CERTIFICATE_STATUS_UNKNOWN', 'It is not known.');
const down = new TrustError('OCSP_UNREACHABLE', 'The responder is down.');
const state = async (daemon: Daemon) => (await daemon.list())[0]?.state;

describe('an installed plugin', () => {
  it('stands, is asked about below the anchor, and says when it was looked at', async () => {
    const world = new World();
    await using daemon = await world.start();
    await daemon.assertStillTrusted('Greeter');
    expect(world.asked).toEqual([leaf, organization]);
    expect(await daemon.check('Greeter')).toEqual({
      id: 'Greeter',
      version: '1.0.0',
      state: 'installed',
      checkedAt: fixtureInstant.toISOString(),
    });
    expect(await daemon.details('Greeter')).toMatchObject({ checkedAt: fixtureInstant.toISOString() });
    expect(world.told).toEqual([]);
  });

  it.each<[string, string, string, (tree: string) => Promise<unknown>]>([
    ['changed', 'libGreeter.so', 'changed', (tree) => appendFile(join(tree, 'libGreeter.so'), 'x')],
    ['missing', 'data/version.txt', 'missing', (tree) => rm(join(tree, 'data/version.txt'))],
    ['added', 'data/more.txt', 'extra', (tree) => writeFile(join(tree, 'data/more.txt'), '')],
    ['unreadable', 'manifest.json', 'changed', (tree) => writeFile(join(tree, 'manifest.json'), '{')],
  ])(
    'is disabled when a file is %s, never deleted, and healed by its own package',
    async (_what, entry, fault, spoil) => {
      const world = new World();
      await using daemon = await world.start();
      await spoil(await world.tree());
      const message = `Greeter 1.0.0 is not as it was signed: ${entry} is ${fault}.`;
      await expect(daemon.assertStillTrusted('Greeter')).rejects.toMatchObject({
        name: 'DaemonError',
        code: 'FILES_CHANGED',
        entry,
        message,
      });
      const since = fixtureInstant.toISOString();
      const disabled = { code: 'FILES_CHANGED', message, since, entry, offers: ['reinstall', 'uninstall'] };
      expect(await daemon.list()).toMatchObject([
        { id: 'Greeter', state: 'disabled', reason: message, disabled },
      ]);
      await daemon.check('Greeter');
      expect(world.events).toMatchObject([
        { type: 'disabled', plugin: 'Greeter', version: '1.0.0', disabled },
      ]);
      expect(await readdir(await world.tree())).not.toHaveLength(0);

      await daemon.install({ path: packages[0] ?? '' });
      await daemon.assertStillTrusted('Greeter');
      expect(await daemon.list()).toMatchObject([{ id: 'Greeter', state: 'installed', version: '1.0.0' }]);
      const { entries } = daemon.activity(undefined, 10);
      expect(entries.map(({ action, by, code }) => [action, by, code])).toEqual([
        ['install', 'request', null],
        ['disable', 'load', 'FILES_CHANGED'],
        ['update', 'request', null],
      ]);
    },
  );

  it('is healed by the files put back', async () => {
    const world = new World();
    await using daemon = await world.start();
    const extra = join(await world.tree(), 'extra');
    await writeFile(extra, '');
    expect(await daemon.check('Greeter')).toMatchObject({ state: 'disabled' });
    await rm(extra);
    expect(await daemon.check('Greeter')).toMatchObject({ state: 'installed' });
    expect(world.told).toEqual(['disabled', 'healed']);
  });

  it('cannot be loaded where it is not there, not ours, or without a record', async () => {
    const world = new World();
    await using daemon = await world.start();
    await expect(daemon.assertStillTrusted('Nobody')).rejects.toMatchObject({ code: 'PLUGIN_NOT_INSTALLED' });
    await expect(daemon.assertStillTrusted('../x')).rejects.toMatchObject({ code: 'PLUGIN_ID_INVALID' });
    const foreign = layoutOf(world.dataDir).link('Foreign');
    await cp(await world.tree(), foreign, { recursive: true });
    await expect(daemon.assertStillTrusted('Foreign')).rejects.toMatchObject({ code: 'UNMANAGED_FOLDER' });
    await rm(`${await world.tree()}.record.json`);
    await expect(daemon.assertStillTrusted('Greeter')).rejects.toMatchObject({ code: 'RECORD_DAMAGED' });
  });
});

describe('revocation since the install', () => {
  it.each([
    ['its certificate', leaf, revoked],
    ['its organization', organization, revoked],
    ['a certificate its responder does not know', leaf, unknown],
  ])(
    'of %s disables it; that nothing is offered any more does not take it back',
    async (_what, certificate, refusal) => {
      const world = new World();
      await using daemon = await world.start();
      world.answers.set(certificate, refusal);
      await expect(daemon.assertStillTrusted('Greeter')).rejects.toMatchObject({
        name: 'TrustError',
        code: refusal.code,
        certificate,
      });
      expect(await daemon.list()).toMatchObject([
        { state: 'disabled', disabled: { code: refusal.code, certificate } },
      ]);
      world.answers.clear();
      expect(await daemon.check('Greeter')).toMatchObject({ state: 'disabled' });
      expect(world.told).toEqual(['disabled']);
    },
  );

  it('stays through silence, a restart and expiry', async () => {
    const world = new World();
    {
      await using daemon = await world.start();
      world.answers.set(leaf, revoked);
      await daemon.check('Greeter');
    }
    await using daemon = await world.start();
    world.answers.set(leaf, down);
    expect(await daemon.check('Greeter')).toMatchObject({
      state: 'disabled',
      unanswered: { code: down.code },
    });
    world.answers.clear();
    world.now = new Date('2100-06-01T00:00:00Z');
    world.asked.length = 0;
    expect(await daemon.check('Greeter')).toMatchObject({ state: 'disabled' });
    expect(world.asked).toEqual([]);
  });

  it('says more than a changed file, and outlives its repair', async () => {
    const world = new World();
    await using daemon = await world.start();
    const extra = join(await world.tree(), 'extra');
    await writeFile(extra, '');
    world.answers.set(organization, revoked);
    expect(await daemon.check('Greeter')).toMatchObject({ disabled: { code: 'CERTIFICATE_REVOKED' } });
    await rm(extra);
    world.answers.set(organization, down);
    expect(await daemon.check('Greeter')).toMatchObject({ disabled: { code: 'CERTIFICATE_REVOKED' } });
    expect(world.told.filter((type) => type === 'healed')).toEqual([]);
  });

  it('is not looked for after expiry, which disables nothing', async () => {
    const world = new World();
    await using daemon = await world.start();
    world.answers.set(leaf, revoked);
    world.now = new Date('2100-06-01T00:00:00Z');
    await daemon.assertStillTrusted('Greeter');
    expect(world.asked).toEqual([]);
    expect(await state(daemon)).toBe('installed');
  });

  it('is not looked for where the daemon was told so', async () => {
    const world = new World();
    await using daemon = await world.start({ revocation: 'off' });
    world.answers.set(leaf, revoked);
    await daemon.assertStillTrusted('Greeter');
    expect(world.asked).toEqual([]);
  });
});

describe('a responder that cannot be reached', () => {
  it('leaves it as it was for the grace time and says so, then keeps it and says more', async () => {
    const world = new World();
    await using daemon = await world.start({ limits: { graceMs: 3 * dayMs } });
    world.answers.set(leaf, down);
    await daemon.assertStillTrusted('Greeter');
    const since = fixtureInstant.toISOString();
    const graceEnds = new Date(fixtureInstant.getTime() + 3 * dayMs).toISOString();
    expect(await daemon.list()).toMatchObject([
      {
        state: 'installed',
        reason: expect.stringContaining('The responder is down. It stays as it was.'),
        unanswered: { code: 'OCSP_UNREACHABLE', since, graceEnds, isOverdue: false },
      },
    ]);
    world.now = new Date(fixtureInstant.getTime() + 2 * dayMs);
    await daemon.assertStillTrusted('Greeter');
    expect(world.told).toEqual(['unanswered']);
    world.now = new Date(graceEnds);
    await daemon.assertStillTrusted('Greeter');
    await daemon.assertStillTrusted('Greeter');
    expect(world.events).toMatchObject([{}, { type: 'unanswered', unanswered: { isOverdue: true, since } }]);
    expect(await daemon.list()).toMatchObject([
      { state: 'installed', reason: expect.stringContaining('nobody vouches any more') },
    ]);
    world.answers.clear();
    await daemon.assertStillTrusted('Greeter');
    expect((await daemon.list())[0]).not.toHaveProperty('unanswered');
  });
});

describe('the daily routine', () => {
  /** A scheduler whose hour strikes when the test says so. */
  function hand() {
    const jobs: { pattern: string; work: () => Promise<void>; stopped: boolean }[] = [];
    const schedule: DaemonOptions['schedule'] = (pattern, work) => {
      const job = { pattern, work, stopped: false };
      jobs.push(job);
      return { stop: () => void Object.assign(job, { stopped: true }) };
    };
    return { jobs, schedule, strike: () => jobs.at(-1)?.work() };
  }

  it('looks at everything once a day, across restarts, at a minute of its own', async () => {
    const world = new World();
    const { jobs, schedule, strike } = hand();
    const checks = () => world.asked.splice(0).length / 2;
    {
      await using daemon = await world.start({ schedule });
      expect(jobs[0]?.pattern).toMatch(/^[1-5]?\d [1-5]?\d \* \* \* \*$/);
      await strike();
      expect(checks()).toBe(1);
      await strike();
      expect(checks()).toBe(0);
      expect(await state(daemon)).toBe('installed');
    }
    expect(jobs[0]?.stopped).toBe(true);
    await using daemon = await world.start({ schedule });
    world.now = new Date(fixtureInstant.getTime() + dayMs - 1);
    await strike();
    expect(checks()).toBe(0);
    world.now = new Date(fixtureInstant.getTime() + dayMs);
    world.answers.set(leaf, revoked);
    await strike();
    expect(world.events).toMatchObject([{ type: 'disabled' }]);
    expect(daemon.activity(undefined, 1).entries).toMatchObject([{ action: 'disable', by: 'routine' }]);
    // A clock that was set back must not put the routine off for ever.
    checks();
    world.now = new Date(fixtureInstant.getTime() - dayMs);
    await strike();
    expect(checks()).toBe(1);
  });

  it('goes on behind a plugin that cannot be checked', async () => {
    const world = new World();
    const warned: object[] = [];
    await using daemon = await world.start({ logger: { warn: (about) => warned.push(about) } });
    await daemon.install({ path: packages[1] ?? '' });
    await cp(await world.tree(), layoutOf(world.dataDir).link('Foreign'), { recursive: true });
    const record = (await readdir(layoutOf(world.dataDir).home('Greeter'))).find((name) =>
      /^2.*record\.json$/.test(name),
    );
    await writeFile(join(layoutOf(world.dataDir).home('Greeter'), record ?? ''), 'damaged');
    world.asked.length = 0;
    await daemon.checkAll();
    expect(warned).toMatchObject([{ about: 'Greeter', err: { code: 'RECORD_DAMAGED' } }]);
  });
});

describe('a check', () => {
  it('that an update overtakes is of the update', async () => {
    const world = new World();
    let overtaken: Promise<unknown> | undefined;
    await using daemon = await world.start({
      askAgain: async (questions, options) => {
        overtaken ??= daemon.install({ path: packages[1] ?? '' });
        await overtaken;
        return world.ask(questions, options);
      },
    });
    await writeFile(join(await world.tree(), 'extra'), '');
    await daemon.assertStillTrusted('Greeter');
    expect(await daemon.list()).toMatchObject([{ version: '2.0.0', state: 'installed' }]);
    expect(world.told.filter((type) => type === 'disabled')).toEqual([]);
  });

  it('counts although it cannot be written down', async () => {
    const world = new World();
    let isFull = false;
    const disk = steppedDisk(nodeDisk(), () => {
      if (isFull) throw Object.assign(new Error('ENOSPC: injected'), { code: 'ENOSPC', syscall: 'write' });
    });
    await using daemon = await world.start({ disk });
    world.answers.set(leaf, revoked);
    isFull = true;
    await expect(daemon.assertStillTrusted('Greeter')).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    expect(daemon.activity(undefined, 1).entries).toMatchObject([{ action: 'disable' }]);
    isFull = false;
    world.answers.set(leaf, down);
    await daemon.check('Greeter');
  });
});
