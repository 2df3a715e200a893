import {
  type ActivityEntry,
  type ActivityReport,
  type InstallTrace,
  type PageCatalog,
  type PageEvent,
  type PageState,
  type PluginPage,
  type PluginView,
  statesUnderWay,
  type TraceList,
  type UpdateEntry,
  type UpdateReport,
} from '@jami-plugin-store/contract';
import { type InfiniteData, notifyManager, type QueryClient } from '@tanstack/react-query';

/** Which question each answer in the cache belongs to. */
export const pageKeys = {
  state: ['state'],
  catalogs: ['catalog'],
  catalogsOf: (store: string) => ['catalog', store],
  catalog: (store: string, query: Readonly<Record<string, string | undefined>>) => ['catalog', store, query],
  plugin: (store: string, id: string) => ['plugin', store, id],
  preferences: (id: string, account: string | undefined) => ['preferences', id, account ?? null],
  preferencesOf: (id: string) => ['preferences', id],
  activity: ['activity'],
  updates: ['updates'],
  traces: ['traces'],
  trace: (job: string) => ['trace', job],
  machine: ['machine'],
} as const;

/** One plugin of one store; the same id of another store is another plugin. */
export const keyOf = (store: string, id: string): string => `${store}\n${id}`;
export const keyOfView = (view: PluginView): string => keyOf(view.store, view.snapshot.id);

const keptActivities = 500;

/** Puts what the host told into what was read before, so that every screen shows it. */
export function applyEvent(cache: QueryClient, event: PageEvent): void {
  switch (event.type) {
    case 'hello':
      // Whatever happened while nobody listened is in a new answer, and not in one that is on its way already.
      void cache.cancelQueries().then(() => cache.invalidateQueries());
      break;
    case 'shell':
    case 'plugin':
    case 'gone':
      // In one turn: a plugin that leaves one list for another is never in none.
      notifyManager.batch(() => applyNews(cache, event));
      break;
    case 'catalog':
      void cache.invalidateQueries({ queryKey: pageKeys.catalogsOf(event.store) });
      break;
    case 'activity':
      cache.setQueryData<ActivityReport>(
        pageKeys.activity,
        (report) => report && withEntry(report, event.entry),
      );
      break;
    case 'update':
      cache.setQueryData<UpdateReport>(
        pageKeys.updates,
        (report) => report && withFinding(report, event.entry),
      );
      break;
    case 'trace':
      applyTrace(cache, event);
      break;
    case 'package':
      // Told to whoever handed the file in; see `usePackageProgress`.
      break;
  }
}

/** What is told of the shell or of one plugin. */
export type News = Extract<PageEvent, { type: 'shell' | 'plugin' | 'gone' }>;

function isOf(news: News, view: PluginView): boolean {
  if (news.type === 'shell') return false;
  const key = news.type === 'plugin' ? keyOfView(news.plugin) : keyOf(news.store, news.id);
  return key === keyOfView(view);
}

/** The page's state after what was told. */
export function stateWith(state: PageState, news: News): PageState {
  if (news.type === 'shell') return { ...state, shell: news.shell };
  const isKnown = state.plugins.some((view) => isOf(news, view));
  const isShown =
    news.type === 'plugin' &&
    (news.plugin.installed !== undefined || statesUnderWay.has(news.plugin.snapshot.state));
  if (!isShown) {
    return isKnown ? { ...state, plugins: state.plugins.filter((view) => !isOf(news, view)) } : state;
  }
  const { plugin } = news;
  if (!isKnown) return { ...state, plugins: [...state.plugins, plugin] };
  return { ...state, plugins: state.plugins.map((view) => (isOf(news, view) ? plugin : view)) };
}

/** A part of a store's list after what was told. */
export function catalogWith(catalog: PageCatalog, news: News): PageCatalog {
  if (news.type === 'shell' || !catalog.plugins.some((view) => isOf(news, view))) return catalog;
  const plugins =
    news.type === 'plugin'
      ? catalog.plugins.map((view) => (isOf(news, view) ? news.plugin : view))
      : catalog.plugins.filter((view) => !isOf(news, view));
  return { ...catalog, plugins };
}

/** One plugin after what was told, of it or of others; undefined: it is gone. */
export function viewWith(view: PluginView | undefined, news: News): PluginView | undefined {
  if (view === undefined || !isOf(news, view)) return view;
  return news.type === 'plugin' ? news.plugin : undefined;
}

function applyNews(cache: QueryClient, news: News): void {
  const before = cache.getQueryData<PageState>(pageKeys.state);
  cache.setQueryData<PageState>(pageKeys.state, before && stateWith(before, news));
  if (news.type === 'shell') {
    // Texts of plugins and of their preferences come in the language that was asked for then.
    if (before !== undefined && before.shell.language !== news.shell.language) void cache.invalidateQueries();
    return;
  }
  const [store, id] =
    news.type === 'plugin' ? [news.plugin.store, news.plugin.snapshot.id] : [news.store, news.id];
  cache.setQueriesData<InfiniteData<PageCatalog>>({ queryKey: pageKeys.catalogsOf(store) }, (data) => {
    if (data === undefined) return data;
    const pages = data.pages.map((page) => catalogWith(page, news));
    return pages.every((page, index) => page === data.pages[index]) ? data : { ...data, pages };
  });
  const pageKey = pageKeys.plugin(store, id);
  const known = cache.getQueryData<PluginPage>(pageKey)?.view;
  if (news.type === 'plugin')
    cache.setQueryData<PluginPage>(pageKey, (page) => page && { ...page, view: news.plugin });
  if (news.type === 'gone' || (known !== undefined && isNews(known, news.plugin)))
    void cache.invalidateQueries({ queryKey: pageKey });
}

/** Whether more than its progress has changed: then what is known of its versions and certificates may have, too. */
function isNews(before: PluginView, after: PluginView): boolean {
  return (
    before.snapshot.state !== after.snapshot.state ||
    before.seal !== after.seal ||
    before.installed?.version !== after.installed?.version
  );
}

function withEntry(report: ActivityReport, entry: ActivityEntry): ActivityReport {
  if (report.entries.some(({ number }) => number === entry.number)) return report;
  return { ...report, entries: [...report.entries, entry].slice(-keptActivities) };
}

function withFinding(report: UpdateReport, entry: UpdateEntry): UpdateReport {
  return { ...report, entries: [entry, ...report.entries].slice(0, keptActivities) };
}

function applyTrace(cache: QueryClient, { trace, message }: Extract<PageEvent, { type: 'trace' }>): void {
  cache.setQueryData<InstallTrace>(pageKeys.trace(trace.job), (known) => {
    const messages = known?.messages ?? [];
    return { ...known, ...trace, messages: message === undefined ? messages : [...messages, message] };
  });
  cache.setQueryData<TraceList>(pageKeys.traces, (list) => {
    if (list === undefined) return list;
    const { job, plugin, version, startedAt } = trace;
    const known = list.traces.find((other) => other.job === job);
    const row = {
      job,
      plugin,
      version,
      startedAt,
      ...(trace.code === undefined ? {} : { code: trace.code }),
      downloadBroke: message?.kind === 'download-broken' || known?.downloadBroke === true,
    };
    return { traces: [row, ...list.traces.filter((other) => other.job !== job)] };
  });
  // The whole of it, in the order the host keeps, once it is over.
  if (trace.endedAt !== undefined) void cache.invalidateQueries({ queryKey: pageKeys.trace(trace.job) });
}
