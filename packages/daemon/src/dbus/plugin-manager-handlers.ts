import type { InstalledPlugin } from '@jami-plugin-store/contract';
import type { Daemon } from '../daemon.js';
import { errorOutcome } from '../error-outcome.js';
import { CallRefusal } from './call-refusal.js';
import { idOfRoot } from './install-root.js';
import type { Dictionary, PluginManagerHandlers } from './plugin-manager-interface.js';

export interface FaceOptions {
  /** Real path of the folder of plugins. */
  readonly plugins: string;
  /** Why a call was answered with `false`, -1 or nothing: the interface has no place to say it. */
  readonly onRefusal: (method: string, code: string, message: string) => void;
}

const success = 0;
const failure = -1;

/**
 * Jami's calls, answered as Jami answers them: what fails is `false`, -1 or an empty map, never an error of D-Bus (docs/dbus.md
 * tells the exceptions). Nothing here sets whom to trust.
 */
export function pluginManagerHandlers(
  daemon: Daemon,
  { plugins, onRefusal }: FaceOptions,
): PluginManagerHandlers {
  /** What `work` gives for the plugin a caller means; `otherwise` where there is none or it is refused. */
  const about = async <Result>(
    method: string,
    root: string,
    otherwise: Result,
    work: (id: string) => Promise<Result>,
  ): Promise<Result> => {
    const id = await idOfRoot(plugins, root);
    if (id !== undefined) return attempt(method, otherwise, () => work(id));
    onRefusal(method, 'PLUGIN_NOT_INSTALLED', `${JSON.stringify(root.slice(0, 256))} is no install root.`);
    return otherwise;
  };
  const attempt = async <Result>(
    method: string,
    otherwise: Result | ((resultCode: number) => Result),
    work: () => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await work();
    } catch (error) {
      const { code, message, resultCode } = errorOutcome(error);
      onRefusal(method, code, message);
      return typeof otherwise === 'function'
        ? (otherwise as (resultCode: number) => Result)(resultCode)
        : otherwise;
    }
  };
  const done = (work: Promise<unknown>): Promise<true> => work.then(() => true);
  const pathsOf = async (isMeant: (plugin: InstalledPlugin) => boolean): Promise<string[]> =>
    (await daemon.list()).filter(isMeant).map(({ path }) => path);

  return {
    installPlugin: (path, force) =>
      attempt<number>(
        'installPlugin',
        (resultCode) => resultCode,
        () =>
          daemon
            .install({ path, force, asSent: `installPlugin(${JSON.stringify(path)}, ${force})` })
            .then(() => success),
      ),
    uninstallPlugin: (root) =>
      about('uninstallPlugin', root, failure, (id) => daemon.uninstall(id).then(() => success)),
    getInstalledPlugins: () => pathsOf(() => true),
    getPluginDetails: (root) =>
      about<Dictionary>('getPluginDetails', root, [], async (id) => {
        const { name, description, version, iconPath, backgroundPath, soPath, author } =
          await daemon.details(id);
        return Object.entries({
          id,
          name,
          description,
          version,
          iconPath,
          backgroundPath,
          soPath,
          author,
        });
      }),
    getPlatformInfo: async () => [['os', daemon.info.platform]],

    loadPlugin: (root) => about('loadPlugin', root, false, (id) => done(daemon.load(id))),
    unloadPlugin: (root) => about('unloadPlugin', root, false, (id) => done(daemon.unload(id))),
    getLoadedPlugins: () => pathsOf(({ load }) => load?.state === 'loaded'),
    getPluginsEnabled: async () => (await daemon.settings()).pluginsEnabled,
    setPluginsEnabled: async (isEnabled) => {
      await daemon.setPluginsEnabled(isEnabled);
      return undefined;
    },

    getPluginPreferences: (root, account) =>
      about<readonly Dictionary[]>('getPluginPreferences', root, [], async (id) => {
        const scope = account === '' ? 'global' : 'account';
        const { preferences } = await daemon.preferences(id, givenAccount(account));
        return preferences
          .filter((preference) => preference.scope === scope)
          .map(({ fields }) => Object.entries(fields));
      }),
    getPluginPreferencesValues: (root, account) =>
      about<Dictionary>('getPluginPreferencesValues', root, [], async (id) =>
        Object.entries((await daemon.preferences(id, givenAccount(account))).values),
      ),
    setPluginPreference: (root, account, key, value) =>
      about('setPluginPreference', root, false, (id) =>
        done(daemon.setPreference(id, givenAccount(account), key, value)),
      ),
    resetPluginPreferencesValues: (root, account) =>
      about('resetPluginPreferencesValues', root, false, (id) =>
        done(daemon.resetPreferences(id, givenAccount(account))),
      ),

    getCallMediaHandlers: () => handlersOf(daemon, 'CallMediaHandlerManager'),
    getChatHandlers: () => handlersOf(daemon, 'ChatHandlerManager'),
    // There are no calls and no chats here, so no handler is active in any.
    getCallMediaHandlerStatus: async () => [],
    getChatHandlerStatus: async () => [],
    getCallMediaHandlerDetails: (id) => handlerDetails(daemon, 'CallMediaHandlerManager', id),
    getChatHandlerDetails: (id) => handlerDetails(daemon, 'ChatHandlerManager', id),
    toggleCallMediaHandler: () => notSupported('Handlers work in a running call; this daemon has none.'),
    toggleChatHandler: () => notSupported('Handlers work in a running chat; this daemon has none.'),
    sendWebViewMessage: () => notSupported(webView),
    sendWebViewAttach: () => notSupported(webView),
    sendWebViewDetach: () => notSupported(webView),
  };
}

const webView = 'Web views belong to a running client; this daemon has none.';

/** Jami's way to say "no account" is an empty text. */
function givenAccount(account: string): string | undefined {
  return account === '' ? undefined : account;
}

async function handlersOf(daemon: Daemon, manager: string): Promise<string[]> {
  const plugins = await daemon.list();
  return plugins.flatMap(({ load }) =>
    load?.state === 'loaded'
      ? load.components.filter((component) => component.manager === manager).map(({ id }) => id)
      : [],
  );
}

/** A handler's name and icon are told by its own C++ code, which is never called; that there is such a handler is all we know. */
async function handlerDetails(daemon: Daemon, manager: string, id: string): Promise<Dictionary> {
  const known = await handlersOf(daemon, manager);
  if (!known.includes(id)) return [];
  return notSupported('Details of a handler are told by its own code, which this daemon never calls.');
}

async function notSupported(why: string): Promise<never> {
  throw new CallRefusal('NotSupported', why);
}
