import { isUtf8 } from 'node:buffer';
import { visit } from 'jsonc-parser';

const maxJsonDepth = 64;

/** Why a text is not the strict JSON this room reads. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
  readonly reason: 'malformed' | 'duplicate-key';

  constructor(reason: 'malformed' | 'duplicate-key', message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}

/**
 * Parses RFC 8259 JSON in UTF-8 without byte order mark (8.1), every key once (section 4 leaves duplicates to the
 * reader, so two readers could differ), no half of a surrogate pair (8.2) and no number beyond a double (6) for the
 * same reason, nested at most 64 deep.
 * @throws {StrictJsonError}
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new StrictJsonError('malformed', 'is not UTF-8');
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new StrictJsonError(
      'malformed',
      `is not JSON (${cause instanceof Error ? cause.message : cause})`,
      cause,
    );
  }
  assertUnambiguous(text);
  return value;
}

/** A JSON object, not an array and not null. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function assertUnambiguous(text: string): void {
  const open: Set<string>[] = [];
  const enter = () => {
    if (open.length >= maxJsonDepth)
      throw new StrictJsonError('malformed', `nests deeper than ${maxJsonDepth}`);
    open.push(new Set());
  };
  const leave = () => {
    open.pop();
  };
  visit(text, {
    onObjectBegin: enter,
    onObjectEnd: leave,
    onArrayBegin: enter,
    onArrayEnd: leave,
    onLiteralValue: assertOneMeaning,
    onObjectProperty: (key) => {
      assertOneMeaning(key);
      const keys = open.at(-1);
      if (keys?.has(key))
        throw new StrictJsonError('duplicate-key', `has the key ${JSON.stringify(key)} twice`);
      keys?.add(key);
    },
  });
}

/** The text itself is UTF-8, so half a surrogate pair can only come out of an escape (`\ud800`). */
function assertOneMeaning(value: unknown): void {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new StrictJsonError('malformed', 'has a number that is too large');
  if (typeof value === 'string' && /\p{Cs}/u.test(value))
    throw new StrictJsonError('malformed', 'has a text with half a surrogate pair');
}
