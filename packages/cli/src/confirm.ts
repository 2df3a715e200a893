import { createInterface } from 'node:readline';
import { isInForeground } from './foreground.js';
import type { Io } from './io.js';

/**
 * Asks the person at the terminal for a yes or a no. No: where nobody sits there, for any other answer, and for none.
 * @throws {Error} AbortError on Ctrl-C
 */
export async function confirm(io: Io, question: string): Promise<boolean> {
  const { stdin, signal } = io;
  if (!io.interactive || stdin?.isTTY !== true || !isInForeground()) return false;
  io.stderr(`${question} [y/N] `);
  const lines = createInterface({ input: stdin });
  try {
    return await new Promise<boolean>((resolve, reject) => {
      lines.once('line', (line) => resolve(/^y(es)?$/i.test(line.trim())));
      lines.once('close', () => resolve(false));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  } finally {
    lines.close();
  }
}
