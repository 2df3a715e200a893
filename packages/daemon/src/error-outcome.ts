import { type ErrorKind, type ErrorRow, resultCodeOf } from '@jami-plugin-store/contract';
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
  ENAMETOOLONG: 'NAME_TOO_LONG',
};

/** Codes of the package room that are not about its structure. */
const jplKinds: Partial<Readonly<Record<JplErrorCode, ErrorKind>>> = {
  FILE_NOT_FOUND: 'internal',
  FILE_NOT_READABLE: 'internal',
  NOT_A_FILE: 'internal',
  READ_FAILED: 'internal',
  SIGNATURE_MAP_MISSING: 'signature',
  SIGNATURE_MAP_MALFORMED: 'signature',
  SIGNATURE_MAP_DUPLICATE_KEY: 'signature',
  SIGNATURE_OF_MAP_MISSING: 'signature',
  ENTRY_NOT_SIGNED: 'signature',
  SIGNATURE_WITHOUT_ENTRY: 'signature',
  CERTIFICATE_MISSING: 'certificate',
  CERTIFICATE_NOT_UNIQUE: 'certificate',
  CERTIFICATE_NAME_MISMATCH: 'certificate',
};

/** Codes of the judge that are not about certificates. */
const trustKinds: Partial<Readonly<Record<TrustErrorCode, ErrorKind>>> = {
  SIGNATURE_OF_MAP_INVALID: 'signature',
  SIGNATURE_INVALID: 'signature',
};

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
  const kind =
    error instanceof JplError
      ? (jplKinds[error.code] ?? 'structure')
      : (trustKinds[error.code] ?? 'certificate');
  return { kind, status: kind === 'internal' ? 500 : 422, title: titles[kind] };
}

const titles: Readonly<Record<ErrorKind, string>> = {
  internal: 'The package cannot be read',
  structure: 'Not a valid plugin',
  certificate: 'The certificates do not hold',
  signature: 'The signatures do not hold',
  'same-version': 'This version is installed',
  'older-version': 'A newer version is installed',
};

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
