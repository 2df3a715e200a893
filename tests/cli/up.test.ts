import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Shell, type Started } from './jpl-process.js';

const samples = fileURLToPath(new URL('../../examples/plugins', import.meta.url));

/** Processes that were started about a folder, by their arguments. */
async function processesAbout(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return commands
    .filter((command) => command.includes(folder))
    .map((command) => command.replaceAll('\0', ' '));
}

describe.skipIf(process.platform !== 'linux')('jpl up with the samples', () => {
  let shell: Shell;

  beforeAll(async () => {
    shell = await Shell.open();
  });
  afterAll(() => shell[Symbol.asyncDispose]());

  const up = () => shell.start(['up', '--dir', shell.at('up'), '--samples', samples]);
  const nothingRuns = () =>
    vi.waitFor(async () => expect(await processesAbout(shell.cwd)).toEqual([]), { timeout: 60_000 });

  /** Waits for something it says; an early end is shown as a difference. */
  async function says(started: Started, text: string): Promise<void> {
    let hasEnded = false;
    void started.ended.then(() => {
      hasEnded = true;
    });
    await vi.waitFor(
      () => {
        const { out, err } = started.said();
        if (hasEnded && !out.includes(text)) throw new Error(`It ended: ${out}${err}`);
        expect(out).toContain(text);
      },
      { timeout: 240_000 },
    );
  }

  it.each(['made a root certificate', 'packed and signed TranslateChat', 'the store judged the packages'])(
    'killed when it said “%s”, leaves no process behind',
    async (text) => {
      const started = up();
      await says(started, text);
      started.child.kill('SIGKILL');
      expect((await started.ended).signal).toBe('SIGKILL');
      await nothingRuns();
    },
  );

  it('stops in the middle when it is asked to', async () => {
    const started = up();
    await says(started, 'authority  http://127.0.0.1:');
    started.child.kill('SIGINT');
    const { code, out, err } = await started.ended;
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('Everything runs');
    await nothingRuns();
  });

  const outcomes = [
    'installed GreenScreen 1.2.0',
    'installing TamperedSample',
    'code: SIGNATURE_INVALID',
    'installing RevokedSample',
    'code: CERTIFICATE_REVOKED',
    'Everything runs.',
  ];

  it('goes on from there: installs one, and refuses the bad ones with their reasons', async () => {
    const started = up();
    await says(started, 'Ctrl-C stops everything.');
    const { out } = started.said();
    // In this order.
    expect(out).toMatch(new RegExp(outcomes.join('[^]*').replaceAll('.', '\\.')));
    const offered = /the store offers (\d+) plugins/.exec(out)?.[1];
    expect(Number(offered)).toBe(
      (JSON.parse(await readFile(`${samples}/samples.json`, 'utf8')) as []).length,
    );
    // Authority, store, daemon and jpl up itself.
    expect(await processesAbout(shell.cwd)).toHaveLength(4);
    const { report } = await shell.asked<{ id: string; state: string }[]>(
      'list',
      '--data-dir',
      shell.at('up/data'),
    );
    expect(report.map(({ id, state }) => [id, state])).toEqual([['GreenScreen', 'installed']]);
    started.child.kill('SIGTERM');
    const ended = await started.ended;
    expect([ended.code, ended.err]).toEqual([0, '']);
    await nothingRuns();
  });

  it('runs again over the same folder, and makes nothing anew', async () => {
    const packages = shell.at('up/packages');
    const made = async () =>
      Promise.all((await readdir(packages)).map((name) => readFile(`${packages}/${name}`)));
    const before = await made();
    const started = up();
    await says(started, 'Ctrl-C stops everything.');
    const { out } = started.said();
    expect(out).toMatch(new RegExp(outcomes.join('[^]*').replaceAll('.', '\\.')));
    expect(out).not.toMatch(/made a root|certified|packed and signed|revoked the|changed one file/);
    expect(await made()).toEqual(before);
    started.child.kill('SIGTERM');
    expect((await started.ended).code).toBe(0);
    await nothingRuns();
  });
});
