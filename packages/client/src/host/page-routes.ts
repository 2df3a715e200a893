import { Readable } from 'node:stream';
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  ActivityQuery,
  ApplicationAction,
  PageAction,
  PageActionRequest,
  PageCatalogQuery,
  PagePackageQuery,
  PagePreferencesChange,
  PageSettingsChange,
  pageRoutes,
  SessionRequest,
  type TraceList,
  UpdatePolicyChange,
} from '@jami-plugin-store/contract';
import { Type } from 'typebox';
import { ClientError } from '../error.js';
import type { PageModel } from '../page/page-model.js';
import { machineView } from '../plugin/plugin-machine-view.js';
import { assertId } from '../store/store-api.js';
import type { TraceHead } from '../traces/trace-book.js';
import type { EventStreams } from './event-stream.js';
import type { PluginImages } from './image-route.js';
import type { PackageIntake } from './package-intake.js';
import type { PageSessions } from './page-session.js';

export interface PageRoutesMeans {
  model: PageModel;
  sessions: PageSessions;
  streams: EventStreams;
  images: PluginImages;
  intake: PackageIntake;
}

const PluginParams = Type.Object({
  store: Type.String({ minLength: 1, maxLength: 64 }),
  id: Type.String({ minLength: 1, maxLength: 64 }),
});
const AccountQuery = Type.Object(
  { account: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })) },
  { additionalProperties: false },
);
const plugin = '/page/plugins/:store/:id';

/** What the user's page asks; each answer is of `contract`'s page API. */
export function pageRoutesOf(means: PageRoutesMeans): FastifyPluginAsyncTypebox {
  const { model, sessions, streams, images, intake } = means;
  const { client } = model;
  const { daemon } = client.mirror;
  const placeOf = ({ store, id }: { store: string; id: string }) => {
    assertId(id);
    return model.place(store, id);
  };

  return async (app) => {
    app.post(pageRoutes.session, { schema: { body: SessionRequest } }, async (request, reply) => {
      const cookie = sessions.redeem(request.body.code);
      if (cookie === undefined)
        throw new ClientError(
          'CODE_REFUSED',
          'This address was used already, or is too old: ask for a new one',
        );
      return reply.header('set-cookie', cookie).code(204).send();
    });
    app.delete(pageRoutes.session, async (request, reply) =>
      reply.header('set-cookie', sessions.end(request.headers.cookie)).code(204).send(),
    );

    app.get(pageRoutes.state, async () => {
      await model.reload();
      return model.state();
    });
    app.get(pageRoutes.events, async (_request, reply) => {
      streams.open(reply.raw);
      reply.hijack();
    });
    app.get(pageRoutes.catalog, { schema: { querystring: PageCatalogQuery } }, async (request) =>
      model.catalog(request.query),
    );

    app.get(plugin, { schema: { params: PluginParams } }, async (request) =>
      model.page(placeOf(request.params), client.signal),
    );
    app.post(
      `${plugin}/:action`,
      {
        schema: {
          params: Type.Object({ ...PluginParams.properties, action: PageAction }),
          body: PageActionRequest,
        },
        // An action without anything to say about it needs no body.
        preValidation: async (request) => {
          request.body ??= {};
        },
      },
      async (request) => model.act(placeOf(request.params), request.params.action, request.body),
    );
    app.patch(
      `${plugin}/policy`,
      { schema: { params: PluginParams, body: UpdatePolicyChange } },
      async (request) => model.changePolicy(placeOf(request.params), request.body),
    );
    for (const which of ['icon', 'background'] as const) {
      app.get(`${plugin}/${which}`, { schema: { params: PluginParams } }, async (request, reply) =>
        images.send(request, reply, placeOf(request.params), which),
      );
    }

    const preferences = '/page/preferences/:id';
    const params = Type.Pick(PluginParams, ['id']);
    app.get(preferences, { schema: { params, querystring: AccountQuery } }, async (request) => {
      const { account } = request.query;
      return daemon.preferences(idOf(request.params), {
        account,
        language: client.language,
        signal: client.signal,
      });
    });
    app.patch(preferences, { schema: { params, body: PagePreferencesChange } }, async (request) =>
      daemon.setPreferences(idOf(request.params), request.body, { signal: client.signal }),
    );
    app.delete(preferences, { schema: { params, querystring: AccountQuery } }, async (request) => {
      const { account } = request.query;
      return daemon.resetPreferences(idOf(request.params), { account, signal: client.signal });
    });

    app.patch(pageRoutes.settings, { schema: { body: PageSettingsChange } }, async (request) =>
      model.changeSettings(request.body),
    );
    app.post(pageRoutes.check, async () => model.check());
    app.get(pageRoutes.updates, async () => client.updates.report());
    app.post(pageRoutes.unloadAll, async () => daemon.unloadAll({ signal: client.signal }));
    app.put(pageRoutes.packages, { schema: { querystring: PagePackageQuery } }, async (request) => {
      const { body } = request;
      if (body === undefined || body === null) throw new ClientError('PACKAGE_EMPTY', 'The file is empty');
      if (!(body instanceof Readable))
        throw new ClientError('MEDIA_TYPE_UNSUPPORTED', 'A package is sent as application/octet-stream');
      return intake.take(body, request.query);
    });
    app.get(pageRoutes.activity, { schema: { querystring: ActivityQuery } }, async (request) => {
      const { after, limit } = request.query;
      return daemon.activity({
        ...(after === undefined ? {} : { after: Number(after) }),
        ...(limit === undefined ? {} : { limit: Number(limit) }),
        signal: client.signal,
      });
    });

    app.get(pageRoutes.traces, async () => traceList(await client.traces.heads(daemon, client.signal)));
    app.get(
      '/page/traces/:job',
      { schema: { params: Type.Object({ job: Type.String({ pattern: '^[A-Za-z0-9-]{1,64}$' }) }) } },
      async (request) => {
        const trace = await client.traces.read(request.params.job, daemon, client.signal);
        if (trace === undefined)
          throw new ClientError(
            'TRACE_NOT_FOUND',
            'Nothing was recorded of this install, or it was long ago',
          );
        return trace;
      },
    );
    app.get(pageRoutes.application, async () => model.shell().application);
    app.post(
      '/page/application/:action',
      { schema: { params: Type.Object({ action: ApplicationAction }) } },
      async (request) => model.actOnApplication(request.params.action),
    );
    app.get(pageRoutes.machine, async () => machineView());
  };
}

function idOf({ id }: { id: string }): string {
  assertId(id);
  return id;
}

function traceList(traces: readonly TraceHead[]): TraceList {
  return {
    traces: traces.map(({ job, plugin: id, version, startedAt, code, downloadBroke }) => ({
      job,
      plugin: id,
      version,
      startedAt,
      ...(code === undefined ? {} : { code }),
      downloadBroke,
    })),
  };
}
