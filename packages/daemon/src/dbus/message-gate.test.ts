import { once } from 'node:events';
import { createServer, type Server, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MessageGate } from './message-gate.js';

const limits = { maxBodyBytes: 100, maxFieldBytes: 64, maxGreetingBytes: 32 };

async function accepted(): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket];
  return socket.on('error', () => undefined);
}

/** A message of a given order: 16 fixed bytes, fields padded to eight, body. */
function message(isLittle: boolean, fields: Buffer, body: Buffer): Buffer {
  const head = Buffer.alloc(16);
  head.write(isLittle ? 'l' : 'B');
  head.writeUInt8(1, 3);
  for (const [at, value] of [
    [4, body.length],
    [8, 7],
    [12, fields.length],
  ] as const)
    isLittle ? head.writeUInt32LE(value, at) : head.writeUInt32BE(value, at);
  const padding = Buffer.alloc((8 - (fields.length % 8)) % 8);
  return Buffer.concat([head, fields, padding, body]);
}

let server: Server;
let gate: MessageGate;
let bus: Socket;

beforeEach(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = new Socket().connect(port, '127.0.0.1');
  bus = await accepted();
  gate = new MessageGate(socket, limits);
});
afterEach(() => {
  gate.destroy();
  server.close();
});

async function sentThrough(chunks: readonly Buffer[]): Promise<Buffer> {
  gate.write('BEGIN\r\n');
  await once(bus, 'data');
  const out: Buffer[] = [];
  gate.on('data', (chunk: Buffer) => out.push(chunk));
  for (const chunk of chunks) bus.write(chunk);
  bus.end();
  await once(gate, 'end');
  return Buffer.concat(out);
}

describe('the gate', () => {
  it('passes a greeting unread, within bounds', async () => {
    const out = new PassThrough();
    gate.pipe(out);
    bus.write('OK 0123\r\n');
    const [line] = (await once(out, 'data')) as [Buffer];
    expect(line.toString()).toBe('OK 0123\r\n');
    bus.write('x'.repeat(40));
    const [error] = (await once(gate, 'error')) as [Error];
    expect(error.message).toContain('greets without end');
  });

  it.each([true, false])('lets a body that is too long go, little-endian: %s', async (isLittle) => {
    const fields = Buffer.from('fields!');
    const small = message(isLittle, fields, Buffer.from('body'));
    const large = message(isLittle, fields, Buffer.alloc(1_000_000, 'x'));
    expect(await sentThrough([small, large, small])).toEqual(
      Buffer.concat([small, message(isLittle, fields, Buffer.alloc(0)), small]),
    );
  });

  it('drops a message whose header is too long', async () => {
    const small = message(true, Buffer.from('f'), Buffer.from('body'));
    const large = message(true, Buffer.alloc(1_000_001, 'x'), Buffer.alloc(2_000_000, 'y'));
    expect(await sentThrough([small, large, small])).toEqual(Buffer.concat([small, small]));
  });

  it('holds no more of a message than it passes on, however long it says to be', async () => {
    gate.write('BEGIN\r\n');
    await once(bus, 'data');
    gate.resume();
    const endless = message(true, Buffer.from('f'), Buffer.alloc(0));
    endless.writeUInt32LE(0xffff_ffff, 4);
    bus.write(endless);
    const before = process.memoryUsage().arrayBuffers;
    const chunk = Buffer.alloc(1024 * 1024);
    for (let sent = 0; sent < 64; sent += 1) if (!bus.write(chunk)) await once(bus, 'drain');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
  });

  it('stops reading while it is held', async () => {
    gate.write('BEGIN\r\n');
    await once(bus, 'data');
    let received = 0;
    gate.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    gate.hold(true);
    const chunk = message(true, Buffer.from('f'), Buffer.alloc(100));
    const all = Buffer.concat(Array.from({ length: 100_000 }, () => chunk));
    bus.write(all);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    expect(received).toBe(0);
    expect(bus.writableLength).toBeGreaterThan(0);
    gate.hold(false);
    while (received < all.length) await once(gate, 'data');
  });
});

describe('the gate, whatever the chunks', () => {
  it('passes the same bytes', async () => {
    const one = fc.record({
      isLittle: fc.boolean(),
      fields: fc.nat(100),
      body: fc.nat(300),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 8 }), fc.array(fc.nat(500)), async (messages, cuts) => {
        const { port } = server.address() as { port: number };
        const socket = new Socket().connect(port, '127.0.0.1');
        bus = await accepted();
        gate = new MessageGate(socket, limits);
        const made = messages.map(({ isLittle, fields, body }) => ({
          fields,
          whole: message(isLittle, Buffer.alloc(fields, 'f'), Buffer.alloc(body, 'b')),
          cut: message(isLittle, Buffer.alloc(fields, 'f'), Buffer.alloc(body > 100 ? 0 : body, 'b')),
        }));
        const all = Buffer.concat(made.map(({ whole }) => whole));
        const expected = made.filter(({ fields }) => fields <= 64).map(({ cut }) => cut);
        const points = [0, ...cuts.filter((cut) => cut < all.length).sort((a, b) => a - b), all.length];
        const chunks = points.slice(1).map((to, at) => all.subarray(points[at], to));
        expect(await sentThrough(chunks)).toEqual(Buffer.concat(expected));
        gate.destroy();
      }),
      { numRuns: 60 },
    );
  });
});
