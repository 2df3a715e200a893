import type { ServerResponse } from 'node:http';
import {
  eventStreamMediaType,
  type RevocationStreamStart,
  revocationEventName,
  revocationHeartbeatMs,
} from '@jami-plugin-store/contract';
import { AuthorityError } from '../error.js';
import type { PublicFace } from '../public-face.js';

export interface StreamOptions {
  /** Default 256. */
  readonly maxListeners?: number | undefined;
  /** Default `revocationHeartbeatMs`. */
  readonly heartbeatMs?: number | undefined;
}

interface Listener {
  readonly response: ServerResponse;
  /** The last revocation it was sent. */
  sent: number;
}

/** Revocations read at once for one listener. */
const pageSize = 100;

/**
 * Tells listeners what is revoked (server-sent events). Nothing is queued for them: each is sent on from where it stands, as fast as
 * it reads; one that reads nothing is let go by the timeout of its connection.
 */
export class RevocationStream implements AsyncDisposable {
  readonly #face: PublicFace;
  readonly #report: (error: unknown) => void;
  readonly #maxListeners: number;
  readonly #listeners = new Set<Listener>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #stopWatching: () => void;

  /** @param report  told why a stream was ended early */
  constructor(
    face: PublicFace,
    report: (error: unknown) => void,
    { maxListeners = 256, heartbeatMs = revocationHeartbeatMs }: StreamOptions = {},
  ) {
    this.#face = face;
    this.#report = report;
    this.#maxListeners = maxListeners;
    this.#stopWatching = face.watchRevocations(() => this.#tellAll());
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  /**
   * Turns a response into a stream until either side ends it.
   * @param after  the last revocation the listener knows; undefined: all that there are now
   * @throws {AuthorityError} TOO_MANY_LISTENERS
   */
  open(response: ServerResponse, after: number | undefined): void {
    if (this.#listeners.size >= this.#maxListeners) {
      throw new AuthorityError('TOO_MANY_LISTENERS', 'Too many listen already. Ask for the list instead.');
    }
    const { latest } = this.#face.revocations({ limit: 1 });
    // More than there is: it listened to a later copy of this folder, so nothing may be left out for it.
    const from = after === undefined ? latest : after > latest ? 0 : after;
    const listener: Listener = { response, sent: from };
    this.#listeners.add(listener);
    response.once('close', () => this.#listeners.delete(listener));
    response.on('drain', () => this.#tell(listener));
    response.writeHead(200, {
      'content-type': eventStreamMediaType,
      'cache-control': 'no-store',
      // Proxies that collect answers would keep the news.
      'x-accel-buffering': 'no',
    });
    const start: RevocationStreamStart = { latest };
    response.write(`retry: 3000\nevent: ${revocationEventName.ready}\ndata: ${JSON.stringify(start)}\n\n`);
    this.#tell(listener);
  }

  /** Ends every stream; their listeners come again elsewhere. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatching();
    clearInterval(this.#heartbeat);
    for (const { response } of this.#listeners) response.end();
  }

  #tellAll(): void {
    for (const listener of this.#listeners) this.#tell(listener);
  }

  /** A listener for which there is no news to be had comes again later. */
  #tell(listener: Listener): void {
    try {
      this.#send(listener);
    } catch (error) {
      this.#report(error);
      listener.response.end();
    }
  }

  #send(listener: Listener): void {
    const { response } = listener;
    while (!response.writableNeedDrain && !response.writableEnded) {
      const { revocations } = this.#face.revocations({ after: listener.sent, limit: pageSize });
      const last = revocations.at(-1);
      if (last === undefined) return;
      response.write(
        revocations
          .map(
            (notice) =>
              `id: ${notice.sequence}\nevent: ${revocationEventName.revocation}\ndata: ${JSON.stringify(notice)}\n\n`,
          )
          .join(''),
      );
      listener.sent = last.sequence;
    }
  }

  /** Not to one that does not read: only silence lets its connection time out. */
  #beat(): void {
    for (const { response } of this.#listeners) if (!response.writableNeedDrain) response.write(':\n\n');
  }
}
