import { once } from 'node:events';
import type { Server } from 'node:http';
import { duplexPair } from 'node:stream';

const request = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/**
 * Lets a server answer a request before it has a network. It seems that V8 settles the layout of the objects of requests by the first few it sees:
 * where those are sixty-four half-made ones, because load was there from the first moment, every later request takes a fifth longer for as
 * long as the process lives (docs/decisions/0009-a-server-that-has-rested.md).
 */
export async function warmUp(server: Server): Promise<void> {
  const [ours, theirs] = duplexPair();
  const closed = once(theirs, 'close');
  server.emit('connection', theirs);
  ours.resume().end(request);
  await closed;
}
