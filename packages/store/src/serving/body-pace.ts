import type { FastifyReply, FastifyRequest } from 'fastify';
import { StoreError } from '../error.js';
import { sendProblem } from './problem-reply.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Bodies of this route may take hours, as long as something comes. */
    takesLongBody?: boolean;
  }
}

/** How quickly bodies have to come. */
export interface BodyPace {
  /** A body has to be whole within this time… */
  readonly requestMs: number;
  /** …but where a route takes long ones, so many bytes in each of these intervals are enough. */
  readonly minBytes: number;
  readonly everyMs: number;
}

/**
 * Hangs up on bodies that come too slowly to be meant, so that nobody holds what others need by sending a byte now and then. Node has one
 * time for all requests, which uploads would need hours of.
 */
export function holdToPace(request: FastifyRequest, reply: FastifyReply, pace: BodyPace): void {
  const { raw } = request;
  if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return;
  const isLong = request.routeOptions.config.takesLongBody === true;
  const { socket } = raw;
  let readBefore = socket.bytesRead;
  const look = (): void => {
    const read = socket.bytesRead - readBefore;
    readBefore = socket.bytesRead;
    // What waits because it is not taken here is no fault of its sender.
    if (isLong && (read >= pace.minBytes || isHeldBack(request))) return;
    stop();
    tooSlow(request, reply);
  };
  const timer = setInterval(look, isLong ? pace.everyMs : pace.requestMs).unref();
  const stop = (): void => clearInterval(timer);
  raw.once('end', stop);
  raw.once('close', stop);
}

function isHeldBack({ raw }: FastifyRequest): boolean {
  return raw.readableLength >= raw.readableHighWaterMark || raw.isPaused();
}

function tooSlow(request: FastifyRequest, reply: FastifyReply): void {
  const error = new StoreError('BODY_TOO_SLOW', 'The body came too slowly.');
  if (!reply.sent && !reply.raw.headersSent) {
    reply.header('connection', 'close');
    sendProblem(error, request, reply);
  }
  // Whoever reads the body is told as well, once the answer is on its way.
  setImmediate(() => request.raw.destroy(error));
}
