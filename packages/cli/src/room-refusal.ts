import { AuthorityError, RelayRefusal } from '@jami-plugin-store/authority';
import { ClientError, DaemonRefusal } from '@jami-plugin-store/client';
import { DaemonError, errorOutcome } from '@jami-plugin-store/daemon';
import { JplError } from '@jami-plugin-store/jpl';
import { StoreError } from '@jami-plugin-store/store';
import { TrustError } from '@jami-plugin-store/trust';
import { exitCodeOf, type Refusal } from './refusal.js';

/** An argument that is none of its kind. The client's codes only: a package with such an id is refused, not wrong use. */
const malformedArguments: ReadonlySet<string> = new Set([
  'PLUGIN_ID_INVALID',
  'STORE_NAME_INVALID',
  'STORE_URL_INVALID',
  'ROOT_DIGEST_INVALID',
]);

/** An error of any room as a refusal; anything else is thrown on. */
export function roomRefusal(error: unknown): Refusal {
  if (error instanceof JplError || error instanceof TrustError || error instanceof DaemonError) {
    const { code, message, entry, certificate, resultCode, detail } = errorOutcome(error);
    const plugin = detail?.plugin;
    return { code, message, entry, certificate, resultCode, plugin, exitCode: exitCodeOf(code) };
  }
  if (error instanceof DaemonRefusal) {
    const { code, detail, entry, certificate, resultCode, plugin, publisher, installedPublisher } =
      error.problem;
    const about = { entry, certificate, resultCode, plugin, publisher, installedPublisher };
    return { code, message: detail, ...about, exitCode: exitCodeOf(code) };
  }
  if (error instanceof RelayRefusal) {
    const { code, detail, certificate } = error.problem;
    return { code, message: detail, certificate, exitCode: exitCodeOf(code) };
  }
  if (error instanceof ClientError) {
    const { code, message, resultCode } = error;
    return { code, message, resultCode, exitCode: malformedArguments.has(code) ? 2 : exitCodeOf(code) };
  }
  if (error instanceof AuthorityError || error instanceof StoreError) {
    return { code: error.code, message: error.message, exitCode: exitCodeOf(error.code) };
  }
  throw error;
}
