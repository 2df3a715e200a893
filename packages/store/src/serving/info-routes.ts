import type { StoreInfo } from '@jami-plugin-store/contract';
import type { RevocationMode, TrustAnchor } from '@jami-plugin-store/trust';
import { askedPlugin } from './jami-routes.js';
import type { PreparedAnswers } from './prepared-answers.js';
import { sendPrepared } from './send.js';
import type { ServedRoute } from './server.js';

export interface InfoRoutesOptions {
  readonly name: string;
  readonly anchors: readonly TrustAnchor[];
  readonly revocation: RevocationMode;
  readonly answers: PreparedAnswers;
}

/** `/v1/store` and `/v1/plugins/:id`: what a client needs to know before it installs. */
export function infoRoutes(options: InfoRoutesOptions): ServedRoute[] {
  const { answers } = options;
  const fixed = fixedInfoOf(options);
  return [
    {
      path: '/v1/store',
      handle: async (request, reply) => sendPrepared(request, reply, await answers.info(fixed)),
    },
    {
      path: '/v1/plugins/:id',
      handle: async (request, reply) =>
        sendPrepared(request, reply, await answers.facts(askedPlugin(request))),
    },
  ];
}

function fixedInfoOf({ name, anchors, revocation }: InfoRoutesOptions): Omit<StoreInfo, 'plugins'> {
  return {
    name,
    api: ['v1'],
    roots: anchors.map(({ certificate }) => ({
      subject: certificate.subject.text,
      sha256: certificate.fingerprint,
      notAfter: certificate.notAfter.toISOString(),
    })),
    revocation,
  };
}
