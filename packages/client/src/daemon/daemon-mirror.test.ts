import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { InstalledPlugin } from '@jami-plugin-store/contract';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../network/test-server-fixtures.js';
import { connectDaemon } from './connect-daemon.js';
import { DaemonMirror, type MirrorNews } from './daemon-mirror.js';

// What answers here is not a daemon: it answers when the test says so, in any order.
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
const waiting: ServerResponse[] = [];
const server = createServer((_request, response) => waiting.push(response));

beforeEach(async () => {
  folder = await temporaryFolder();
  await new Promise<void>((resolve) => server.listen(join(folder.path, 'd.sock'), resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  waiting.length = 0;
  await folder[Symbol.asyncDispose]();
});

const row = (version: string): InstalledPlugin => ({
  id: 'Greeter',
  version,
  path: '/plugins/Greeter',
  publisher: 'Hand',
  state: 'installed',
});

async function asked(count: number): Promise<void> {
  await vi.waitFor(() => expect(waiting).toHaveLength(count), 10_000);
}

function answer(place: number, rows: InstalledPlugin[]): void {
  waiting[place]?.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(rows));
}

test('a list that was asked for earlier and comes later says nothing', async () => {
  await using daemon = connectDaemon(join(folder.path, 'd.sock'));
  await using mirror = new DaemonMirror(daemon, () => 'en');
  const older = mirror.refresh();
  await asked(1);
  const younger = mirror.refresh();
  await asked(2);
  answer(1, [row('2.0.0')]);
  await younger;
  answer(0, [row('1.0.0')]);
  await older;
  expect(mirror.rows).toEqual([row('2.0.0')]);
});

test('a list that was read before a change is read again', async () => {
  await using daemon = connectDaemon(join(folder.path, 'd.sock'));
  await using mirror = new DaemonMirror(daemon, () => 'en');
  const read = mirror.refresh();
  await asked(1);
  mirror.noteChange();
  answer(0, [row('1.0.0')]);
  await asked(2);
  answer(1, [row('2.0.0')]);
  await read;
  expect(mirror.rows).toEqual([row('2.0.0')]);
});

test('whoever shows the list hears of it after everybody who keeps it, in whatever order they listen', async () => {
  await using daemon = connectDaemon(join(folder.path, 'd.sock'));
  await using mirror = new DaemonMirror(daemon, () => 'en');
  const heard: string[] = [];
  const listen = (who: string) => (news: MirrorNews) => void heard.push(`${who} ${news.type}`);
  mirror.on(listen('shows'));
  mirror.on(listen('keeps'));
  const read = mirror.refresh();
  await asked(1);
  answer(0, []);
  await read;
  expect(heard.slice(0, 4)).toEqual(['shows rows', 'keeps rows', 'shows rows-taken', 'keeps rows-taken']);
});
