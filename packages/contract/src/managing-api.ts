import { type Static, Type } from 'typebox';

/** Texts by any key: a record's pattern would not match a key with a line break. */
const Texts = Type.Unsafe<Record<string, string>>({
  type: 'object',
  additionalProperties: { type: 'string' },
});

const plugin = (id: string) => `/v1/plugins/${encodeURIComponent(id)}`;

/** Paths of the daemon's local HTTP API that manage what is installed. */
export const managingRoutes = {
  settings: '/v1/settings',
  unloadAll: '/v1/unload-all',
  load: (id: string) => `${plugin(id)}/load`,
  unload: (id: string) => `${plugin(id)}/unload`,
  preferences: (id: string) => `${plugin(id)}/preferences`,
  toggleHandler: (id: string) => `${plugin(id)}/toggle-handler`,
  webView: (id: string) => `${plugin(id)}/web-view`,
} as const;

export const LoadState = Type.Enum(['unloaded', 'loading', 'loaded', 'unloading', 'load-failed', 'crashed']);
export type LoadState = Static<typeof LoadState>;

/** What a plugin's library handed to its host; the host never looks behind the id. */
export const LoadedComponent = Type.Object({
  /** Name of the component's manager, e.g. `ChatHandlerManager`. */
  manager: Type.String(),
  /** The library's pointer, in decimal as Jami writes it; unique within the plugin. */
  id: Type.String(),
});
export type LoadedComponent = Static<typeof LoadedComponent>;

/** Whether a plugin's library runs, in a process of its own, and what became of it. */
export const PluginLoad = Type.Object({
  state: LoadState,
  /** Loaded again when the daemon starts. */
  remembered: Type.Boolean(),
  /** With `load-failed` and `crashed`: the exact reason in UPPER_SNAKE_CASE, and a sentence. */
  code: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
  /** What ended its process, where a signal or an exit code did. */
  signal: Type.Optional(Type.String()),
  exitCode: Type.Optional(Type.Integer()),
  /** Of its process, while there is one. */
  pid: Type.Optional(Type.Integer({ minimum: 1 })),
  components: Type.Array(LoadedComponent),
  /** Types it registered object factories for. */
  factories: Type.Array(Type.String()),
  /** Services it asked for; all are refused, for they would need C++ objects. */
  refusedServices: Type.Array(Type.String()),
});
export type PluginLoad = Static<typeof PluginLoad>;

/** Answer of `POST /v1/plugins/:id/load` and `/unload`. */
export const LoadReport = Type.Object({ id: Type.String(), load: PluginLoad });
export type LoadReport = Static<typeof LoadReport>;

/** Answer of `POST /v1/unload-all`: no plugin is loaded, none is remembered. */
export const UnloadAllReport = Type.Object({ unloaded: Type.Array(Type.String()) });
export type UnloadAllReport = Static<typeof UnloadAllReport>;

/** A language tag, or an Accept-Language list. */
export const LanguageList = Type.String({ pattern: '^[A-Za-z0-9*.,;= _-]{1,128}$' });

/** `GET /v1/settings` */
export const DaemonSettings = Type.Object({
  /** Whether plugins may be loaded at all. */
  pluginsEnabled: Type.Boolean(),
  /** In which texts are told where a call names no language. */
  language: Type.String(),
});
export type DaemonSettings = Static<typeof DaemonSettings>;

/** Body of `PATCH /v1/settings`; a language of null is the one the daemon was started with. */
export const SettingsChange = Type.Object(
  {
    pluginsEnabled: Type.Optional(Type.Boolean()),
    language: Type.Optional(Type.Union([LanguageList, Type.Null()])),
  },
  { additionalProperties: false },
);
export type SettingsChange = Static<typeof SettingsChange>;

/** Jami's account ids, as far as they may become a part of a path. */
export const AccountId = Type.String({ pattern: '^[A-Za-z0-9]{1,64}$' });

export const PreferenceScope = Type.Enum(['global', 'account']);
export type PreferenceScope = Static<typeof PreferenceScope>;

/** One preference: its definition as Jami hands it over, every field a text, and its value. */
export const PluginPreference = Type.Object({
  scope: PreferenceScope,
  type: Type.String(),
  key: Type.String(),
  /** `type` and `key` included; texts translated, lists comma-joined, a path's default absolute. */
  fields: Texts,
  /** Its value before anybody set one; empty where the plugin names none. */
  defaultValue: Type.String(),
  /** Its value now: default, then global, then the account's. */
  value: Type.String(),
});
export type PluginPreference = Static<typeof PluginPreference>;

/** `GET /v1/plugins/:id/preferences?account=&lang=` */
export const PluginPreferences = Type.Object({
  id: Type.String(),
  account: Type.Union([Type.String(), Type.Null()]),
  language: Type.String(),
  /** First the global ones, then those of accounts. */
  preferences: Type.Array(PluginPreference),
  /** Every effective value by key, those of keys the plugin does not define any more included. */
  values: Texts,
  /** What could not be read; its defaults are told instead. */
  problems: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
});
export type PluginPreferences = Static<typeof PluginPreferences>;

export const PreferencesQuery = Type.Object(
  {
    account: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    lang: Type.Optional(Type.String({ minLength: 1, maxLength: 128 })),
  },
  { additionalProperties: false },
);

/** Body of `PATCH /v1/plugins/:id/preferences`: all values are checked before one is stored. */
export const PreferencesChange = Type.Object(
  {
    account: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    values: Type.Unsafe<Record<string, string>>({
      type: 'object',
      propertyNames: { minLength: 1, maxLength: 1024 },
      additionalProperties: { type: 'string', maxLength: 16_384 },
      minProperties: 1,
      maxProperties: 256,
    }),
  },
  { additionalProperties: false },
);
export type PreferencesChange = Static<typeof PreferencesChange>;

/** The parts of an event that tell of managing; `daemon-api` adds its number and time. */
export const loadChangedFact = { type: Type.Literal('load'), plugin: Type.String(), load: PluginLoad };
export const settingsChangedFact = { type: Type.Literal('settings'), settings: DaemonSettings };
export const preferencesChangedFact = {
  type: Type.Literal('preferences'),
  plugin: Type.String(),
  /** Null: the values of all accounts. */
  account: Type.Union([Type.String(), Type.Null()]),
  keys: Type.Array(Type.String()),
};
