import { spawn } from 'node:child_process';
import type { Io } from '../io.js';

const openers: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Whether a person sits before a screen of this machine: only then a browser is opened for them. */
export function hasDesktop(io: Io): boolean {
  const { env } = io;
  if (!io.interactive || env.SSH_CONNECTION !== undefined || env.CI !== undefined) return false;
  if (process.platform === 'darwin' || process.platform === 'win32') return true;
  return (env.DISPLAY ?? '') !== '' || (env.WAYLAND_DISPLAY ?? '') !== '';
}

/** Hands an address to the desktop's browser; where that fails, the address that was printed is still there. */
export function openBrowser(address: string): void {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}
