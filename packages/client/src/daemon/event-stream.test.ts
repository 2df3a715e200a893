import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ClientError } from '../error.js';
import { readEventStream, type ServerSentEvent } from './event-stream.js';

async function read(chunks: Iterable<Buffer>): Promise<ServerSentEvent[]> {
  const events: ServerSentEvent[] = [];
  const bytes = async function* () {
    yield* chunks;
  };
  for await (const event of readEventStream(bytes())) events.push(event);
  return events;
}

const stream = [
  ': welcome',
  'retry: 1000',
  '',
  'id: a-1',
  'event: installed',
  'data: {"é":',
  'data:1}',
  '',
  'data',
  '',
  'event: nothing',
  '',
  'id: a\0b',
  'data:  two spaces',
  '',
  'data: cut off',
];
const expected = [
  { type: 'installed', data: '{"é":\n1}', lastEventId: 'a-1' },
  { type: 'message', data: '', lastEventId: 'a-1' },
  { type: 'message', data: ' two spaces', lastEventId: 'a-1' },
];

test.each(['\n', '\r\n', '\r'])('reads messages with the line end %j, however they are cut', async (end) => {
  const bytes = Buffer.from(stream.join(end));
  expect(await read([bytes])).toEqual(expected);
  expect(await read(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(expected);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length)), async (cuts) => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
      expect(await read(chunks)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

test('bounds what it keeps', async () => {
  const endless = function* (text: string) {
    for (let count = 0; count < 2000; count += 1) yield Buffer.from(text);
  };
  for (const text of ['x'.repeat(1000), `data: ${'x'.repeat(1000)}\n`]) {
    await expect(read(endless(text))).rejects.toMatchObject({ code: 'DAEMON_ANSWER_INVALID' });
  }
});

test('refuses what is not UTF-8, and fails in no other way', async () => {
  await expect(read([Buffer.from([0xff])])).rejects.toMatchObject({ code: 'DAEMON_ANSWER_INVALID' });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array()), async (chunks) => {
      try {
        await read(chunks.map((chunk) => Buffer.from(chunk)));
      } catch (error) {
        expect(error).toBeInstanceOf(ClientError);
      }
    }),
  );
});
