import { closeSync, openSync } from 'node:fs';
import { chmod, readFile } from 'node:fs/promises';
import { notOffered, parseTrustAnchors } from '@jami-plugin-store/trust';
import { createDaemon } from '../daemon.js';
import { nodeDisk } from '../disk/disk.js';
import { errorOutcome } from '../error-outcome.js';
import { type OnStep, steppedDisk } from './stepped-disk.js';

/** Installs to be tried as another user, one after the other. */
export interface UnprivilegedOrder {
  readonly uid: number;
  readonly rootPem: string;
  readonly at: string;
  readonly platform: string;
  readonly installs: readonly UnprivilegedInstall[];
}

export interface UnprivilegedInstall {
  readonly dataDir: string;
  readonly packagePath: string;
  /** Takes the right to write to this folder away from itself at this step of the install. */
  readonly lose?: { readonly folder: string; readonly step: number } | undefined;
  /** Lets itself open so many files more when the install begins. */
  readonly filesLeft?: number | undefined;
}

/** What came of one: the outcome, and the steps it took where it came to its end. */
export interface UnprivilegedOutcome {
  readonly code?: string | undefined;
  readonly message: string;
  readonly resultCode: number;
  readonly version?: string | undefined;
  readonly steps: number;
}

const order = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as UnprivilegedOrder;
const anchors = parseTrustAnchors(await readFile(order.rootPem));
process.setgroups?.([]);
process.setgid?.(order.uid);
process.setuid?.(order.uid);
process.umask(0o022);

const outcomes: UnprivilegedOutcome[] = [];
for (const install of order.installs) outcomes.push(await carryOut(install));
process.stdout.write(JSON.stringify(outcomes));

async function carryOut({ dataDir, packagePath, lose, filesLeft }: UnprivilegedInstall) {
  let started: number | undefined;
  let steps = 0;
  const onStep: OnStep = async ({ number }) => {
    steps = number - (started ?? number);
    if (lose !== undefined && steps === lose.step) await chmod(lose.folder, 0o555);
  };
  const held: number[] = [];
  try {
    await using daemon = await createDaemon({
      dataDir,
      anchors,
      revocation: 'when-named',
      ask: async (questions) => questions.map(({ certificate }) => notOffered(certificate)),
      clock: () => new Date(order.at),
      platform: order.platform,
      disk: steppedDisk(nodeDisk(), (step) => {
        if (started !== undefined) return onStep(step);
        steps = step.number;
      }),
    });
    started = steps;
    if (filesLeft !== undefined) held.push(...takeAllBut(filesLeft));
    try {
      const { version } = await daemon.install({ path: packagePath });
      return { message: '', resultCode: 0, version, steps };
    } finally {
      for (const file of held.splice(0)) closeSync(file);
      if (lose !== undefined) await chmod(lose.folder, 0o755);
    }
  } catch (error) {
    const { code, message, resultCode } = errorOutcome(error);
    return { code, message, resultCode, steps };
  }
}

/** Opens files until the system refuses, then gives some back. */
function takeAllBut(left: number): number[] {
  const held: number[] = [];
  try {
    for (;;) held.push(openSync('/dev/null', 'r'));
  } catch {
    for (const file of held.splice(held.length - left)) closeSync(file);
    return held;
  }
}
