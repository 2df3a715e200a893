import type {
  InstalledView,
  PageEvent,
  PageState,
  PluginFailure,
  PluginSnapshot,
  PluginView,
  Shell,
  StoreView,
} from '@jami-plugin-store/contract';
import { notifyManager } from '@tanstack/react-query';
import { act, configure, render } from '@testing-library/react';
import { App } from './app.js';
import type { CallHost, HostCall } from './page/call-host.js';
import { PageError } from './page/page-error.js';
import type { Connection } from './page/page-events.js';
import { createPageCache } from './page/page-queries.js';
import { startTexts } from './texts/start-texts.js';

// Screens hear of an answer within the turn it came in, whatever a test does to the clock.
notifyManager.setScheduler(queueMicrotask);
// Parts of the page are loaded when they are wanted, which takes a busy machine a while.
configure({ asyncUtilTimeout: 20_000 });

/** Typed pieces of what a host tells; each test says what is different. */
const storeOf = (change: Partial<StoreView> = {}): StoreView => ({
  name: 'samples',
  url: 'http://127.0.0.1:7411',
  rootSha256: '0'.repeat(64),
  status: 'offered',
  isDocumented: true,
  plugins: 2,
  askedAt: new Date().toISOString(),
  ...change,
});

export const shellOf = (change: Partial<Shell> = {}): Shell => ({
  platform: 'x86_64-linux-gnu',
  language: 'en',
  daemon: { status: 'connected' },
  network: 'online',
  stores: [storeOf()],
  pluginsEnabled: true,
  autoUpdate: false,
  accounts: [],
  updates: { isChecking: false },
  application: { current: '1.0.0', channel: 'stable', status: 'up-to-date' },
  ...change,
});

export const snapshotOf = (change: Partial<PluginSnapshot> = {}): PluginSnapshot => ({
  id: 'Whiteboard',
  state: 'installable',
  actions: ['install'],
  offered: { version: '2.0.1', size: 31_000_000 },
  ...change,
});

export const installedOf = (change: Partial<InstalledView> = {}): InstalledView => ({
  version: '2.0.1',
  state: 'installed',
  policy: { pinned: false, skippedVersion: null, holdDays: 0 },
  hasPreferences: false,
  ...change,
});

export const viewOf = (change: Partial<PluginView> = {}): PluginView => ({
  store: 'samples',
  snapshot: snapshotOf(),
  actions: [],
  name: 'Whiteboard',
  description: 'A shared sheet to draw on.',
  publisher: 'Papillon Collective',
  seal: 'signed',
  categories: ['call'],
  platforms: ['x86_64-linux-gnu', 'x64-windows'],
  size: 31_000_000,
  ...change,
});

export const failureOf = (change: Partial<PluginFailure> = {}): PluginFailure => ({
  source: 'daemon',
  code: 'SIGNATURE_INVALID',
  message: 'The signature of "data/a.png" does not match its content.',
  resultCode: 300,
  ...change,
});

interface Asked {
  readonly path: string;
  readonly method: string;
  readonly query: HostCall['query'];
  readonly body: unknown;
}

type Answer = (call: HostCall) => unknown;

/** A page with a host that answers from a table; what is asked is kept, and events are told by hand. */
export async function openPage({
  state = { shell: shellOf(), plugins: [] },
  catalog = [],
  answers = {},
  language = 'en',
}: {
  state?: PageState | PageError;
  catalog?: readonly PluginView[];
  answers?: Readonly<Record<string, Answer>>;
  language?: string;
} = {}) {
  const asked: Asked[] = [];
  const table: Record<string, Answer> = {
    'GET /page/state': () => {
      if (current.state instanceof PageError) throw current.state;
      return current.state;
    },
    'GET /page/catalog': () => ({ plugins: catalog, categories: ['call', 'audio'], total: catalog.length }),
    ...answers,
  };
  const current = { state };
  const call: CallHost = async <Result,>(path: string, request: HostCall = {}) => {
    const method = request.method ?? 'GET';
    asked.push({ path, method, query: request.query, body: request.body });
    const answer = table[`${method} ${path}`];
    if (answer === undefined) throw new PageError('REFUSED', `Nobody answers ${method} ${path}`);
    return (await answer(request)) as Result;
  };
  let tellOne: (event: PageEvent) => void = () => undefined;
  let connect: (connection: Connection) => void = () => undefined;
  const texts = await startTexts(language);
  location.hash = '';
  const page = render(
    <App
      texts={texts}
      cache={createPageCache()}
      call={call}
      follow={({ onEvent, onConnection }) => {
        tellOne = onEvent;
        connect = onConnection;
      }}
    />,
  );
  return {
    ...page,
    asked,
    /** What was asked that changes something. */
    wishes: () => asked.filter(({ method }) => method !== 'GET'),
    tell: (event: PageEvent) => act(async () => tellOne(event)),
    connection: (connection: Connection) => act(async () => connect(connection)),
    answer: (changed: PageState | PageError) => {
      current.state = changed;
    },
    go: (hash: string) =>
      act(async () => {
        location.hash = hash;
        window.dispatchEvent(new Event('hashchange'));
      }),
  };
}
