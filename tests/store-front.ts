import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the front does to the next requests; everything else passes through to the real store behind it. */
interface Mischief {
  /** Hides the documented API, so that only Jami's own routes are left. */
  plain?: boolean | undefined;
  /** Answers this path as if that one had been asked for. */
  swap?: { from: RegExp; to: string } | undefined;
  /** Answers this path with these bytes. */
  replace?: { from: RegExp; bytes: Buffer } | undefined;
  /** Changes one byte of each package on its way. */
  corrupt?: boolean | undefined;
  /** Cuts each package's connection after so many bytes. */
  cutAfter?: number | undefined;
  /** Sends so many bytes of each package, then nothing more. */
  stallAfter?: number | undefined;
  /** Sends so many bytes of each package, and the rest when this resolves. */
  hold?: { after: number; until: Promise<void> } | undefined;
  /** Replaces these words in every answer that is JSON. */
  forge?: Readonly<Record<string, string>> | undefined;
  /** Answers every request with this status. */
  status?: number | undefined;
  /** Hangs up on every request. */
  down?: boolean | undefined;
}

export interface StoreFront extends AsyncDisposable {
  readonly url: string;
  readonly mischief: Mischief;
  readonly requests: { path: string; range: string | undefined }[];
}

const isPackage = (path: string): boolean => path.startsWith('/download/') || path.startsWith('/blobs/');

/** Stands between client and store, as a network or a bad operator does. */
export async function openStoreFront(storeUrl: string): Promise<StoreFront> {
  const mischief: Mischief = {};
  const requests: StoreFront['requests'] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    requests.push({ path: incoming.url ?? '', range: incoming.headers.range });
    pass(incoming, outgoing, storeUrl, mischief);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    mischief,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  storeUrl: string,
  mischief: Mischief,
): void {
  const path = incoming.url ?? '';
  if (mischief.down === true) {
    incoming.socket.destroy();
    return;
  }
  if (mischief.status !== undefined || (mischief.plain === true && path.startsWith('/v1/'))) {
    outgoing.writeHead(mischief.status ?? 404).end();
    return;
  }
  if (mischief.replace?.from.test(path) === true) {
    outgoing.end(mischief.replace.bytes);
    return;
  }
  const target = mischief.swap?.from.test(path) === true ? mischief.swap.to : path;
  const { host: _, ...headers } = incoming.headers;
  // What is to be changed must be readable.
  if (mischief.forge !== undefined) headers['accept-encoding'] = 'identity';
  const { method } = incoming;
  const onward = request(new URL(target, storeUrl), { method, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, headersOf(answer, path, mischief));
    if (isPackage(path)) sendPackage(answer, outgoing, mischief);
    else if (mischief.forge !== undefined && isJson(answer)) sendForged(answer, outgoing, mischief.forge);
    else answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
}

function headersOf(
  answer: IncomingMessage,
  path: string,
  { corrupt, forge }: Mischief,
): IncomingMessage['headers'] {
  if (forge !== undefined && isJson(answer)) {
    const { 'content-length': _length, etag: _etag, ...rest } = answer.headers;
    return rest;
  }
  if (corrupt !== true || !isPackage(path)) return answer.headers;
  // Whoever changes bytes on purpose does not announce the digest of the old ones.
  const { 'repr-digest': _repr, 'content-digest': _content, etag: _etag, ...rest } = answer.headers;
  return rest;
}

function isJson(answer: IncomingMessage): boolean {
  return answer.headers['content-type']?.startsWith('application/json') === true;
}

function sendForged(
  answer: IncomingMessage,
  outgoing: ServerResponse,
  forge: NonNullable<Mischief['forge']>,
): void {
  let text = '';
  answer.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  answer.on('end', () => {
    for (const [from, to] of Object.entries(forge)) text = text.replaceAll(from, to);
    outgoing.end(text);
  });
}

function sendPackage(answer: IncomingMessage, outgoing: ServerResponse, mischief: Mischief): void {
  const chunks: Buffer[] = [];
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.on('end', () => {
    const body = Buffer.concat(chunks);
    const middle = Math.floor(body.length / 2);
    if (mischief.corrupt === true) body.writeUInt8((body[middle] ?? 0) ^ 1, middle);
    if (mischief.hold !== undefined) {
      const { after, until } = mischief.hold;
      outgoing.write(body.subarray(0, after));
      void until.then(() => outgoing.end(body.subarray(after)));
    } else if (mischief.cutAfter !== undefined) {
      outgoing.write(body.subarray(0, mischief.cutAfter), () => outgoing.destroy());
    } else if (mischief.stallAfter !== undefined) outgoing.write(body.subarray(0, mischief.stallAfter));
    else outgoing.end(body);
  });
}
