import { pageRoutes } from '@jami-plugin-store/contract';
import type { CallHost } from './call-host.js';
import { PageError } from './page-error.js';

/** The one-time code in the address this page was opened with (`#code=…`), which leaves the address at once. */
export function takeCode(location: Location, history: History): string | undefined {
  const [, code] = /^#code=([A-Za-z0-9_-]{1,128})$/.exec(location.hash) ?? [];
  if (code === undefined) return undefined;
  history.replaceState(null, '', location.pathname);
  return code;
}

/**
 * Exchanges the code for the cookie. A code that does not hold, or a host that does not answer, is no end: the cookie of an
 * earlier visit may still do, and the first question of the page tells.
 */
export async function enterPage(code: string | undefined, call: CallHost): Promise<void> {
  if (code === undefined) return;
  try {
    await call(pageRoutes.session, { method: 'POST', body: { code } });
  } catch (error) {
    if (!(error instanceof PageError)) throw error;
  }
}
