import { expect, test } from 'vitest';
import { createNetwork } from './network.js';
import { createTestTimer, serve } from './test-server-fixtures.js';

function record() {
  const heads: string[] = [];
  return { heads, sent: (head: string) => heads.push(head), answered: (head: string) => heads.push(head) };
}

test('an exchange is heard as it was really sent, without what only the two may know', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, 'Fine', { 'x-real': 'yes', 'set-cookie': 'session=secret' }).end('1');
  });
  await using network = createNetwork({ language: 'fr', userAgent: 'jpl-test' });
  const seen = record();
  await network.getJson(`${server.url}a?b=c`, { observe: seen });
  const [sent = '', answered = ''] = seen.heads;
  const { host } = new URL(server.url);
  expect(sent.split('\n')).toEqual([
    'GET /a?b=c HTTP/1.1',
    `host: ${host}`,
    'connection: keep-alive',
    'user-agent: jpl-test',
    'accept-encoding: identity',
    'accept: application/json',
    'accept-language: fr',
  ]);
  expect(answered).toMatch(/^HTTP\/1\.1 200 Fine\nx-real: yes\nset-cookie: \(not shown\)\n/);
  expect(seen.heads.join()).not.toContain('secret');
});

test('each hears its own exchange, retries and redirects included, and nobody those of others', async () => {
  let failures = 1;
  await using server = await serve((request, response) => {
    if (request.url === '/again' && failures-- > 0) response.writeHead(503).end();
    else if (request.url === '/moved') response.writeHead(302, { location: '/target' }).end();
    else response.end('1');
  });
  await using network = createNetwork({ timer: createTestTimer(25_000) });
  const [again, moved] = [record(), record()];
  await Promise.all([
    network.getJson(`${server.url}again`, { observe: again }),
    network.getJson(`${server.url}moved`, { observe: moved }),
    network.getJson(`${server.url}target`),
    network.getJson(`${server.url}other`),
  ]);
  const starts = (heads: string[]) => heads.map((head) => head.split('\n')[0]);
  expect(starts(again.heads)).toEqual([
    'GET /again HTTP/1.1',
    'HTTP/1.1 503 Service Unavailable',
    'GET /again HTTP/1.1',
    'HTTP/1.1 200 OK',
  ]);
  expect(starts(moved.heads)).toEqual([
    'GET /moved HTTP/1.1',
    'HTTP/1.1 302 Found',
    'GET /target HTTP/1.1',
    'HTTP/1.1 200 OK',
  ]);
});
