import {
  type DaemonProblem,
  type PackageReport,
  type PagePackageQuery,
  pageRoutes,
} from '@jami-plugin-store/contract';
import { refusalIn, withQuery } from './call-host.js';
import { PageError } from './page-error.js';

/** How a file is handed over: what is told while it goes, and what ends it. */
export interface SendOptions {
  readonly query: PagePackageQuery;
  /** Bytes on their way, and of how many. */
  readonly onProgress: (sent: number, total: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Hands a package's bytes to the host, which has the daemon judge it.
 * @throws {PageError} SESSION_OVER | HOST_UNREACHABLE | ANSWER_MALFORMED | REFUSED with the daemon's reason
 */
export function sendPackage(file: File, { query, onProgress, signal }: SendOptions): Promise<PackageReport> {
  // fetch tells nothing of bytes on their way out.
  const request = new XMLHttpRequest();
  const abort = (): void => request.abort();
  return new Promise<PackageReport>((resolve, reject) => {
    request.open('PUT', withQuery(pageRoutes.packages, query));
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded, total));
    request.addEventListener('error', () => reject(unreachable()));
    request.addEventListener('abort', () => reject(unreachable()));
    request.addEventListener('load', () => {
      const answer = parse(request.responseText);
      if (request.status === 401)
        reject(new PageError('SESSION_OVER', 'This page is not known here any more'));
      else if (request.status >= 400 || answer === undefined) reject(refusalIn(answer));
      else resolve(answer as PackageReport);
    });
    signal.addEventListener('abort', abort, { once: true });
    request.send(file);
  }).finally(() => signal.removeEventListener('abort', abort));
}

const unreachable = (): PageError =>
  new PageError('HOST_UNREACHABLE', 'The program behind this page does not answer');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the daemon said beside its code, where it was the daemon who refused. */
export function daemonProblemIn(error: unknown): DaemonProblem | undefined {
  return error instanceof PageError ? error.problem : undefined;
}
