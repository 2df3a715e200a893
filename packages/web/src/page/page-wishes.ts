import {
  type ApplicationAction,
  type ApplicationView,
  type PageAction,
  type PageActionRequest,
  type PageSettingsChange,
  type PluginView,
  pageRoutes,
  type Shell,
  type UnloadAllReport,
  type UpdatePolicyChange,
} from '@jami-plugin-store/contract';
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import { inStep } from './in-step.js';
import { useNotices } from './notices.js';
import { applyEvent, type News, viewWith } from './page-cache.js';
import { useHost } from './page-context.js';

/** What is asked of one plugin. */
export interface PluginWish {
  readonly view: PluginView;
  readonly action: PageAction;
  readonly request?: PageActionRequest;
}

const takeShell = (cache: QueryClient, shell: Shell): void => applyEvent(cache, { type: 'shell', shell });
const takeView = (cache: QueryClient, plugin: PluginView | undefined): void => {
  if (plugin !== undefined) applyEvent(cache, { type: 'plugin', plugin });
};
const shellWith = (shell: Shell, news: News): Shell => (news.type === 'shell' ? news.shell : shell);

/** Asks the host to do something with a plugin. A refusal becomes a notice; what comes of it is told by events. */
export function usePluginWish() {
  const { call, listen } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: ({ view, action, request = {} }: PluginWish) =>
      inStep<PluginView | undefined>(
        listen,
        () =>
          call<PluginView>(pageRoutes.action(view.store, view.snapshot.id, action), {
            method: 'POST',
            body: request,
          }),
        viewWith,
      ),
    onSuccess: (plugin) => takeView(cache, plugin),
    onError: (error, { view }) => refused(error, view.name),
  });
}

export function usePolicyWish() {
  const { call, listen } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: ({ view, change }: { view: PluginView; change: UpdatePolicyChange }) =>
      inStep<PluginView | undefined>(
        listen,
        () =>
          call<PluginView>(pageRoutes.policy(view.store, view.snapshot.id), {
            method: 'PATCH',
            body: change,
          }),
        viewWith,
      ),
    onSuccess: (plugin) => takeView(cache, plugin),
    onError: (error, { view }) => refused(error, view.name),
  });
}

export function useSettingsWish() {
  const { call, listen } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: (change: PageSettingsChange) =>
      inStep(listen, () => call<Shell>(pageRoutes.settings, { method: 'PATCH', body: change }), shellWith),
    onSuccess: (shell) => takeShell(cache, shell),
    onError: (error) => refused(error),
  });
}

/** Looks for updates now, and asks every store again. */
export function useCheckWish() {
  const { call, listen } = useHost();
  const cache = useQueryClient();
  const { refused } = useNotices();
  return useMutation({
    mutationFn: () =>
      inStep(listen, () => call<Shell>(pageRoutes.check, { method: 'POST', body: {} }), shellWith),
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
