import type { PageAction, PageActionRequest } from '@jami-plugin-store/contract';
import type { Client } from '../client.js';
import { ClientError } from '../error.js';
import type { InstallConsent } from '../plugin/plugin-work.js';
import type { PluginPlace } from './plugin-view.js';

/**
 * Does what a page asks of one plugin. What a machine does goes on after this has resolved; what only the daemon does is done by then.
 * @throws {ClientError} ACTION_NOT_POSSIBLE | PLUGIN_UNKNOWN | PLUGIN_OF_OTHER_STORE | SAME_VERSION | NEWER_INSTALLED | a network code
 * @throws {DaemonRefusal} the daemon's no to what it alone does
 */
export async function performAction(
  client: Client,
  { store, id }: PluginPlace,
  action: PageAction,
  request: PageActionRequest,
): Promise<void> {
  const { daemon } = client.mirror;
  const registry = (store?.plugins ?? client.local).registry;
  const consent: InstallConsent = request;
  switch (action) {
    case 'install':
      if (store === undefined) throw new ClientError('ACTION_NOT_POSSIBLE', `No store offers ${id} here`);
      if (registry.snapshot(id)?.state === 'disabled') registry.tell(id, { type: 'install', consent });
      else await store.plugins.beginInstall(id, consent);
      return;
    case 'update':
    case 'retry':
      registry.tell(id, { type: action, consent });
      return;
    case 'cancel':
      if (store === undefined) registry.tell(id, { type: 'cancel' });
      else await store.plugins.cancel(id);
      return;
    case 'dismiss':
    case 'uninstall':
    case 'rollback':
      await client.mirror.ensureRows();
      registry.tell(id, { type: action });
      return;
    case 'load':
    case 'unload':
    case 'check':
    case 'adopt':
      if (registry.row(id) === undefined) throw new ClientError('PLUGIN_UNKNOWN', `${id} is not installed`);
      await daemon[action](id, { signal: client.signal });
      // Its event comes, too; the answer to this question already shows what became of it.
      await client.mirror.refresh();
      return;
  }
}
