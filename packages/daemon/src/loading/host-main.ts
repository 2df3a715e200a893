/**
 * The process of one plugin's library: `node host-main.js DAEMON_PID`. Orders come as lines on stdin, answers go as lines to
 * file descriptor 3; stdout and stderr are the library's.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { hardenHost } from './host-hardening.js';
import type { HostMessage, HostOrder } from './load-protocol.js';
import { type NativeLibrary, openNativeLibrary } from './native-library.js';

const reportDescriptor = 3;
let library: NativeLibrary | undefined;

function say(message: HostMessage): void {
  writeSync(reportDescriptor, `${JSON.stringify(message)}\n`);
}

function follow(order: HostOrder): void {
  if (order.type === 'unload') {
    library?.close();
    library = undefined;
    say({ type: 'unloaded' });
    return;
  }
  const opened = openNativeLibrary(order.library, (registrations) =>
    say({ type: 'registered', registrations }),
  );
  if ('code' in opened) say({ type: 'failed', ...opened });
  else {
    library = opened;
    say({ type: 'loaded' });
  }
}

if (hardenHost(Number(process.argv[2]))) {
  say({ type: 'ready' });
  for await (const line of createInterface({ input: process.stdin })) follow(JSON.parse(line) as HostOrder);
  // The daemon closed its end, or is gone: nothing is to be kept alive any more.
  library?.close();
}
// Threads that the library started would keep the process alive.
process.exit();
