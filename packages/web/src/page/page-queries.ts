import {
  type ActivityReport,
  type CatalogSort,
  type InstallTrace,
  type MachineView,
  type PageCatalog,
  type PageState,
  type PluginPage,
  type PluginPreferences,
  type PluginView,
  pageRoutes,
  type Shell,
  type TraceList,
  type UpdateReport,
} from '@jami-plugin-store/contract';
import { keepPreviousData, QueryClient, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { inStep } from './in-step.js';
import { catalogWith, keyOf, keyOfView, pageKeys, stateWith, viewWith } from './page-cache.js';
import { useHost } from './page-context.js';
import { PageError } from './page-error.js';

const retryWaitMs = 1_000;

/** What was read stays until the host says that it is old. */
export function createPageCache(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        // The host is on this machine: what the browser thinks of the network says nothing about it.
        networkMode: 'always',
        retry: (failures, error) =>
          error instanceof PageError && error.code === 'HOST_UNREACHABLE' && failures < 2,
        retryDelay: retryWaitMs,
      },
      mutations: { networkMode: 'always' },
    },
  });
}

/** The whole page's state; asked again every few seconds while there is none, so that it heals by itself. */
export function usePageState() {
  const { call, listen } = useHost();
  return useQuery({
    queryKey: pageKeys.state,
    queryFn: ({ signal }) => inStep(listen, () => call<PageState>(pageRoutes.state, { signal }), stateWith),
    refetchInterval: ({ state }) => (state.status === 'error' ? 2_000 : false),
  });
}

/** @throws where nothing was read yet: screens are shown only after that */
export function useShell(): Shell {
  const { data } = usePageState();
  if (data === undefined) throw new Error('Rendered before the state was read');
  return data.shell;
}

const noPlugins: readonly PluginView[] = [];

/** What is installed, under way, or failed. */
export function useLivePlugins(): readonly PluginView[] {
  return usePageState().data?.plugins ?? noPlugins;
}

export interface CatalogQuestion {
  readonly store: string;
  readonly q: string;
  readonly category: string | undefined;
  readonly sort: CatalogSort;
}

/**
 * What a store offers, page by page, each plugin as it stands now.
 * @param live  what is known of plugins since; a screen that looks at them elsewhere, too, must see both change at once
 */
export function useCatalog({ store, q, category, sort }: CatalogQuestion, live: readonly PluginView[]) {
  const { call, listen } = useHost();
  const query = { ...(q !== '' && { q }), ...(category !== undefined && { category }), sort };
  const answer = useInfiniteQuery({
    queryKey: pageKeys.catalog(store, query),
    queryFn: ({ pageParam, signal }) =>
      inStep(
        listen,
        () =>
          call<PageCatalog>(pageRoutes.catalog, { query: { store, ...query, cursor: pageParam }, signal }),
        catalogWith,
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next }) => next,
    placeholderData: keepPreviousData,
    enabled: store !== '',
  });
  const plugins = useMemo(() => {
    const current = new Map(live.map((view) => [keyOfView(view), view]));
    const seen = new Set<string>();
    return (answer.data?.pages ?? [])
      .flatMap((page) => page.plugins)
      .filter((view) => {
        const key = keyOfView(view);
        return !seen.has(key) && seen.add(key);
      })
      .map((view) => current.get(keyOfView(view)) ?? view);
  }, [answer.data, live]);
  return { ...answer, plugins, first: answer.data?.pages[0] };
}

/** One plugin with everything that is known of it. */
export function usePluginPage(store: string, id: string) {
  const { call, listen } = useHost();
  const live = useLivePlugins().find((view) => keyOfView(view) === keyOf(store, id));
  const answer = useQuery({
    queryKey: pageKeys.plugin(store, id),
    queryFn: ({ signal }) =>
      inStep(
        listen,
        () => call<PluginPage>(pageRoutes.plugin(store, id), { signal }),
        (page, news) => ({ ...page, view: viewWith(page.view, news) ?? page.view }),
      ),
  });
  return { ...answer, view: live ?? answer.data?.view };
}

export function usePreferences(id: string, account: string | undefined, isEnabled: boolean) {
  const { call } = useHost();
  return useQuery({
    queryKey: pageKeys.preferences(id, account),
    queryFn: ({ signal }) =>
      call<PluginPreferences>(pageRoutes.preferences(id), { query: { account }, signal }),
    placeholderData: keepPreviousData,
    enabled: isEnabled,
  });
}

export function useActivity() {
  const { call } = useHost();
  return useQuery({
    queryKey: pageKeys.activity,
    queryFn: ({ signal }) => call<ActivityReport>(pageRoutes.activity, { query: { limit: '500' }, signal }),
  });
}

export function useUpdateReport() {
  const { call } = useHost();
  return useQuery({
    queryKey: pageKeys.updates,
    queryFn: ({ signal }) => call<UpdateReport>(pageRoutes.updates, { signal }),
  });
}

export function useTraces() {
  const { call } = useHost();
  return useQuery({
    queryKey: pageKeys.traces,
    queryFn: ({ signal }) => call<TraceList>(pageRoutes.traces, { signal }),
  });
}

export function useTrace(job: string | undefined) {
  const { call } = useHost();
  return useQuery({
    queryKey: pageKeys.trace(job ?? ''),
    queryFn: ({ signal }) => call<InstallTrace>(pageRoutes.trace(job ?? ''), { signal }),
    enabled: job !== undefined,
  });
}

export function useMachine() {
  const { call } = useHost();
  return useQuery({
    queryKey: pageKeys.machine,
    queryFn: ({ signal }) => call<MachineView>(pageRoutes.machine, { signal }),
  });
}
