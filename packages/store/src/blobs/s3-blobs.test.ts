import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeS3 } from './blob-fixtures.js';
import { blobName } from './blob-name.js';
import { S3Blobs } from './s3-blobs.js';
import { S3Client } from './s3-client.js';
import { S3Objects } from './s3-objects.js';
import { readS3Settings } from './s3-settings.js';

const clock = (): Date => new Date();
const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Stands between store and bucket, as a bad network does. The host it is asked for is part of what is signed, so it passes it on. */
class Front implements AsyncDisposable {
  /** What happens to the next requests, one each. */
  readonly mischief: ('cut-body' | 'hang-up' | '503' | 'flip')[] = [];
  readonly seen: string[] = [];
  readonly #target: URL;
  readonly #server: Server;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    this.seen.push(`${incoming.method} ${incoming.headers.range ?? ''}`.trim());
    const mischief = incoming.method === 'HEAD' ? undefined : this.mischief.shift();
    if (mischief === 'hang-up') {
      incoming.socket.destroy();
      return;
    }
    if (mischief === '503') {
      incoming.resume();
      outgoing.writeHead(503).end('<Error><Code>SlowDown</Code></Error>');
      return;
    }
    const onward = request(
      {
        host: this.#target.hostname,
        port: this.#target.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
        agent: false,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        let sent = 0;
        answer.on('data', (chunk: Buffer) => {
          if (mischief === 'flip' && sent === 0) chunk.writeUInt8(chunk.readUInt8(0) ^ 1, 0);
          sent += chunk.length;
          if (mischief === 'cut-body' && sent > 100_000) outgoing.destroy();
          else outgoing.write(chunk);
        });
        answer.on('end', () => outgoing.end());
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describeS3('blobs', (settings) => {
  let front: Front;
  let through: S3Blobs;
  beforeAll(async () => {
    front = new Front(settings.endpoint);
    through = await S3Blobs.open({ ...settings, endpoint: await front.listen() }, { clock });
  });
  afterAll(async () => {
    await through[Symbol.asyncDispose]();
    await front[Symbol.asyncDispose]();
  });

  test('a wrong secret, a wrong key and a bucket that is not there are refused by the server', async () => {
    for (const wrong of [
      { secretAccessKey: 'no such secret' },
      { accessKeyId: 'nobody' },
      { bucket: 'no-such-bucket-here' },
    ]) {
      await using blobs = await S3Blobs.open({ ...settings, ...wrong }, { clock });
      await expect(blobs.assertUsable()).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
      await expect(blobs.put(Buffer.from('x'))).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    }
  });

  test('the server takes no bytes other than those that were signed for', async () => {
    await using client = new S3Client(settings);
    const objects = new S3Objects(client);
    const sha256 = sha256Of(Buffer.from('what was meant'));
    const put = objects.put(blobName(sha256), {
      size: 14,
      sha256,
      body: () => Buffer.from('what was sent!'),
    });
    await expect(put).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    expect(await objects.stat(blobName(sha256))).toBeUndefined();
  });

  test('an object that is there is not written over where only its absence was meant', async () => {
    await using client = new S3Client(settings);
    const objects = new S3Objects(client);
    const write = (text: string) =>
      objects.put('conditional', {
        size: text.length,
        sha256: sha256Of(Buffer.from(text)),
        body: () => Buffer.from(text),
        onlyIfAbsent: true,
      });
    await write('first');
    const { etag } = (await objects.stat('conditional')) ?? {};
    await write('second');
    expect((await objects.stat('conditional'))?.etag).toBe(etag);
  });

  test('a large file goes up in parts and comes back whole', async () => {
    await using blobs = await S3Blobs.open(settings, { clock });
    const block = randomBytes(1024 * 1024);
    async function* large(): AsyncIterable<Buffer> {
      for (let index = 0; index < 70; index += 1) {
        block.writeUInt32BE(index, 0);
        yield Buffer.from(block);
      }
    }
    await using received = await blobs.receive(large(), { maxBytes: 100 * 1024 * 1024 });
    await received.keep();
    const opened = await blobs.open(received.sha256);
    const hash = createHash('sha256');
    for await (const chunk of opened?.read() ?? []) hash.update(chunk as Buffer);
    expect(hash.digest('hex')).toBe(received.sha256);
  });

  test('a list goes on past a thousand', async () => {
    await using client = new S3Client(settings);
    const objects = new S3Objects(client);
    const body = () => Buffer.from('x');
    const put = (index: number) =>
      objects.put(`many/${String(index).padStart(5, '0')}`, { size: 1, sha256: sha256Of(body()), body });
    for (let from = 0; from < 1_050; from += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, index) => put(from + index)));
    }
    let count = 0;
    for await (const { name } of objects.list('many/')) {
      expect(name).toBe(`many/${String(count).padStart(5, '0')}`);
      count += 1;
    }
    expect(count).toBe(1_050);
  });

  test('a busy server and a lost connection are tried again, a bounded number of times', async () => {
    front.mischief.push('503', 'hang-up');
    const { sha256 } = await through.put(Buffer.from('after two failures'));
    expect(await through.stat(sha256)).toBeDefined();
    front.mischief.push('503', '503', '503', '503', '503');
    await expect(through.put(Buffer.from('never'))).rejects.toMatchObject({
      code: 'BLOB_STORE_UNAVAILABLE',
      status: 503,
    });
    expect(front.mischief.splice(0)).toEqual(['503']);
  });

  test('an answer that breaks off is gone on with where it broke', async () => {
    const bytes = randomBytes(900_000);
    const { sha256 } = await through.put(bytes);
    front.mischief.push('cut-body', 'cut-body');
    front.seen.length = 0;
    const chunks: Buffer[] = [];
    for await (const chunk of (await through.open(sha256))?.read() ?? []) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    const ranges = front.seen.filter((line) => line.startsWith('GET'));
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBe('GET bytes=0-899999');
    expect(ranges[2]).toMatch(/^GET bytes=[1-9]\d*-899999$/);
  });

  test('an answer that breaks off again and again ends with an error, not early', async () => {
    const { sha256 } = await through.put(randomBytes(900_000));
    front.mischief.push('cut-body', 'cut-body', 'cut-body', 'cut-body', 'cut-body', 'cut-body');
    const reading = (async () => {
      for await (const _ of (await through.open(sha256))?.read() ?? []);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'BLOB_STORE_UNAVAILABLE' });
    front.mischief.length = 0;
  });

  test('bytes that changed on the way are not handed out to the end', async () => {
    const bytes = randomBytes(300_000);
    const { sha256 } = await through.put(bytes);
    front.mischief.push('flip');
    let received = 0;
    const reading = (async () => {
      for await (const chunk of (await through.open(sha256))?.read() ?? [])
        received += (chunk as Buffer).length;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'BLOB_CORRUPT' });
    expect(received).toBeLessThan(bytes.length);
  });
});

test('settings are all there or none, and no secret is repeated', () => {
  expect(readS3Settings({})).toBeUndefined();
  const whole = {
    S3_ENDPOINT: 'https://s3.example/',
    S3_BUCKET: 'plugins',
    S3_ACCESS_KEY_ID: 'key',
    S3_SECRET_ACCESS_KEY: 'very secret',
  };
  expect(readS3Settings({ ...whole, S3_PREFIX: '/a/b/' })).toEqual({
    endpoint: 'https://s3.example',
    bucket: 'plugins',
    region: 'us-east-1',
    accessKeyId: 'key',
    secretAccessKey: 'very secret',
    prefix: 'a/b/',
  });
  for (const wrong of [
    { S3_ENDPOINT: '' },
    { S3_ENDPOINT: 'ftp://x' },
    { S3_BUCKET: 'A' },
    { S3_PREFIX: 'a b' },
    { S3_ACCESS_KEY_ID: undefined },
  ]) {
    let thrown: unknown;
    try {
      readS3Settings({ ...whole, ...wrong });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'StoreError', code: 'S3_SETTINGS_MALFORMED' });
    expect(String(thrown)).not.toContain('very secret');
  }
});
