import { setTimeout as pause } from 'node:timers/promises';
import {
  authorityPublicPaths,
  eventStreamMediaType,
  RevocationNotice,
  RevocationStreamStart,
  revocationEventName,
  revocationHeartbeatMs,
} from '@jami-plugin-store/contract';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { FastifyBaseLogger } from 'fastify';
import { Value } from 'typebox/value';
import { Agent, request } from 'undici';

export interface RevocationNoticesOptions {
  /** Base URL of the authority's public listener. */
  readonly url: string;
  /** Number of the last notice that was acted on; 0 = none yet. */
  readonly position: () => Promise<number>;
  /** Acts on a notice; resolves when it need not be told again. In order, one at a time. */
  readonly onNotice: (notice: RevocationNotice) => Promise<void>;
  /** The authority is an older copy of itself: its numbers begin anew. */
  readonly onRolledBack: () => Promise<void>;
  readonly log: Pick<FastifyBaseLogger, 'info' | 'warn'>;
}

const minPauseMs = 250;
const maxPauseMs = 15_000;
const maxEventCharacters = 64 * 1024;
const maxWaiting = 10_000;

/**
 * Listens to what an authority says it revoked, from where it was heard last, and connects again whenever it falls silent. Notices are
 * hints: nobody signed them.
 */
export function listenForRevocations(options: RevocationNoticesOptions): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;
  const silentMs = revocationHeartbeatMs * 3;
  const agent = new Agent({
    headersTimeout: silentMs,
    bodyTimeout: silentMs,
    connect: { timeout: 10_000 },
    pipelining: 0,
  });
  const run = async (): Promise<void> => {
    let pauseMs = minPauseMs;
    let wasHeard = true;
    while (!signal.aborted) {
      try {
        await listenOnce(options, agent, signal, () => {
          if (!wasHeard) options.log.info('the authority tells of revocations again');
          [pauseMs, wasHeard] = [minPauseMs, true];
        });
      } catch (error) {
        if (signal.aborted) return;
        if (wasHeard) options.log.warn({ err: error }, 'the authority does not tell of revocations');
        wasHeard = false;
      }
      await pause(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, maxPauseMs);
    }
  };
  const running = run();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await agent.destroy();
      await running;
    },
  };
}

/** Hears one stream out, to its end or its silence. */
async function listenOnce(
  options: RevocationNoticesOptions,
  agent: Agent,
  signal: AbortSignal,
  onHeard: () => void,
): Promise<void> {
  const url = new URL(authorityPublicPaths.revocationEvents.replace(/^\//, ''), withSlash(options.url));
  url.searchParams.set('after', String(await options.position()));
  const answer = await request(url, { dispatcher: agent, signal, headers: { accept: eventStreamMediaType } });
  const type = String(answer.headers['content-type']);
  if (answer.statusCode !== 200 || !type.startsWith(eventStreamMediaType)) {
    await answer.body.dump();
    throw new Error(`${url.host} answers ${answer.statusCode} ${type}`);
  }
  const events: EventSourceMessage[] = [];
  const parser = createParser({
    onEvent: (event) => void events.push(event),
    onError: (error) => {
      throw error;
    },
    maxBufferSize: maxEventCharacters,
  });
  const decoder = new TextDecoder();
  for await (const chunk of answer.body) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (events.length > maxWaiting) throw new Error('too many events at once');
    for (const event of events.splice(0)) await act(options, event);
    onHeard();
  }
}

async function act(options: RevocationNoticesOptions, { event, data }: EventSourceMessage): Promise<void> {
  const value: unknown = JSON.parse(data);
  if (event === revocationEventName.ready && Value.Check(RevocationStreamStart, value)) {
    if (value.latest < (await options.position())) await options.onRolledBack();
  } else if (event === revocationEventName.revocation && Value.Check(RevocationNotice, value)) {
    await options.onNotice(value);
  }
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
