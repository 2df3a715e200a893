import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireFolderLock } from './folder-lock.js';

/**
 * A process that contends for a lock: `node contender-fixtures.js FOLDER hold` takes it, says HELD and keeps it until its
 * standard input ends; `… FOLDER rounds N` takes it again and again and proves each time that nobody else is inside.
 */
const [folder = '', mode, count] = process.argv.slice(2);

if (mode === 'hold') {
  const lock = await acquireFolderLock(folder);
  process.stdout.write('pid' in lock ? `BUSY ${lock.pid}\n` : 'HELD\n');
  if (!('pid' in lock)) process.stdin.resume();
} else {
  const taken = { won: 0, refused: 0, violations: 0 };
  for (let round = 0; round < Number(count); round += 1) {
    const lock = await acquireFolderLock(folder);
    if ('pid' in lock) {
      taken.refused += 1;
      continue;
    }
    const inside = join(folder, 'inside');
    await writeFile(inside, '', { flag: 'wx' }).catch(() => {
      taken.violations += 1;
    });
    await new Promise(setImmediate);
    await unlink(inside).catch(() => undefined);
    await lock[Symbol.asyncDispose]();
    taken.won += 1;
  }
  process.stdout.write(`${JSON.stringify(taken)}\n`);
}
