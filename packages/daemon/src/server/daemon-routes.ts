import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DaemonInfo,
  daemonRoutes,
  InstalledPlugins,
  InstallReport,
  InstallRequest,
  LanguageQuery,
  PluginDetails,
  PluginParams,
  UninstallReport,
} from '@jami-plugin-store/contract';
import type { Daemon } from '../daemon.js';
import type { EventStreams } from './event-stream.js';

/** The routes of docs/interfaces.md, "HTTP API of the daemon". */
export function daemonRoutesOf(daemon: Daemon, streams: EventStreams): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(daemonRoutes.info, { schema: { response: { 200: DaemonInfo } } }, async () => daemon.info);

    app.get(
      daemonRoutes.plugins,
      { schema: { querystring: LanguageQuery, response: { 200: InstalledPlugins } } },
      (request) => daemon.list(request.query.lang),
    );

    app.get(
      `${daemonRoutes.plugins}/:id`,
      { schema: { params: PluginParams, querystring: LanguageQuery, response: { 200: PluginDetails } } },
      (request) => daemon.details(request.params.id, request.query.lang),
    );

    app.post(
      daemonRoutes.plugins,
      { schema: { body: InstallRequest, response: { 200: InstallReport } } },
      async (request) => {
        // A caller that hangs up does not undo what it asked for: the outcome goes out as an event, too.
        const { job, id, version, path, from, publisher, sha256 } = await daemon.install(request.body);
        const what = from === null ? 'is installed' : `replaces ${from}`;
        const message = `${id} ${version} ${what}.`;
        const installed = true as const;
        return {
          installed,
          id,
          version,
          code: null,
          message,
          resultCode: 0,
          path,
          from,
          publisher,
          sha256,
          job,
        };
      },
    );

    app.delete(
      `${daemonRoutes.plugins}/:id`,
      { schema: { params: PluginParams, response: { 200: UninstallReport } } },
      async (request) => {
        const { id, version } = await daemon.uninstall(request.params.id);
        return { uninstalled: true as const, id, version: version ?? null, resultCode: 0 };
      },
    );

    app.get(daemonRoutes.events, (request, reply) => {
      const lastEventId = request.headers['last-event-id'];
      streams.open(reply.raw, typeof lastEventId === 'string' ? lastEventId : undefined);
      reply.hijack();
    });
  };
}
