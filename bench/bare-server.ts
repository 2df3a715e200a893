/**
 * The floor of an HTTP server in Node: answers every request with the bytes and headers of one answer, kept in memory.
 * `bare-server.js FILE`, where FILE holds `{ status, headers: [name, value, …], body: <base64> }`.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const {
  status,
  headers,
  body: text,
} = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as {
  status: number;
  headers: string[];
  body: string;
};
const body = Buffer.from(text, 'base64');

const server = createServer((request, response) => {
  const answer = (): void => {
    response.writeHead(status, headers);
    response.end(body);
  };
  if (request.method === 'GET') {
    answer();
    return;
  }
  request.on('data', () => undefined);
  request.once('end', answer);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ ready: true, url: `http://127.0.0.1:${port}` })}\n`);
});
