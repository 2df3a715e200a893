import { createInterface } from 'node:readline';
import { isInForeground } from '../foreground.js';
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
