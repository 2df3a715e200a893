import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { publishingPaths } from '@jami-plugin-store/contract';
import { verifyAudit } from '@jami-plugin-store/store';
import { type Io, printJson } from '../io.js';
import { createNewStream } from '../new-file.js';
import { inputError } from '../options.js';
import { reachStore, type StoreChoice } from '../publishing/store-connection.js';
import { UsageError } from '../usage-error.js';

export interface AuditExportOptions extends StoreChoice {
  readonly after?: number | undefined;
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl audit export`: the audit log, one record a line; to a file that `jpl audit verify` checks, or to stdout. */
export async function auditExport(io: Io, options: AuditExportOptions): Promise<number> {
  const { after, output } = options;
  if (options.json === true && output === undefined)
    throw new UsageError(
      'OPTION_MISSING',
      '--output FILE is needed with --json: the records are JSON themselves',
    );
  await using store = await reachStore(io, options);
  const query = after === undefined ? '' : `?after=${after}`;
  const records = await store.download(`${publishingPaths.audit}${query}`);
  if (output === undefined) {
    await pipeline(records, toStdout(io), { signal: io.signal });
    return 0;
  }
  const path = resolve(io.cwd, output);
  const bytes = await createNewStream(path, 0o600, records, io.signal);
  if (options.json) printJson(io, { file: path, bytes });
  else io.stdout(`${path}: ${bytes} bytes\n`);
  return 0;
}

function toStdout(io: Io): Writable {
  const decoder = new TextDecoder();
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      io.stdout(decoder.decode(chunk, { stream: true }));
      done();
    },
  });
}

export interface AuditVerifyOptions {
  /** `SEQUENCE:HASH` of the record before the first. */
  readonly after?: string | undefined;
  readonly contains?: readonly string[] | undefined;
  readonly json?: boolean | undefined;
}

/** `jpl audit verify FILE`: every record unchanged, none missing, each behind the one before. */
export async function auditVerify(io: Io, file: string, options: AuditVerifyOptions): Promise<number> {
  const verdict = await verifyAudit(linesOf(io, file), {
    after: options.after === undefined ? undefined : parseAfter(options.after),
    knownHashes: options.contains,
  });
  if (options.json) printJson(io, { verified: true, ...verdict });
  else if (verdict.first === undefined) io.stdout(`${file}: no record\n`);
  else {
    io.stdout(`${file}: records ${verdict.first} to ${verdict.last} are unchanged, none is missing\n`);
    io.stdout(`  head: ${verdict.head}\n`);
  }
  return 0;
}

/** A longer line is no record: it is handed on as it is so far, to be refused. */
const maxLineCharacters = 128 * 1024;

async function* linesOf(io: Io, path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    await using file = await open(resolve(io.cwd, path));
    for await (const chunk of file.createReadStream({ signal: io.signal, autoClose: false })) {
      const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > maxLineCharacters) break;
    }
  } catch (error) {
    const isSystems = error instanceof Error && 'syscall' in error;
    throw isSystems && !io.signal.aborted ? inputError(path, error) : error;
  }
  if (rest !== '') yield rest;
}

/** @throws {UsageError} USAGE */
function parseAfter(text: string): { sequence: number; hash: string } {
  const [, sequence, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (sequence !== undefined && hash !== undefined) return { sequence: Number(sequence), hash };
  throw new UsageError('USAGE', '--after is the number and the hash of a record: 120:9f86d0…');
}
