import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  DaemonEvent,
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
import { Type } from 'typebox';
import type { Daemon } from '../daemon.js';
import type { EventStreams } from './event-stream.js';
import { headAsSent } from './head-as-sent.js';
import { managingRoutesOf } from './managing-routes.js';
import { watchingRoutesOf } from './watching-routes.js';

const eventStreamSchema = {
  summary: 'Server-sent events: every change of state, the JSON of one event as the data of each',
  headers: Type.Object({ 'last-event-id': Type.Optional(Type.String()) }),
  response: { 200: { content: { 'text/event-stream': { schema: DaemonEvent } } } },
};

/** The routes of docs/interfaces.md, "HTTP API of the daemon". */
export function daemonRoutesOf(daemon: Daemon, streams: EventStreams): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      daemonRoutes.info,
      { schema: { summary: 'The daemon and its rules of trust', response: { 200: DaemonInfo } } },
      async () => daemon.info,
    );

    app.get(
      daemonRoutes.plugins,
      {
        schema: {
          summary: 'What is installed',
          querystring: LanguageQuery,
          response: { 200: InstalledPlugins },
        },
      },
      (request) => daemon.list(request.query.lang),
    );

    app.get(
      `${daemonRoutes.plugins}/:id`,
      {
        schema: {
          summary: 'One plugin',
          params: PluginParams,
          querystring: LanguageQuery,
          response: { 200: PluginDetails },
        },
      },
      (request) => daemon.details(request.params.id, request.query.lang),
    );

    app.post(
      daemonRoutes.plugins,
      {
        schema: {
          summary: 'Verifies and installs; answers when it is done',
          body: InstallRequest,
          response: { 200: InstallReport },
        },
      },
      async (request) => {
        // A caller that hangs up does not undo what it asked for: the outcome goes out as an event, too.
        const { job, id, version, path, from, publisher, sha256 } = await daemon.install({
          ...request.body,
          asSent: headAsSent(request.raw),
        });
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
      { schema: { summary: 'Uninstalls', params: PluginParams, response: { 200: UninstallReport } } },
      async (request) => {
        const { id, version } = await daemon.uninstall(request.params.id);
        return { uninstalled: true as const, id, version: version ?? null, resultCode: 0 };
      },
    );

    await app.register(watchingRoutesOf(daemon));
    await app.register(managingRoutesOf(daemon));

    app.get(daemonRoutes.events, { schema: eventStreamSchema }, (request, reply) => {
      streams.open(reply.raw, request.headers['last-event-id']);
      reply.hijack();
    });
  };
}
