import { readFileSync } from 'node:fs';

/** A process in the background that reads from its terminal is stopped by the system (POSIX, SIGTTIN). */
export function isInForeground(): boolean {
  if (process.platform !== 'linux') return true;
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === foreground;
}
