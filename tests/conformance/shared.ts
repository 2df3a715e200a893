import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The folder of public suites beside the checkout, or undefined where it is absent
 * (a stranger's machine: those suites then skip with `skipMessage`).
 */
export function conformanceFolder(): string | undefined {
  const folder = process.env.JPL_CONFORMANCE_DIR ?? join(root, '..', 'shared', 'conformance');
  return existsSync(folder) ? folder : undefined;
}

export const skipMessage = 'skipped: no folder ../shared/conformance beside this checkout';
