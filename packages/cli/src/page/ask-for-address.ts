import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Io } from '../io.js';

/**
 * Lets the user ask for a new address by pressing Enter, where this process may read from a terminal, or where lines are piped to it.
 * @returns whether it can be asked for, and what ends it
 */
export function onEnter(io: Io, answer: () => void): { isPossible: boolean } & Disposable {
  const { stdin } = io;
  if (stdin === undefined || (stdin.isTTY === true && !isInForeground()))
    return { isPossible: false, [Symbol.dispose]: () => undefined };
  const lines = createInterface({ input: stdin });
  lines.on('line', answer);
  return { isPossible: stdin.isTTY === true, [Symbol.dispose]: () => lines.close() };
}

/** A process in the background that reads from its terminal is stopped by the system (POSIX, SIGTTIN). */
function isInForeground(): boolean {
  if (process.platform !== 'linux') return true;
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}
