import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { jpl } from '../cli-fixtures.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jpl-upload-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('sends the whole of a small package over a connection that has yet to be made', async () => {
  const bytes = randomBytes(3_000);
  await writeFile(join(folder, 'Small.jpl'), bytes);
  let arrived: Buffer | undefined;
  const stopper = new AbortController();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    // So that the part that follows finds no connection that stands.
    response.shouldKeepAlive = false;
    response.setHeader('content-type', 'application/json');
    if (request.method === 'POST') {
      const { size, sha256 } = JSON.parse(Buffer.concat(chunks).toString());
      const record = { id: 'a'.repeat(16), size, sha256, offset: 0, expiresAt: new Date().toISOString() };
      response.writeHead(201).end(JSON.stringify({ ...record, maxPartBytes: size }));
      return;
    }
    arrived = Buffer.concat(chunks);
    // That is all there was to see.
    stopper.abort();
    response.writeHead(503).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const store = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const env = { JPL_TOKEN: `jpl_${'a'.repeat(16)}_${'b'.repeat(64)}` };
    await jpl({ cwd: folder, env, signal: stopper.signal }, 'publish', 'Small.jpl', '--store', store);
    expect(arrived?.equals(bytes)).toBe(true);
  } finally {
    server.close();
  }
});
