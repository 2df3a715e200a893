import type { PageAction, PluginView } from '@jami-plugin-store/contract';

/** Everything that can be asked of a plugin now, as the host tells it; the page adds nothing. */
export function actionsOf(view: PluginView): ReadonlySet<PageAction> {
  return new Set<PageAction>([...view.snapshot.actions, ...view.actions]);
}

/** The one action the figure stands for while nothing is under way. */
export function mainActionOf(view: PluginView): 'install' | 'update' | 'retry' | undefined {
  const can = actionsOf(view);
  const { state } = view.snapshot;
  if (state === 'failed') {
    if (can.has('retry')) return 'retry';
    return can.has('update') ? 'update' : can.has('install') ? 'install' : undefined;
  }
  if (state === 'updatable') return can.has('update') ? 'update' : undefined;
  if (state === 'installable' || state === 'disabled') return can.has('install') ? 'install' : undefined;
  return undefined;
}

/** Whether work is being done that ends by itself. */
export function isBusy({ snapshot: { state } }: PluginView): boolean {
  return ['downloading', 'waiting', 'installing', 'uninstalling', 'restoring'].includes(state);
}
