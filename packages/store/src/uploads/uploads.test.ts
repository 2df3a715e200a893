import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { publishingPaths } from '@jami-plugin-store/contract';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeOnBoth } from '../database/database-fixtures.js';
import { FixtureCa, type Publisher } from '../judging/package-fixtures.js';
import { PublishingPlace, type Reply } from '../publishing/publishing-fixtures.js';

let ca: FixtureCa;
let acme: Publisher;
let other: Publisher;
beforeAll(async () => {
  ca = await FixtureCa.create();
  [acme, other] = await Promise.all([ca.publisher('Acme'), ca.publisher('Other')]);
});
afterAll(() => ca[Symbol.asyncDispose]());

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const codeOf = ({ status, json }: Reply) => `${status} ${json?.code ?? json?.state ?? ''}`.trim();

/** A store, a publisher with its token, and a package of about half a megabyte. */
async function prepared(options: Partial<Parameters<typeof PublishingPlace.open>[0]> = {}) {
  const place = await PublishingPlace.open({ ca, uploadLimits: { partBytes: 64 * 1024 }, ...options });
  const { token } = await place.publisher(acme);
  const bytes = await place.package(acme, { id: 'Foo', files: { 'data/noise': randomBytes(500_000) } });
  const begin = (size = bytes.length, sha256 = sha256Of(bytes)) =>
    place.call('POST', publishingPaths.uploads, { token, body: { size, sha256 } });
  const patch = (id: string, offset: number, body: Buffer, by = token) =>
    place.call('PATCH', publishingPaths.upload(id), {
      token: by,
      headers: { 'upload-offset': String(offset), 'content-type': 'application/partial-upload' },
      body,
    });
  return { place, token, bytes, begin, patch };
}

/** Sends the head of a PATCH that announces everything, some of its bytes, and hangs up. */
function cutOff(
  port: number,
  id: string,
  token: string,
  offset: number,
  announced: number,
  sent: Buffer,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(
        `PATCH ${publishingPaths.upload(id)} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n` +
          `upload-offset: ${offset}\r\ncontent-length: ${announced}\r\n\r\n`,
      );
      socket.write(sent, () => socket.destroy());
    });
    socket.on('error', reject).on('close', () => resolve());
  });
}

test('an upload cut at every tenth of its length goes on where it was, and ends as if it had never been cut', async () => {
  const { place, token, bytes, begin } = await prepared();
  await using _place = place;
  const { json } = await begin();
  expect(json).toMatchObject({ offset: 0, size: bytes.length });
  const tenth = Math.ceil(bytes.length / 10);
  for (let part = 1; part < 10; part += 1) {
    const before = (await begin()).json.offset;
    const until = part * tenth;
    await cutOff(place.port, json.id, token, before, bytes.length - before, bytes.subarray(before, until));
    // The store hears of the end when it does.
    await vi.waitFor(async () => {
      const head = await place.call('HEAD', publishingPaths.upload(json.id), { token });
      expect([head.status, head.headers['upload-offset']]).toEqual([204, String(until)]);
      expect(head.headers['upload-complete']).toBe('?0');
    });
  }
  const last = await place.call('PATCH', publishingPaths.upload(json.id), {
    token,
    headers: { 'upload-offset': String(9 * tenth) },
    body: bytes.subarray(9 * tenth),
  });
  expect([last.status, last.json]).toEqual([
    202,
    expect.objectContaining({ state: 'review', sha256: sha256Of(bytes) }),
  ]);
  expect((await place.blobs.stat(sha256Of(bytes)))?.size).toBe(bytes.length);
  const left: unknown[] = [];
  for await (const part of place.blobs.parts.list()) left.push(part);
  expect(left).toEqual([]);
  expect(codeOf(await place.call('GET', publishingPaths.upload(json.id), { token }))).toBe(
    '404 UPLOAD_NOT_FOUND',
  );
});

test('a package put in one piece that is cut off, at any tenth, is nowhere', async () => {
  const { place, token, bytes } = await prepared();
  await using _place = place;
  for (let part = 0; part < 10; part += 3) {
    const sent = bytes.subarray(0, Math.floor((bytes.length * part) / 10));
    await new Promise<void>((resolve) => {
      const socket = connect(place.port, '127.0.0.1', () => {
        socket.write(
          `PUT /v1/packages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-length: ${bytes.length}\r\n\r\n`,
        );
        socket.write(sent, () => socket.destroy());
      });
      socket.on('close', () => resolve()).on('error', () => undefined);
    });
  }
  const { json } = await place.call('GET', '/v1/submissions', { token });
  expect(json).toEqual({ submissions: [] });
  const stored: unknown[] = [];
  for await (const blob of place.blobs.list()) stored.push(blob);
  expect(stored).toEqual([]);
});

test('whoever was cut off and remembers nothing finds the upload again by its bytes', async () => {
  const { place, bytes, begin, patch } = await prepared();
  await using _place = place;
  const first = await begin();
  expect(codeOf(await patch(first.json.id, 0, bytes.subarray(0, 1000)))).toBe('202');
  const again = await begin();
  expect(again.json).toMatchObject({ id: first.json.id, offset: 1000 });
  expect(again.headers).toMatchObject({
    'upload-offset': '1000',
    'upload-length': String(bytes.length),
    'upload-complete': '?0',
    location: `/v1/uploads/${first.json.id}`,
  });
});

test('parts that do not fit are refused, and say where the upload is', async () => {
  const { place, token, bytes, begin, patch } = await prepared();
  await using _place = place;
  const { id } = (await begin()).json;
  await patch(id, 0, bytes.subarray(0, 1000));
  const early = await patch(id, 0, bytes.subarray(0, 10));
  expect([codeOf(early), early.headers['upload-offset']]).toEqual(['409 UPLOAD_OFFSET_WRONG', '1000']);
  expect(codeOf(await patch(id, 1001, bytes.subarray(1001)))).toBe('409 UPLOAD_OFFSET_WRONG');
  const more = Buffer.concat([bytes.subarray(1000), Buffer.alloc(1)]);
  expect(codeOf(await patch(id, 1000, more))).toBe('400 UPLOAD_LENGTH_WRONG');
  const upload = publishingPaths.upload(id);
  expect(codeOf(await place.call('PATCH', upload, { token, body: bytes }))).toBe('400 REQUEST_MALFORMED');
  for (const offset of ['-1', '1e3', '0x10', '', '99999999999999999999'])
    expect(codeOf(await place.call('PATCH', upload, { token, headers: { 'upload-offset': offset } }))).toBe(
      '400 REQUEST_MALFORMED',
    );
  expect((await begin()).json.offset).toBe(1000);
});

test('other bytes than announced are thrown away', async () => {
  const { place, token, bytes, begin, patch } = await prepared();
  await using _place = place;
  const { id } = (await begin(bytes.length, sha256Of(Buffer.from('something else')))).json;
  expect(codeOf(await patch(id, 0, bytes))).toBe('422 DIGEST_MISMATCH');
  expect(codeOf(await patch(id, bytes.length, Buffer.alloc(0)))).toBe('404 UPLOAD_NOT_FOUND');
  const put = (digest: string) =>
    place.call('PUT', '/v1/packages', { token, headers: { 'repr-digest': digest }, body: bytes });
  const digest = createHash('sha256').update(bytes).digest('base64');
  expect(codeOf(await put(`sha-256=:${createHash('sha256').digest('base64')}:`))).toBe('422 DIGEST_MISMATCH');
  expect(codeOf(await put('md5=:AAAA:'))).toBe('400 REQUEST_MALFORMED');
  expect(codeOf(await put(`sha-512=:AAAA:, sha-256=:${digest}:`))).toBe('202 review');
});

test('what is no package is refused with the judge’s own code, and forgotten', async () => {
  const { place, token, begin, patch } = await prepared();
  await using _place = place;
  const junk = Buffer.from('PK\x03\x04 but not really');
  const { id } = (await begin(junk.length, sha256Of(junk))).json;
  const reply = await patch(id, 0, junk);
  expect([reply.status, reply.json]).toMatchObject([
    422,
    { code: expect.stringMatching(/^[A-Z0-9_]+$/), resultCode: 500 },
  ]);
  expect(codeOf(await patch(id, junk.length, Buffer.alloc(0)))).toBe('404 UPLOAD_NOT_FOUND');
  const { headers, json } = await place.call('PUT', '/v1/packages', { token, body: junk });
  expect([headers['content-type'], json.code]).toEqual(['application/problem+json', reply.json.code]);
});

test('uploads of one organization are bounded in number and size, and can be abandoned', async () => {
  const { place, token, bytes, begin } = await prepared({
    uploadLimits: { maxUnfinished: 2, maxUnfinishedBytes: 5_000_000, maxPackageBytes: 4_000_000 },
  });
  await using _place = place;
  const digest = (name: string) => sha256Of(Buffer.from(name));
  expect(codeOf(await begin(4_000_001))).toBe('413 UPLOAD_TOO_LARGE');
  expect((await begin(3_000_000, digest('a'))).status).toBe(201);
  expect(codeOf(await begin(3_000_000, digest('b')))).toBe('429 UPLOADS_TOO_MANY');
  const second = await begin(1_000, digest('c'));
  expect(codeOf(await begin(10, digest('d')))).toBe('429 UPLOADS_TOO_MANY');
  const foreign = await place.publisher(other);
  const path = publishingPaths.upload(second.json.id);
  expect(codeOf(await place.call('DELETE', path, { token: foreign.token }))).toBe('404 UPLOAD_NOT_FOUND');
  expect((await place.call('DELETE', path, { token })).status).toBe(204);
  expect((await begin(bytes.length)).status).toBe(201);
});

test('an upload nobody goes on with is forgotten, and its bytes with it', async () => {
  const { place, token, bytes, begin, patch } = await prepared();
  await using _place = place;
  const { id } = (await begin()).json;
  await patch(id, 0, bytes.subarray(0, 100_000));
  place.at = new Date(place.at.getTime() + 24 * 60 * 60 * 1000);
  expect(codeOf(await place.call('HEAD', publishingPaths.upload(id), { token }))).toBe('404');
  expect(codeOf(await patch(id, 100_000, bytes.subarray(100_000)))).toBe('404 UPLOAD_NOT_FOUND');
});

test('two requests that go on at the same place do not mix: one counts', async () => {
  const { place, bytes, begin, patch } = await prepared();
  await using _place = place;
  const { id } = (await begin()).json;
  const half = Math.floor(bytes.length / 2);
  const replies = await Promise.all([0, 1, 2, 3].map(() => patch(id, 0, bytes.subarray(0, half))));
  expect(replies.map(codeOf).sort()).toEqual(expect.arrayContaining(['202']));
  for (const reply of replies) expect(['202', '409 UPLOAD_OFFSET_WRONG']).toContain(codeOf(reply));
  const { offset } = (await begin()).json;
  expect(codeOf(await patch(id, offset, bytes.subarray(offset)))).toBe('202 review');
});

describeOnBoth('one version at once', (places) => {
  test('handed in eight times over two processes gets in once, the others hear that it is taken', async () => {
    const database = await places.create();
    await using one = await PublishingPlace.open({ ca, database });
    await using two = await PublishingPlace.open({ ca, database, dataDir: one.dataDir });
    const { token } = await one.publisher(acme);
    const variants = await Promise.all(
      Array.from({ length: 4 }, (_, n) => one.package(acme, { id: 'Foo', files: { 'data/n': String(n) } })),
    );
    const bodies = [...variants, ...variants];
    const replies = await Promise.all(
      bodies.map((body, n) => (n % 2 === 0 ? one : two).call('PUT', '/v1/packages', { token, body })),
    );
    expect(replies.map(({ status }) => status).sort()).toEqual([202, ...Array(7).fill(409)]);
    for (const reply of replies)
      if (reply.status === 409) expect(codeOf(reply)).toMatch(/^409 (VERSION_TAKEN|PACKAGE_DUPLICATE)$/);
    const { json } = await two.call('GET', '/v1/submissions', { token });
    expect(json.submissions).toHaveLength(1);
  });
});
