import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, readdir, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeOnBlobStores } from '../blobs/blob-fixtures.js';
import { linux, ServedStore } from './serving-fixtures.js';

const bytes = randomBytes(700_000);

describeOnBlobStores('a download', (openBlobs) => {
  let served: ServedStore;
  let record: { readonly sha256: string };
  const path = `/download/${linux}/Foo`;
  beforeAll(async () => {
    served = await ServedStore.open({ openBlobs });
    record = await served.publish(bytes, { id: 'Foo' });
  });
  afterAll(() => served[Symbol.asyncDispose]());

  test('is the package, with what a client needs to check and resume it', async () => {
    const { status, headers, body } = await served.ask(path);
    expect(status).toBe(200);
    expect(body.equals(bytes)).toBe(true);
    expect(headers).toMatchObject({
      'content-length': String(bytes.length),
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="Foo.jpl"',
      'content-location': `/blobs/sha256/${record.sha256}`,
      'cache-control': 'public, no-cache',
      'accept-ranges': 'bytes',
      etag: `"${record.sha256}"`,
      'repr-digest': `sha-256=:${Buffer.from(record.sha256, 'hex').toString('base64')}:`,
      'content-digest': `sha-256=:${Buffer.from(record.sha256, 'hex').toString('base64')}:`,
      'x-content-type-options': 'nosniff',
    });
  });

  test('by digest may be kept for ever', async () => {
    const { status, headers, body } = await served.ask(`/blobs/sha256/${record.sha256}`);
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(body.equals(bytes)).toBe(true);
  });

  test('answers HEAD with the header fields of GET and no body', async () => {
    const get = await served.ask(path);
    const head = await served.ask(path, {}, 'HEAD');
    expect(head.status).toBe(200);
    expect(head.body.length).toBe(0);
    for (const name of ['content-length', 'etag', 'repr-digest', 'content-type', 'accept-ranges'])
      expect(head.headers[name]).toBe(get.headers[name]);
  });

  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=100-199', 100, 199],
    ['Bytes=100-199', 100, 199],
    ['bytes= ,100-199', 100, 199],
    ['bytes=699999-', 699_999, 699_999],
    ['bytes=699000-99999999999999999999999', 699_000, 699_999],
    ['bytes=-1', 699_999, 699_999],
    ['bytes=-700001', 0, 699_999],
    ['bytes=0-', 0, 699_999],
  ])('Range %s is a part', async (range, first, last) => {
    const { status, headers, body } = await served.ask(path, { range });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${first}-${last}/${bytes.length}`);
    expect(headers['content-length']).toBe(String(last - first + 1));
    expect(headers['repr-digest']).toMatch(/^sha-256=:/);
    expect(headers['content-digest']).toBeUndefined();
    expect(body.equals(bytes.subarray(first, last + 1))).toBe(true);
  });

  test.each(['bytes=700000-', 'bytes=9999999-10000000', 'bytes=-0'])('Range %s is 416', async (range) => {
    const { status, headers, body } = await served.ask(path, { range });
    expect(status).toBe(416);
    expect(headers['content-range']).toBe('bytes */700000');
    expect(headers['cache-control']).toBe('no-store');
    expect([headers['repr-digest'], headers['content-digest']]).toEqual([undefined, undefined]);
    expect(JSON.parse(body.toString())).toMatchObject({ code: 'RANGE_NOT_SATISFIABLE', status: 416 });
  });

  test.each([
    'bytes=5-4',
    'bytes=a-b',
    'bytes=--1',
    'bytes=',
    'bytes=-',
    'lines=0-1',
    'bytes=0-1,5-6',
    '0-1',
  ])('Range %s is ignored, as RFC 9110 14.2 allows', async (range) => {
    const { status, body } = await served.ask(path, { range });
    expect(status).toBe(200);
    expect(body.length).toBe(bytes.length);
  });

  test('a HEAD has no range', async () => {
    const { status, headers } = await served.ask(path, { range: 'bytes=0-9' }, 'HEAD');
    expect(status).toBe(200);
    expect(headers['content-range']).toBeUndefined();
  });

  test('If-Range lets the range count only for the very same bytes', async () => {
    const range = 'bytes=10-19';
    const same = await served.ask(path, { range, 'if-range': `"${record.sha256}"` });
    expect(same.status).toBe(206);
    for (const ifRange of ['"other"', `W/"${record.sha256}"`, 'Wed, 02 Jan 2030 03:04:05 GMT', ''])
      expect((await served.ask(path, { range, 'if-range': ifRange })).status).toBe(200);
  });

  test('an unsatisfiable range is no error when If-Range fails', async () => {
    const answer = await served.ask(path, { range: 'bytes=9999999-', 'if-range': '"other"' });
    expect(answer.status).toBe(200);
  });

  test('If-None-Match: 304 without a body, before any range', async () => {
    const etag = `"${record.sha256}"`;
    for (const wish of [etag, `W/${etag}`, `"x" , ${etag}`, '*', `"a,b",${etag}`]) {
      const { status, headers, body } = await served.ask(path, { 'if-none-match': wish, range: 'bytes=0-9' });
      expect(status).toBe(304);
      expect(body.length).toBe(0);
      expect(headers.etag).toBe(etag);
      expect(headers['content-type']).toBeUndefined();
    }
    for (const wish of ['"other"', record.sha256, '""', 'W/'])
      expect((await served.ask(path, { 'if-none-match': wish })).status).toBe(200);
  });

  test('If-Match: 412 unless it names the strong tag', async () => {
    const etag = `"${record.sha256}"`;
    for (const wish of [etag, '*', `"x",${etag}`])
      expect((await served.ask(path, { 'if-match': wish })).status).toBe(200);
    for (const wish of ['"other"', `W/${etag}`]) {
      const { status, body } = await served.ask(path, { 'if-match': wish });
      expect(status).toBe(412);
      expect(JSON.parse(body.toString()).code).toBe('PRECONDITION_FAILED');
    }
  });
});

describe('bytes that are not the ones published any more', () => {
  const pathOf = (served: ServedStore, sha256: string) =>
    join(served.blobs.place, 'sha256', sha256.slice(0, 2), sha256);

  test('longer: 500, not a byte of it', async () => {
    await using served = await ServedStore.open();
    const { sha256 } = await served.publish(bytes, { id: 'Foo' });
    await appendFile(pathOf(served, sha256), 'x');
    for (const path of [`/download/${linux}/Foo`, `/blobs/sha256/${sha256}`]) {
      const { status, body } = await served.ask(path);
      expect([status, JSON.parse(body.toString()).code]).toEqual([500, 'BLOB_CORRUPT']);
    }
  });

  test('other bytes of the same length: 500 as soon as they are read as a whole', async () => {
    await using served = await ServedStore.open();
    const { sha256 } = await served.publish(bytes, { id: 'Foo' });
    await writeFile(pathOf(served, sha256), randomBytes(bytes.length));
    await served.ask(`/download/${linux}/Foo`, { 'if-none-match': '*' });
    const { status, body } = await served.ask(`/download/${linux}/Foo`);
    expect([status, JSON.parse(body.toString()).code]).toEqual([500, 'BLOB_CORRUPT']);
  });

  test('gone: 500 with its own code, and the path is not told', async () => {
    await using served = await ServedStore.open();
    const { sha256 } = await served.publish(bytes, { id: 'Foo' });
    await rm(pathOf(served, sha256));
    const { status, body } = await served.ask(`/download/${linux}/Foo`);
    expect([status, JSON.parse(body.toString()).code]).toEqual([500, 'BLOB_CORRUPT']);
    expect(body.toString()).not.toContain(served.blobs.place);
  });
});

describe('what was taken back', () => {
  const state = async (served: ServedStore, paths: readonly string[]) =>
    await Promise.all(
      paths.map(async (path) => {
        const { status, body } = await served.ask(path);
        return status === 200 ? 200 : `${status} ${JSON.parse(body.toString()).code}`;
      }),
    );

  test('revoked, or in doubt: served in no way', async () => {
    for (const mark of ['revoked_at', 'suspended_at'] as const) {
      await using served = await ServedStore.open();
      const { sha256, number, plugin } = await served.publish(bytes, { id: 'Foo', version: '1.0' });
      const paths = [
        `/download/${linux}/Foo`,
        `/download/${linux}/Foo?version=1.0`,
        `/blobs/sha256/${sha256}`,
      ];
      expect(await state(served, paths)).toEqual([200, 200, 200]);
      await served.change(plugin, (tx) =>
        tx
          .updateTable('packages')
          .set({ [mark]: 1 })
          .where('number', '=', number)
          .execute(),
      );
      expect(await state(served, paths)).toEqual([
        '404 PLUGIN_NOT_FOUND',
        '404 PLUGIN_NOT_FOUND',
        '404 BLOB_NOT_FOUND',
      ]);
    }
  });

  test('yanked: never offered, there for who asks for exactly it', async () => {
    await using served = await ServedStore.open();
    await served.publish(Buffer.from('one'), { id: 'Foo', version: '1.0' });
    const two = await served.publish(Buffer.from('two'), { id: 'Foo', version: '2.0' });
    const exactly = [`/download/${linux}/Foo?version=2.0`, `/blobs/sha256/${two.sha256}`];
    await served.change(two.plugin, (tx) =>
      tx.updateTable('releases').set({ yanked_at: 1 }).where('number', '=', two.release).execute(),
    );
    expect((await served.ask(`/download/${linux}/Foo`)).body.toString()).toBe('one');
    expect(await state(served, exactly)).toEqual([200, 200]);
    expect((await served.ask(`/download/${linux}/Foo?version=2.0.0`)).body.toString()).toBe('two');
    expect(
      await state(served, [
        `/download/${linux}/Foo?version=3.0`,
        '/download/iphone/Foo?version=1.0',
        `/download/${linux}/Foo?version=newest`,
        `/download/${linux}/Foo?version=1.0&version=2.0`,
      ]),
    ).toEqual([
      '404 RELEASE_NOT_FOUND',
      '404 PLATFORM_NOT_OFFERED',
      '400 REQUEST_MALFORMED',
      '400 REQUEST_MALFORMED',
    ]);
  });

  test('expired: never offered, there for who asks for exactly it', async () => {
    await using served = await ServedStore.open();
    const { sha256 } = await served.publish(bytes, { id: 'Foo', version: '1.0' });
    served.at = new Date('2031-01-01T00:00:00.000Z');
    expect(
      await state(served, [
        `/download/${linux}/Foo`,
        `/download/${linux}/Foo?version=1.0`,
        `/blobs/sha256/${sha256}`,
      ]),
    ).toEqual(['404 PLUGIN_NOT_FOUND', 200, 200]);
  });
});

describe('a large download', () => {
  const large = randomBytes(24 * 1024 * 1024);
  const blobPath = (served: ServedStore, sha256: string) =>
    join(served.blobs.place, 'sha256', sha256.slice(0, 2), sha256);

  // Connections that stay: on one that closes, the end of the connection would tell.
  const agent = new Agent({ keepAlive: true });
  afterAll(() => agent.destroy());

  /** A download of which only the first bytes are read. */
  async function begin(served: ServedStore): Promise<IncomingMessage> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: served.port,
        path: `/download/${linux}/Large`,
        agent,
      };
      get(options, resolve).on('error', reject);
    });
    answer.on('error', () => {});
    await new Promise((resolve) => answer.once('readable', resolve));
    return answer;
  }

  /** How often this process has a file open. */
  async function openFiles(path: string): Promise<number> {
    const links = (await readdir('/proc/self/fd')).map((fd) =>
      readlink(`/proc/self/fd/${fd}`).catch(() => ''),
    );
    return (await Promise.all(links)).filter((link) => link === path).length;
  }

  const read = async (answer: IncomingMessage) => {
    let length = 0;
    for await (const chunk of answer) length += (chunk as Buffer).length;
    return length;
  };

  test('of a file that shrinks meanwhile is cut off, never left waiting nor taken for whole', async () => {
    await using served = await ServedStore.open();
    const record = await served.publish(large, { id: 'Large' });
    const answer = await begin(served);
    await truncate(blobPath(served, record.sha256), 1000);
    await expect(read(answer)).rejects.toThrow('aborted');
  });

  test.runIf(existsSync('/proc/self/fd'))('that the reader gives up leaves no file open', async () => {
    await using served = await ServedStore.open();
    const record = await served.publish(large, { id: 'Large' });
    const path = blobPath(served, record.sha256);
    const answers = await Promise.all([1, 2, 3, 4].map(() => begin(served)));
    expect(await openFiles(path)).toBe(4);
    for (const answer of answers) answer.destroy();
    await vi.waitFor(async () => expect(await openFiles(path)).toBe(0), { timeout: 5_000 });
    for (const headers of [{ 'if-none-match': '*' }, { range: 'bytes=99999999-' }, { 'if-match': '"x"' }])
      await served.ask(`/download/${linux}/Large`, headers);
    await served.ask(`/download/${linux}/Large`, {}, 'HEAD');
    await vi.waitFor(async () => expect(await openFiles(path)).toBe(0), { timeout: 5_000 });
  });

  test.runIf(existsSync('/proc/self/fd'))('that is pipelined behind another holds no file', async () => {
    await using served = await ServedStore.open();
    const record = await served.publish(large, { id: 'Large' });
    const path = blobPath(served, record.sha256);
    const socket = connect(served.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET /download/${linux}/Large HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(20));
    await once(socket, 'readable');
    // An answer that comes after the pipelined requests were taken up.
    await served.ask('/nothing');
    expect(await openFiles(path)).toBe(1);
    socket.destroy();
    await vi.waitFor(async () => expect(await openFiles(path)).toBe(0), { timeout: 5_000 });
  });

  test('may be pipelined, each whole and in its turn', async () => {
    await using served = await ServedStore.open();
    await served.publish(Buffer.from('first package'), { id: 'A' });
    await served.publish(Buffer.from('second package'), { id: 'B' });
    const socket = connect(served.port, '127.0.0.1');
    const ask = (id: string, end = '') => `GET /download/${linux}/${id} HTTP/1.1\r\nHost: x\r\n${end}\r\n`;
    socket.write(ask('A') + ask('B') + ask('A', 'Connection: close\r\n'));
    const bodies = (await text(socket)).match(/first package|second package/g);
    expect(bodies).toEqual(['first package', 'second package', 'first package']);
  });
});

test('what is not here is 404 with its exact reason', async () => {
  await using served = await ServedStore.open();
  await served.publish(bytes, { id: 'Foo' });
  const codeOf = async (path: string) => {
    const { status, headers, body } = await served.ask(path);
    expect(headers['content-type']).toBe('application/problem+json');
    return [status, JSON.parse(body.toString()).code];
  };
  expect(await codeOf(`/download/${linux}/Bar`)).toEqual([404, 'PLUGIN_NOT_FOUND']);
  expect(await codeOf(`/download/${linux}/foo`)).toEqual([404, 'PLUGIN_NOT_FOUND']);
  expect(await codeOf('/download/x64-windows/Foo')).toEqual([404, 'PLATFORM_NOT_OFFERED']);
  expect(await codeOf(`/blobs/sha256/${'0'.repeat(64)}`)).toEqual([404, 'BLOB_NOT_FOUND']);
  expect(await codeOf('/blobs/sha256/XYZ')).toEqual([400, 'DIGEST_MALFORMED']);
});
