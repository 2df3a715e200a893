import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root, found upwards: this file runs from its source and from the build, at different depths. */
function checkoutRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package-lock.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no package-lock.json above the conformance suites');
    folder = parent;
  }
  return folder;
}

/**
 * The folder of public suites beside the checkout, or undefined where it is absent
 * (a stranger's machine: those suites then skip with `skipMessage`).
 */
export function conformanceFolder(): string | undefined {
  const folder = process.env.JPL_CONFORMANCE_DIR ?? join(checkoutRoot(), '..', 'shared', 'conformance');
  return existsSync(folder) ? folder : undefined;
}

export const skipMessage = 'skipped: no folder ../shared/conformance beside this checkout';
