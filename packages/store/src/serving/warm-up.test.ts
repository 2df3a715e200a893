import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { warmUp } from './warm-up.js';

test('a server that does not listen yet has answered one whole request, and holds no connection', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('well');
  });
  await warmUp(server);
  expect(asked).toEqual(['GET /health/live']);
  expect(server.listening).toBe(false);
  server.listen(0);
  await new Promise((resolve) => server.close(resolve));
});

test('a server that hangs up is no reason not to start', async () => {
  const server = createServer((request) => request.socket.destroy());
  await warmUp(server);
});
