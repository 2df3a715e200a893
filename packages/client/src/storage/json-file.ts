import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Static, TSchema } from 'typebox';
import { Check } from 'typebox/value';
import { ClientError } from '../error.js';
import type { Timer } from '../network/timer.js';
import { readTextFile, replaceFile } from './durable-file.js';
import { lockFile } from './file-lock.js';

/** One small JSON file that several processes may change: each change reads it anew, under a lock. */
export interface JsonFile<T> {
  readonly path: string;
  /** @throws {ClientError} CLIENT_FILE_NOT_READABLE | CLIENT_FILE_INVALID */
  read(): Promise<T>;
  /** @throws {ClientError} as `read`, CLIENT_FILE_NOT_WRITABLE | CLIENT_FILE_BUSY */
  change(edit: (value: T) => T): Promise<T>;
}

export interface JsonFileOptions<S extends TSchema> {
  path: string;
  schema: S;
  /** What holds where there is no file. */
  empty: Static<S>;
  maxBytes: number;
  /** `refuse`: a file that is not of the schema is the user's to mend · `forget`: it is as if there were none. */
  invalid: 'refuse' | 'forget';
  timer?: Timer | undefined;
}

export function jsonFile<S extends TSchema>(options: JsonFileOptions<S>): JsonFile<Static<S>> {
  const { path, schema, empty, maxBytes, invalid, timer } = options;

  const read = async (): Promise<Static<S>> => {
    const text = await readTextFile(path, maxBytes).catch((cause: unknown) => {
      throw fileError('CLIENT_FILE_NOT_READABLE', path, cause);
    });
    if (text === undefined) return empty;
    const value = text === null ? undefined : parsed(text);
    if (Check(schema, value)) return value;
    if (invalid === 'forget') return empty;
    throw new ClientError(
      'CLIENT_FILE_INVALID',
      `${path} is not what this client writes: mend or remove it`,
      {
        at: path,
      },
    );
  };
  return {
    path,
    read,
    async change(edit) {
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await using _lock = await lockFile(`${path}.lock`, timer);
        const next = edit(await read());
        await replaceFile(path, `${JSON.stringify(next, undefined, 1)}\n`);
        return next;
      } catch (cause) {
        if (cause instanceof ClientError) throw cause;
        throw fileError('CLIENT_FILE_NOT_WRITABLE', path, cause);
      }
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function fileError(
  code: 'CLIENT_FILE_NOT_READABLE' | 'CLIENT_FILE_NOT_WRITABLE',
  path: string,
  cause: unknown,
): ClientError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const errno = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (errno === 'ENOSPC' || errno === 'EDQUOT')
    return new ClientError('DISK_FULL', `No space left for ${path}`, { at: path, cause });
  return new ClientError(code, `${path}: ${reason}`, { at: path, cause });
}
