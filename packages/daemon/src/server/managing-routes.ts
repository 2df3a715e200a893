import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DaemonSettings,
  daemonRoutes,
  LoadReport,
  managingRoutes,
  PluginParams,
  PluginPreferences,
  PreferencesChange,
  PreferencesQuery,
  SettingsChange,
  UnloadAllReport,
} from '@jami-plugin-store/contract';
import type { Daemon } from '../daemon.js';

const plugin = `${daemonRoutes.plugins}/:id`;

/** What users do with installed plugins. */
export function managingRoutesOf(daemon: Daemon): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      managingRoutes.settings,
      { schema: { summary: 'What holds for all plugins', response: { 200: DaemonSettings } } },
      () => daemon.settings(),
    );

    app.patch(
      managingRoutes.settings,
      {
        schema: {
          summary: 'Enables or disables all plugins, sets the language',
          body: SettingsChange,
          response: { 200: DaemonSettings },
        },
      },
      (request) => daemon.changeSettings(request.body),
    );

    app.post(
      managingRoutes.unloadAll,
      { schema: { summary: 'Unloads and forgets every plugin', response: { 200: UnloadAllReport } } },
      () => daemon.unloadAll(),
    );

    app.post(
      `${plugin}/load`,
      { schema: { summary: 'Loads a library', params: PluginParams, response: { 200: LoadReport } } },
      (request) => daemon.load(request.params.id),
    );

    app.post(
      `${plugin}/unload`,
      { schema: { summary: 'Unloads a library', params: PluginParams, response: { 200: LoadReport } } },
      (request) => daemon.unload(request.params.id),
    );

    app.get(
      `${plugin}/preferences`,
      {
        schema: {
          summary: 'Preferences, their values and their texts',
          params: PluginParams,
          querystring: PreferencesQuery,
          response: { 200: PluginPreferences },
        },
      },
      (request) => daemon.preferences(request.params.id, request.query.account, request.query.lang),
    );

    app.patch(
      `${plugin}/preferences`,
      {
        schema: {
          summary: 'Sets preferences',
          params: PluginParams,
          body: PreferencesChange,
          response: { 200: PluginPreferences },
        },
      },
      (request) => daemon.setPreferences(request.params.id, request.body),
    );

    app.delete(
      `${plugin}/preferences`,
      {
        schema: {
          summary: 'Forgets what was set',
          params: PluginParams,
          querystring: PreferencesQuery,
          response: { 200: PluginPreferences },
        },
      },
      (request) => daemon.resetPreferences(request.params.id, request.query.account),
    );

    app.post(
      `${plugin}/toggle-handler`,
      { schema: { summary: 'Not supported: there is no call and no chat', params: PluginParams } },
      (request) => daemon.toggleHandler(request.params.id),
    );

    app.post(
      `${plugin}/web-view`,
      { schema: { summary: 'Not supported: there is no running client', params: PluginParams } },
      (request) => daemon.webView(request.params.id),
    );
  };
}
