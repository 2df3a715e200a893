import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import type { KeyType } from '@jami-plugin-store/authority';
import type { RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import { InvalidArgumentError } from 'commander';
import type { Io } from './io.js';
import { UsageError } from './usage-error.js';

const everyKeyType: Readonly<Record<KeyType, true>> = {
  'ec-p256': true,
  'ec-p384': true,
  'ec-p521': true,
  'rsa-2048': true,
  'rsa-3072': true,
  'rsa-4096': true,
  ed25519: true,
};
/** The authority's own list, spelt out: asking it would load it for each command. */
export const keyTypes = Object.keys(everyKeyType);

/** The passphrase of an encrypted key comes from the environment: arguments are visible to every user of the machine. */
export const passphraseVariable = 'JPL_KEY_PASSPHRASE';
/** The passphrase of an authority's OCSP signers, for those who only answer; else it is that of its keys. */
export const responderPassphraseVariable = 'JPL_RESPONDER_PASSPHRASE';

/** Collects a repeatable option's values. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

const rfc3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** An instant as RFC 3339 writes it; a date alone or a local time is ambiguous and refused, a day that is none too. */
export function parseInstant(text: string): Date {
  const instant = text.toUpperCase();
  const [, day, time] = rfc3339.exec(instant) ?? [];
  const at = new Date(instant);
  // Date takes the 30th of February for the 2nd of March, and 24:00:00 for the next day.
  const isReal = !Number.isNaN(at.getTime()) && isoText(`${day}T${time}Z`) === `${day}T${time}.000Z`;
  if (!isReal) throw new InvalidArgumentError('an instant as in 2026-11-22T00:00:00Z is needed');
  return at;
}

function isoText(text: string): string | undefined {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

const revocationModes: readonly RevocationMode[] = ['required', 'when-named', 'off'];

export function parseRevocationMode(text: string): RevocationMode {
  const mode = revocationModes.find((known) => known === text);
  if (mode === undefined) throw new InvalidArgumentError(`one of ${revocationModes.join(', ')} is needed`);
  return mode;
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('a port from 0 to 65535 is needed');
  return port;
}

/** A parser for whole numbers from `least` to `most`. */
export function parseWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,16}$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is needed`);
  };
}

/** Largest file read as a certificate, key or request given on the command line. */
const maxInputBytes = 1024 * 1024;

/**
 * Reads a small file the user named.
 * @throws {UsageError} FILE_NOT_FOUND | FILE_NOT_READABLE | NOT_A_FILE | FILE_TOO_LARGE
 */
export async function readInput(io: Io, path: string): Promise<Buffer> {
  try {
    await using file = await open(resolve(io.cwd, path));
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of file.createReadStream({
      highWaterMark: maxInputBytes + 1,
      signal: io.signal,
    })) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > maxInputBytes) throw new UsageError('FILE_TOO_LARGE', `${path} is larger than 1 MiB`);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof UsageError || io.signal.aborted) throw error;
    throw inputError(path, error);
  }
}

export function inputError(path: string, error: unknown): UsageError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return new UsageError('FILE_NOT_FOUND', `${path} does not exist`, { cause: error });
  if (code === 'EISDIR') return new UsageError('NOT_A_FILE', `${path} is a directory`, { cause: error });
  return new UsageError('FILE_NOT_READABLE', `${path} cannot be read (${String(code ?? error)})`, {
    cause: error,
  });
}

/**
 * Reads the trust anchors given by hand, PEM or DER.
 * @throws {UsageError} TRUST_ANCHOR_INVALID and the codes of `readInput`
 */
export async function readTrustAnchors(io: Io, paths: readonly string[]): Promise<TrustAnchor[]> {
  const { parseTrustAnchors } = await import('@jami-plugin-store/trust');
  const anchors: TrustAnchor[] = [];
  for (const path of paths) {
    const bytes = await readInput(io, path);
    try {
      anchors.push(...parseTrustAnchors(bytes));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError('TRUST_ANCHOR_INVALID', `${path} holds no usable certificate: ${reason}`, {
        cause: error,
      });
    }
  }
  return anchors;
}

/** Jami's data folder of the running user (XDG base directories; the platform's own custom elsewhere). */
export function defaultDataDir(io: Io): string {
  const { env } = io;
  const home = env.HOME ?? homedir();
  if (process.platform === 'win32') return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'jami');
  if (process.platform === 'darwin') return join(home, 'Library', 'Application Support', 'jami');
  // The specification says relative paths are invalid and to be ignored.
  const data = env.XDG_DATA_HOME;
  return join(data !== undefined && isAbsolute(data) ? data : join(home, '.local', 'share'), 'jami');
}

/** Where downloads wait for the daemon's verdict. */
export function defaultCacheDir(io: Io): string {
  const { env } = io;
  const home = env.HOME ?? homedir();
  if (process.platform === 'win32')
    return join(env.LOCALAPPDATA ?? join(home, 'AppData', 'Local'), 'jpl', 'cache');
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'jpl');
  const cache = env.XDG_CACHE_HOME;
  return join(cache !== undefined && isAbsolute(cache) ? cache : join(home, '.cache'), 'jpl');
}
