import koffi from 'koffi';

const signalKill = 9;
/** <linux/prctl.h> */
const prSetParentDeathSignal = 1;
const prSetNoNewPrivileges = 38;
/** <sys/resource.h>, the same on Linux and macOS */
const resourceCoreFile = 4;

/**
 * Takes from this process what a library has no need of: it ends with the daemon even where the library hangs, gains no
 * privileges by what it executes, and writes no core file into the plugin's folder when it crashes.
 * @param parent process id of the daemon
 * @returns false where the daemon is gone already
 */
export function hardenHost(parent: number): boolean {
  if (process.platform === 'win32') return true;
  const system = koffi.load(null);
  const Limit = koffi.struct('ResourceLimit', { soft: 'uint64', hard: 'uint64' });
  const setResourceLimit = system.func('setrlimit', 'int', ['int', koffi.pointer(Limit)]);
  setResourceLimit(resourceCoreFile, { soft: 0, hard: 0 });
  if (process.platform !== 'linux') return true;
  const word = 'unsigned long';
  const control = system.func('prctl', 'int', ['int', word, word, word, word]);
  control(prSetNoNewPrivileges, 1, 0, 0, 0);
  control(prSetParentDeathSignal, signalKill, 0, 0, 0);
  // It may have ended before it was watched.
  return process.ppid === parent;
}
