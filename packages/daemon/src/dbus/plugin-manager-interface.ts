/** An argument's name and D-Bus type. */
export type Argument = readonly [name: string, type: string];

export interface MethodShape {
  readonly in: readonly Argument[];
  readonly out: readonly Argument[];
}

export interface InterfaceShape {
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodShape>>;
  readonly signals: Readonly<Record<string, readonly Argument[]>>;
}

/** Strings by name, in the order they are told. */
export type Dictionary = readonly (readonly [key: string, value: string])[];

interface ValueOfType {
  readonly s: string;
  readonly b: boolean;
  readonly i: number;
  readonly as: readonly string[];
  readonly 'a{ss}': Dictionary;
  readonly 'aa{ss}': readonly Dictionary[];
}

type ValueOf<One> = One extends readonly [string, infer Type extends keyof ValueOfType]
  ? ValueOfType[Type]
  : never;
type ValuesOf<Arguments extends readonly Argument[]> = {
  -readonly [At in keyof Arguments]: ValueOf<Arguments[At]>;
};
type ResultOf<Out extends readonly Argument[]> = Out extends readonly [infer Only]
  ? ValueOf<Only>
  : undefined;

/** A function for each method of an interface, of the types the interface says. */
type HandlersOf<Shape extends InterfaceShape> = {
  readonly [Name in keyof Shape['methods']]: (
    ...args: ValuesOf<Shape['methods'][Name]['in']>
  ) => Promise<ResultOf<Shape['methods'][Name]['out']>>;
};

export const busName = 'cx.ring.Ring';
export const pluginManagerPath = '/cx/ring/Ring/PluginManagerInterface';

const rootPath = ['path', 's'] as const;
const pluginId = ['pluginId', 's'] as const;
const accountId = ['accountId', 's'] as const;
const peerId = ['peerId', 's'] as const;
const callId = ['callId', 's'] as const;
const handlerId = ['handlerId', 's'] as const;
const webViewId = ['webViewId', 's'] as const;
const webViewMessage = [pluginId, webViewId, ['messageId', 's'], ['payload', 's']] as const;
const toggle = ['toggle', 'b'] as const;
const success = [['success', 'b']] as const;
const details = [['details', 'a{ss}']] as const;
const handlerIds = [['handlerIds', 'as']] as const;
const paths = [['paths', 'as']] as const;
const resultCode = [['resultCode', 'i']] as const;

/**
 * What a Jami client calls, name by name and type by type (docs/dbus.md). Plugins are named by their install root,
 * `<data dir>/plugins/<id>`.
 */
export const pluginManagerInterface = {
  name: 'cx.ring.Ring.PluginManagerInterface',
  methods: {
    loadPlugin: { in: [rootPath], out: success },
    unloadPlugin: { in: [rootPath], out: success },
    getPluginDetails: { in: [rootPath], out: details },
    getPluginPreferences: { in: [rootPath, accountId], out: [['preferences', 'aa{ss}']] },
    setPluginPreference: { in: [rootPath, accountId, ['key', 's'], ['value', 's']], out: success },
    getPluginPreferencesValues: { in: [rootPath, accountId], out: [['values', 'a{ss}']] },
    resetPluginPreferencesValues: { in: [rootPath, accountId], out: success },
    getInstalledPlugins: { in: [], out: paths },
    getLoadedPlugins: { in: [], out: paths },
    installPlugin: {
      in: [
        ['package', 's'],
        ['force', 'b'],
      ],
      out: resultCode,
    },
    uninstallPlugin: { in: [rootPath], out: resultCode },
    getPlatformInfo: { in: [], out: [['platform', 'a{ss}']] },
    getPluginsEnabled: { in: [], out: [['enabled', 'b']] },
    setPluginsEnabled: { in: [['enabled', 'b']], out: [] },
    getCallMediaHandlers: { in: [], out: handlerIds },
    getChatHandlers: { in: [], out: handlerIds },
    toggleCallMediaHandler: { in: [handlerId, callId, toggle], out: [] },
    toggleChatHandler: { in: [handlerId, accountId, peerId, toggle], out: [] },
    getCallMediaHandlerDetails: { in: [handlerId], out: details },
    getCallMediaHandlerStatus: { in: [callId], out: handlerIds },
    getChatHandlerDetails: { in: [handlerId], out: details },
    getChatHandlerStatus: { in: [accountId, peerId], out: handlerIds },
    sendWebViewMessage: { in: webViewMessage, out: [] },
    sendWebViewAttach: { in: [pluginId, accountId, webViewId, ['action', 's']], out: [['address', 's']] },
    sendWebViewDetach: { in: [pluginId, webViewId], out: [] },
  },
  signals: { webViewMessageReceived: webViewMessage },
} as const satisfies InterfaceShape;

export type PluginManagerHandlers = HandlersOf<typeof pluginManagerInterface>;

/** The signature of arguments or of an answer: their types in a row. */
export function signatureOf(args: readonly Argument[]): string {
  return args.map(([, type]) => type).join('');
}
