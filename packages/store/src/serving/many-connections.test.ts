import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createServer, serve } from './server.js';
import { askRaw } from './serving-fixtures.js';

/** A long run: `JPL_CONNECTIONS=10000 npx vitest run packages/store/src/serving/many-connections.test.ts` (20,000 open files). */
const count = Number(process.env.JPL_CONNECTIONS ?? 400);

test('many who open a connection and say little or nothing keep nobody waiting, and are hung up on', async () => {
  const headersMs = Math.max(2_000, count / 2);
  const app = createServer({ limits: { headersMs, idleMs: headersMs, checkMs: 100 } });
  serve(app, [{ path: '/', handle: async (_, reply) => reply.send('there') }]);
  await app.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  const { port } = app.server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const ended: Promise<unknown>[] = [];
  for (let number = 0; number < count; number += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    ended.push(once(socket.resume(), 'close'));
    await once(socket, 'connect');
    // One in three says nothing at all, the others begin a request and stop.
    if (number % 3 > 0) socket.write(number % 3 === 1 ? 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: ' : 'G');
  }
  const begun = performance.now();
  const { status, body } = await askRaw(port, { path: '/' });
  expect([status, body.toString()]).toEqual([200, 'there']);
  expect(performance.now() - begun).toBeLessThan(2_000);
  await Promise.all(ended);
  expect(sockets.every(({ destroyed }) => destroyed)).toBe(true);
  expect((await askRaw(port, { path: '/' })).status).toBe(200);
  await app.close();
});
