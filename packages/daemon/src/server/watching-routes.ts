import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  AccountList,
  ActivityQuery,
  ActivityReport,
  AdoptReport,
  CheckReport,
  daemonRoutes,
  InstallTrace,
  InstallTraces,
  PluginParams,
  RollbackReport,
  TraceParams,
} from '@jami-plugin-store/contract';
import type { Daemon } from '../daemon.js';

const defaultLimit = 100;
const plugin = `${daemonRoutes.plugins}/:id`;

/** What was installed, and what became of it since. */
export function watchingRoutesOf(daemon: Daemon): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      `${plugin}/rollback`,
      {
        schema: {
          summary: 'Goes back to the version kept',
          params: PluginParams,
          response: { 200: RollbackReport },
        },
      },
      async (request) => ({ ...(await daemon.rollback(request.params.id)), resultCode: 0 }),
    );

    app.post(
      `${plugin}/adopt`,
      {
        schema: {
          summary: 'Adopts a folder that another program left',
          params: PluginParams,
          response: { 200: AdoptReport },
        },
      },
      async (request) => ({ ...(await daemon.adopt(request.params.id)), resultCode: 0 }),
    );

    app.post(
      `${plugin}/check`,
      {
        schema: {
          summary: 'Verifies the installed files and asks about revocation again',
          params: PluginParams,
          response: { 200: CheckReport },
        },
      },
      (request) => daemon.check(request.params.id),
    );

    app.get(
      daemonRoutes.activity,
      {
        schema: {
          summary: 'The activity log',
          querystring: ActivityQuery,
          response: { 200: ActivityReport },
        },
      },
      async (request) => {
        const { after, limit } = request.query;
        return daemon.activity(
          after === undefined ? undefined : Number(after),
          Number(limit ?? defaultLimit),
        );
      },
    );

    app.get(
      daemonRoutes.accounts,
      { schema: { summary: 'Accounts with a folder here', response: { 200: AccountList } } },
      async () => ({ accounts: await daemon.accounts() }),
    );

    app.get(
      daemonRoutes.traces,
      { schema: { summary: 'The last installs', response: { 200: InstallTraces } } },
      async () => ({ traces: daemon.traces() }),
    );

    app.get(
      `${daemonRoutes.traces}/:job`,
      {
        schema: {
          summary: 'What was said and done during one install',
          params: TraceParams,
          response: { 200: InstallTrace },
        },
      },
      async (request) => daemon.trace(request.params.job),
    );
  };
}
