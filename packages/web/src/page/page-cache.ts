import type {
  ActivityEntry,
  ActivityReport,
  InstallTrace,
  PageCatalog,
  PageEvent,
  PageState,
  PluginView,
  TraceList,
  UpdateEntry,
  UpdateReport,
} from '@jami-plugin-store/contract';
import type { InfiniteData, QueryClient } from '@tanstack/react-query';

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
      // Whatever happened while nobody listened is in a new answer.
      void cache.invalidateQueries();
      break;
    case 'shell':
      cache.setQueryData<PageState>(pageKeys.state, (state) => state && { ...state, shell: event.shell });
      break;
    case 'plugin':
      applyPlugin(cache, event.plugin);
      break;
    case 'gone':
      forgetPlugin(cache, event.store, event.id);
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

function applyPlugin(cache: QueryClient, plugin: PluginView): void {
  const key = keyOfView(plugin);
  let before: PluginView | undefined;
  cache.setQueryData<PageState>(pageKeys.state, (state) => {
    if (state === undefined) return state;
    before = state.plugins.find((view) => keyOfView(view) === key);
    const plugins =
      before === undefined
        ? [...state.plugins, plugin]
        : state.plugins.map((view) => (view === before ? plugin : view));
    return { ...state, plugins };
  });
  const isNews =
    before?.snapshot.state !== plugin.snapshot.state ||
    before.seal !== plugin.seal ||
    before.installed?.version !== plugin.installed?.version;
  if (isNews) void cache.invalidateQueries({ queryKey: pageKeys.plugin(plugin.store, plugin.snapshot.id) });
}

function forgetPlugin(cache: QueryClient, store: string, id: string): void {
  const key = keyOf(store, id);
  const isOther = (view: PluginView): boolean => keyOfView(view) !== key;
  cache.setQueryData<PageState>(
    pageKeys.state,
    (state) => state && { ...state, plugins: state.plugins.filter(isOther) },
  );
  cache.setQueriesData<InfiniteData<PageCatalog>>(
    { queryKey: pageKeys.catalogsOf(store) },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({ ...page, plugins: page.plugins.filter(isOther) })),
      },
  );
  void cache.invalidateQueries({ queryKey: pageKeys.plugin(store, id) });
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
    const row = {
      job,
      plugin,
      version,
      startedAt,
      ...(trace.code === undefined ? {} : { code: trace.code }),
      isRecorded: false,
    };
    const others = list.traces.filter((other) => other.job !== job);
    return { traces: [row, ...others] };
  });
  // The whole of it, in the order the host keeps, once it is over.
  if (trace.endedAt !== undefined) void cache.invalidateQueries({ queryKey: pageKeys.trace(trace.job) });
}
