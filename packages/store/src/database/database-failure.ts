import { StoreError } from '../error.js';

/** True where a row was refused because its key is there already. */
export function isKeyTaken(error: unknown): boolean {
  const code = codeOf(error);
  return code === '23505' || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/** True where PostgreSQL ended a transaction in favour of another one, so that it may be tried again. */
export function isInTheWay(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40001' || code === '40P01';
}

/** What a database answers that refuses changes because `jpl store migrate` moved the store away from it. */
export const movedState = 'JP001';
export const movedMessage = 'STORE_MOVED';

function isMovedAway(error: Error, code: string): boolean {
  return (
    code === movedState || (code === 'SQLITE_CONSTRAINT_TRIGGER' && error.message.includes(movedMessage))
  );
}

/** PostgreSQL: connection exceptions, resources, shutdown, and what a lock or statement waited for in vain. */
const passing = /^(08|53|57P0)|^55P03$|^57014$/;
const network = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT)/;

/**
 * The one doorway from what a database throws: what passes by itself becomes a refusal to come back later, all else
 * stays what it is.
 */
export function databaseFailureOf(error: unknown): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  const code = codeOf(error) ?? '';
  if (isMovedAway(error, code)) {
    return new StoreError(
      'STORE_MOVED',
      'This store is being moved to another database; changes are possible again once it is served from there.',
      { cause: error, headers: { 'retry-after': '30' } },
    );
  }
  const isLost = /^(Connection terminated|timeout exceeded when trying to connect)/.test(error.message);
  if (!isLost && !passing.test(code) && !isNetworkCode(error, code)) return error;
  return new StoreError('DATABASE_UNAVAILABLE', 'The store cannot reach its database at the moment.', {
    cause: error,
    headers: { 'retry-after': '5' },
  });
}

/** Only of the connection itself: the same codes come from the file system elsewhere. */
function isNetworkCode(error: Error, code: string): boolean {
  return (
    network.test(code) &&
    'syscall' in error &&
    ['connect', 'read', 'write', 'getaddrinfo'].includes(String(error.syscall))
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
