import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
}

export interface LoadOrder {
  /** `http://host:port` */
  readonly url: string;
  readonly seconds: number;
  readonly connections: number;
  /** Sent one after the other, over and over. */
  readonly requests: readonly LoadRequest[];
  /** The server ends each connection after its answer. Such servers are asked by our own generator always: wrk's probing connection
   * stops `openssl ocsp` for good. */
  readonly closesConnections?: boolean | undefined;
  /** Requests a second, evenly, whether earlier ones were answered or not; wrk knows no rate. Default: as fast as it answers. */
  readonly perSecond?: number | undefined;
}

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers that were none, or no success. */
  readonly failures: number;
}

/** Asks a server from another process: `wrk` where it is installed, else, and for a steady rate, a generator of our own. */
export async function load(order: LoadOrder): Promise<LoadResult> {
  const isForWrk = order.closesConnections !== true && order.perSecond === undefined;
  if (isForWrk && (await generator()) === 'wrk') return loadWithWrk(order);
  const program = fileURLToPath(new URL('./load-generator.js', import.meta.url));
  const requests = order.requests.map((request) => bytesOf(request, order).toString('base64'));
  const folder = await mkdtemp(join(tmpdir(), 'jpl-load-'));
  try {
    const file = join(folder, 'order.json');
    await writeFile(file, JSON.stringify({ ...order, requests }));
    const { stdout } = await run(process.execPath, [program, file]);
    return JSON.parse(stdout) as LoadResult;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

let known: Promise<'wrk' | 'own'> | undefined;

/** What makes the load here. */
export function generator(): Promise<'wrk' | 'own'> {
  known ??= run('wrk', ['--version']).then(
    () => 'wrk',
    // It ends with an error although it printed its version; only a missing program is one.
    (error: unknown) =>
      error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'own' : 'wrk',
  );
  return known;
}

async function loadWithWrk({ url, seconds, connections, requests }: LoadOrder): Promise<LoadResult> {
  const folder = await mkdtemp(join(tmpdir(), 'jpl-load-'));
  try {
    const script = join(folder, 'requests.lua');
    await writeFile(script, luaOf(requests), 'latin1');
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url];
    const { stdout } = await run('wrk', args);
    const line = /^RESULT (.*)$/m.exec(stdout)?.[1];
    if (line === undefined) throw new Error(`wrk said something else: ${stdout}`);
    return JSON.parse(line) as LoadResult;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const luaText = (bytes: Uint8Array | string): string =>
  `"${[...Buffer.from(bytes)].map((octet) => `\\${octet.toString().padStart(3, '0')}`).join('')}"`;

function luaOf(requests: readonly LoadRequest[]): string {
  const formatted = requests.map(({ method, path, headers = {}, body }) => {
    const pairs = Object.entries(headers).map(([name, value]) => `[${luaText(name)}]=${luaText(value)}`);
    const text = body === undefined ? 'nil' : luaText(body);
    return `wrk.format("${method}", ${luaText(path)}, {${pairs.join(',')}}, ${text})`;
  });
  return `
local requests = {}
init = function(args)
  ${formatted.map((text) => `table.insert(requests, ${text})`).join('\n  ')}
end
local at = 0
request = function()
  at = at % #requests + 1
  return requests[at]
end
done = function(summary, latency)
  local errors = summary.errors
  local failures = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('RESULT {"perSecond":%f,"p50Ms":%f,"p99Ms":%f,"failures":%d}\\n',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, failures))
end
`;
}

function bytesOf({ method, path, headers = {}, body }: LoadRequest, { url }: LoadOrder): Buffer {
  const lines = Object.entries({ host: new URL(url).host, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  if (body !== undefined) lines.push(`content-length: ${body.length}`);
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  return body === undefined ? head : Buffer.concat([head, body]);
}
