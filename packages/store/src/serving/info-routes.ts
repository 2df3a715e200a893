import type { StoreInfo } from '@jami-plugin-store/contract';
import type { RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import type { Catalog } from '../catalog/catalog.js';
import { askedPlugin } from './jami-routes.js';
import type { PreparedAnswers } from './prepared-answers.js';
import { prepareBody } from './prepared-body.js';
import { sendPrepared } from './send.js';
import type { ServedRoute } from './server.js';

export interface InfoRoutesOptions {
  readonly name: string;
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
  readonly catalog: Catalog;
  readonly answers: PreparedAnswers;
  readonly clock: () => Date;
}

/** `/v1/store` and `/v1/plugins/:id`: what a client needs to know before it installs. */
export function infoRoutes(options: InfoRoutesOptions): ServedRoute[] {
  return [
    {
      path: '/v1/store',
      handle: async (request, reply) => {
        const body = Buffer.from(JSON.stringify(infoOf(options)));
        return sendPrepared(request, reply, await prepareBody(body, 'application/json; charset=utf-8'));
      },
    },
    {
      path: '/v1/plugins/:id',
      handle: async (request, reply) =>
        sendPrepared(request, reply, await options.answers.facts(askedPlugin(request))),
    },
  ];
}

function infoOf({ name, anchors, revocation, catalog, clock }: InfoRoutesOptions): StoreInfo {
  return {
    name,
    api: ['v1'],
    roots: anchors.map(({ certificate }) => ({
      subject: certificate.subject.text,
      sha256: certificate.fingerprint,
      notAfter: certificate.notAfter.toISOString(),
    })),
    revocation,
    plugins: catalog.count(clock().getTime()),
  };
}
