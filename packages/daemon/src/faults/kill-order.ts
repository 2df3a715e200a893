import type { Daemon } from '../daemon.js';

/** What a child process is to do: start a daemon, which recovers the folder, then one operation; it may kill itself at one step of all that. */
export interface KillOrder {
  readonly dataDir: string;
  readonly rootPem: string;
  readonly platform: string;
  readonly at: string;
  readonly operation: 'install' | 'rollback' | 'uninstall';
  /** Of an install. */
  readonly packagePath?: string | undefined;
  /** Counted from the start of the daemon; 0: at none. */
  readonly step: number;
  /** Before the step, after half of it, or while it runs. */
  readonly moment: 'before' | 'half' | 'during';
}

type Work = Pick<KillOrder, 'operation' | 'packagePath'>;

export async function carryOut(daemon: Daemon, { operation, packagePath }: Work): Promise<void> {
  if (operation === 'rollback') await daemon.rollback('Greeter');
  else if (operation === 'uninstall') await daemon.uninstall('Greeter');
  else await daemon.install({ path: packagePath ?? '', force: true });
}
