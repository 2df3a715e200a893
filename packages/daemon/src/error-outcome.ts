import { type ErrorRow, packageErrorTable, resultCodeOf, trustErrorTable } from '@jami-plugin-store/contract';
import { JplError, type JplErrorCode } from '@jami-plugin-store/jpl';
import { TrustError, type TrustErrorCode } from '@jami-plugin-store/trust';
import { DaemonError, type DaemonErrorDetail, type DiskErrorCode, daemonErrorTable } from './error.js';

/** A failure as every face shows it: the exact code, one sentence, Jami's result code, what it concerns. */
export interface ErrorOutcome {
  readonly code: string;
  readonly message: string;
  readonly resultCode: number;
  readonly row: ErrorRow;
  readonly entry?: string | undefined;
  readonly certificate?: string | undefined;
  readonly detail?: DaemonErrorDetail | undefined;
}

/** An error of a room of this project; everything else comes in by `typedError`. */
export type TypedError = DaemonError | JplError | TrustError;

const diskCodes: Readonly<Record<string, DiskErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  EFBIG: 'FILE_TOO_LARGE',
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'READ_ONLY',
  EMFILE: 'TOO_MANY_FILES',
  ENFILE: 'TOO_MANY_FILES',
  ENAMETOOLONG: 'FILE_NAME_TOO_LONG',
};

// Typed by the rooms' own unions: a code without a row does not compile.
const packageRows: Readonly<Record<JplErrorCode, ErrorRow>> = packageErrorTable;
const trustRows: Readonly<Record<TrustErrorCode, ErrorRow>> = trustErrorTable;

/**
 * The one doorway for foreign errors: file system errors get the daemon's own codes, an abort is INSTALL_CANCELLED,
 * anything else is a defect of ours and says so. Errors of the rooms pass unchanged; causes are kept.
 */
export function typedError(error: unknown): TypedError {
  if (error instanceof DaemonError || error instanceof JplError || error instanceof TrustError) return error;
  if (isAbort(error))
    return new DaemonError('INSTALL_CANCELLED', 'The install was cancelled.', { cause: error });
  if (isSystemError(error)) return diskError(error);
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new DaemonError('INTERNAL_ERROR', `A defect in this program: ${text}`, { cause: error });
}

/** Any error as code, sentence and Jami's result code. */
export function errorOutcome(error: unknown): ErrorOutcome {
  const typed = typedError(error);
  const row = rowOf(typed);
  return {
    code: typed.code,
    message: typed.message,
    resultCode: resultCodeOf[row.kind],
    row,
    entry: typed.entry,
    certificate: typed instanceof TrustError ? typed.certificate : undefined,
    detail: typed instanceof DaemonError ? typed : undefined,
  };
}

function rowOf(error: TypedError): ErrorRow {
  if (error instanceof DaemonError) return daemonErrorTable[error.code];
  return error instanceof JplError ? packageRows[error.code] : trustRows[error.code];
}

function diskError(error: NodeJS.ErrnoException): DaemonError {
  const code = diskCodes[error.code ?? ''] ?? 'IO_ERROR';
  const at = error.path === undefined ? '' : ` at ${error.path}`;
  return new DaemonError(code, `${daemonErrorTable[code].title}${at} (${error.code}).`, {
    path: error.path,
    cause: error,
  });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    'syscall' in error &&
    typeof (error as NodeJS.ErrnoException).code === 'string' &&
    /^E[A-Z0-9]+$/.test((error as NodeJS.ErrnoException).code ?? '')
  );
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
