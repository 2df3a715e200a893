import {
  type ApplicationAction,
  type ApplicationView,
  type PageAction,
  type PageActionRequest,
  type PageSettingsChange,
  type PageState,
  type PluginView,
  pageRoutes,
  type Shell,
  type UnloadAllReport,
  type UpdatePolicyChange,
} from '@jami-plugin-store/contract';
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import { useNotices } from './notices.js';
import { applyEvent, pageKeys } from './page-cache.js';
import { useHost } from './page-context.js';

/** What is asked of one plugin. */
export interface PluginWish {
  readonly view: PluginView;
  readonly action: PageAction;
  readonly request?: PageActionRequest;
}

const takeShell = (cache: QueryClient, shell: Shell): void => {
  cache.setQueryData<PageState>(pageKeys.state, (state) => state && { ...state, shell });
};

/** Asks the host to do something with a plugin. A refusal becomes a notice; what comes of it is told by events. */
export function usePluginWish() {
  const { call } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: ({ view, action, request = {} }: PluginWish) =>
      call<PluginView>(pageRoutes.action(view.store, view.snapshot.id, action), {
        method: 'POST',
        body: request,
      }),
    onSuccess: (plugin) => applyEvent(cache, { type: 'plugin', plugin }),
    onError: (error, { view }) => refused(error, view.name),
  });
}

export function usePolicyWish() {
  const { call } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: ({ view, change }: { view: PluginView; change: UpdatePolicyChange }) =>
      call<PluginView>(pageRoutes.policy(view.store, view.snapshot.id), { method: 'PATCH', body: change }),
    onSuccess: (plugin) => applyEvent(cache, { type: 'plugin', plugin }),
    onError: (error, { view }) => refused(error, view.name),
  });
}

export function useSettingsWish() {
  const { call } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: (change: PageSettingsChange) =>
      call<Shell>(pageRoutes.settings, { method: 'PATCH', body: change }),
    onSuccess: (shell) => takeShell(cache, shell),
    onError: (error) => refused(error),
  });
}

/** Looks for updates now, and asks every store again. */
export function useCheckWish() {
  const { call } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: () => call<Shell>(pageRoutes.check, { method: 'POST', body: {} }),
    onSuccess: (shell) => takeShell(cache, shell),
    onError: (error) => refused(error),
  });
}

export function useUnloadAllWish() {
  const { call } = useHost();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: () => call<UnloadAllReport>(pageRoutes.unloadAll, { method: 'POST', body: {} }),
    onError: (error) => refused(error),
  });
}

export function useApplicationWish() {
  const { call } = useHost();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: (action: ApplicationAction) =>
      call<ApplicationView>(pageRoutes.applicationAction(action), { method: 'POST', body: {} }),
    onError: (error) => refused(error),
  });
}
