import type { Readable } from 'node:stream';

/** An answer's body, read once. */
export interface BodyReader extends AsyncIterable<Buffer> {
  /** Gives up what is left, and the connection with it. */
  discard(): void;
}

const highWaterBytes = 1024 * 1024;

/**
 * Takes a body's bytes as they come, at most some 1 MiB ahead of its reader, and hands over every byte that arrived before it
 * reports that the body broke: a stream's own iterator drops what it holds then, and a resumed download would lose it.
 */
export function readBody(body: Readable): BodyReader {
  const chunks: Buffer[] = [];
  let queued = 0;
  let outcome: { error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  const turn = (): void => {
    wake?.();
    wake = undefined;
  };
  const finish = (end: { error?: unknown }): void => {
    outcome ??= end;
    turn();
  };
  body.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    queued += chunk.length;
    if (queued >= highWaterBytes) body.pause();
    turn();
  });
  body.once('end', () => finish({}));
  body.on('error', (error) => finish({ error }));
  body.once('close', () => finish({ error: new Error('The stream was closed') }));

  return {
    discard() {
      body.destroy();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const chunk = chunks.shift();
        if (chunk !== undefined) {
          queued -= chunk.length;
          if (queued < highWaterBytes) body.resume();
          yield chunk;
        } else if (outcome === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        } else if ('error' in outcome) {
          throw outcome.error;
        } else {
          return;
        }
      }
    },
  };
}
