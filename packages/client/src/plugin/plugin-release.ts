import type { InstalledPlugin, InstalledRelease } from '@jami-plugin-store/contract';

/** The daemon's row as a plugin's machine takes it. */
export function releaseOfRow({ version, previousVersion, disabled }: InstalledPlugin): InstalledRelease {
  return {
    // What another program left may have no version that can be read; it is then never newer than anything.
    version: version ?? '',
    ...(previousVersion === undefined ? {} : { previousVersion }),
    ...(disabled === undefined ? {} : { disabled }),
  };
}

/** Whether the daemon told nothing new. */
export function isSameRelease(a: InstalledRelease, b: InstalledRelease | undefined): boolean {
  return (
    a.version === b?.version &&
    a.previousVersion === b.previousVersion &&
    a.disabled?.code === b.disabled?.code &&
    a.disabled?.since === b.disabled?.since
  );
}
